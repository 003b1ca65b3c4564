// The two palettes of the page: diverging (blue, neutral, orange) for signed values everywhere, sequential for
// unsigned ones. As tables of 32-bit pixels, ready for ImageData.
import { interpolateLab } from 'd3-interpolate';

export type Theme = 'light' | 'dark';

/** Stops from −1 to +1: the same colours as --neg … --pos of styles/tokens.css (a test compares them). */
export const DIVERGING: Record<Theme, readonly [string, string, string, string, string]> = {
  light: ['#2166ac', '#8ab0d4', '#f2f1ef', '#eaa876', '#d65f0a'],
  dark: ['#2f7cc7', '#2a4d70', '#242931', '#80471c', '#e06b12'],
};
const SEQUENTIAL: Record<Theme, readonly string[]> = {
  light: ['#f2f1ef', '#a9a5c4', '#2f2550'],
  dark: ['#242931', '#6e68a0', '#e6e1ff'],
};
/** Not a number: neither sign, and impossible to overlook. */
const NAN: Record<Theme, string> = { light: '#b5179e', dark: '#f15bd0' };

export const LEVELS = 255;
export const NAN_LEVEL = 255;
const MIDDLE = (LEVELS - 1) / 2;

/** Pixels in memory order RGBA on a little-endian machine, which every browser runs on. */
function pixel(colour: string): number {
  const [r = 0, g = 0, b = 0] = channels(colour);
  return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
}

function channels(colour: string): number[] {
  if (colour.startsWith('#')) return [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
  return (colour.match(/[\d.]+/g) ?? []).slice(0, 3).map((part) => Math.round(Number(part)));
}

/** How bright a channel is to the eye (WCAG 2). */
function linear(channel: number): number {
  const share = channel / 255;
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
}

/** Dark or light, whichever contrasts more with this; they meet at 4.5 : 1. */
export function ink(background: string): string {
  const [r = 0, g = 0, b = 0] = channels(background);
  const bright = 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  return bright > 0.179 ? '#000000' : '#ffffff';
}

function ramp(stops: readonly string[], at: number): string {
  const place = Math.min(Math.max(at, 0), 1) * (stops.length - 1);
  const left = Math.min(Math.floor(place), stops.length - 2);
  return interpolateLab(stops[left] ?? '', stops[left + 1] ?? '')(place - left);
}

function table(stops: readonly string[], nan: string): Uint32Array {
  const pixels = new Uint32Array(LEVELS + 1);
  for (let level = 0; level < LEVELS; level++) {
    pixels[level] = pixel(ramp(stops, level / (LEVELS - 1)));
  }
  pixels[NAN_LEVEL] = pixel(nan);
  return pixels;
}

const tables = new Map<string, Uint32Array>();

function cached(kind: 'diverging' | 'sequential', theme: Theme): Uint32Array {
  const key = `${kind} ${theme}`;
  const known = tables.get(key);
  if (known) return known;
  const stops = kind === 'diverging' ? DIVERGING[theme] : SEQUENTIAL[theme];
  const made = table(stops, NAN[theme]);
  tables.set(key, made);
  return made;
}

export function diverging(theme: Theme): Uint32Array {
  return cached('diverging', theme);
}

export function sequential(theme: Theme): Uint32Array {
  return cached('sequential', theme);
}

/** Level of a signed value for a symmetric range ±limit; 127 is zero. */
export function level(value: number, limit: number): number {
  if (Number.isNaN(value)) return NAN_LEVEL;
  const share = limit > 0 ? value / limit : Math.sign(value);
  return Math.round(MIDDLE + MIDDLE * Math.min(Math.max(share, -1), 1));
}

/** CSS colour of a signed value. */
export function colour(value: number, limit: number, theme: Theme): string {
  const word = diverging(theme)[level(value, limit)] ?? 0;
  return `rgb(${word & 255} ${(word >> 8) & 255} ${(word >> 16) & 255})`;
}
