// Tracks over one axis of time, drawn for the part of it that is in sight: heat maps, arrows, bars, words.
import { shareOf } from './decades';
import { drawFlow, drawLinks } from './flow';
import { level, NAN_LEVEL } from './palette';
import {
  inSight,
  type Axis,
  type Band,
  type Bars,
  type Heat,
  type Ink,
  type Sight,
  type Track,
  type Words,
} from './tracks';

type Context = CanvasRenderingContext2D;

/** Words may stand so much narrower than they are. */
const SQUEEZE = 1.2;
/** The narrowest step whose word can be read. */
const LEGIBLE = 8;
/** A dash of a cut and the gap after it. */
const DASH = 8;

/** All tracks from top to bottom, and the cursor through them. */
export function drawStrip(
  context: Context,
  tracks: readonly Track[],
  sight: Sight,
  ink: Ink,
): void {
  const height = tracks.reduce((sum, one) => sum + one.height, 0);
  context.clearRect(0, 0, sight.width, height);
  let top = 0;
  for (const track of tracks) {
    context.save();
    context.translate(0, top);
    context.beginPath();
    context.rect(0, 0, sight.width, track.height);
    context.clip();
    draw(context, track, sight, ink);
    context.restore();
    top += track.height;
  }
  drawCuts(context, tracks, sight, ink);
  if (sight.cursor === null) return;
  const x = sight.cursor * sight.cell - sight.left;
  context.strokeStyle = ink.text;
  context.lineWidth = 1;
  context.strokeRect(Math.round(x) - 0.5, 0.5, Math.max(2, Math.round(sight.cell)) + 1, height - 1);
}

function draw(context: Context, track: Track, sight: Sight, ink: Ink): void {
  switch (track.kind) {
    case 'heat':
    case 'band':
      return sheet(context, track, sight, ink);
    case 'flow':
      return drawFlow(context, track, sight, ink);
    case 'links':
      return drawLinks(context, track, sight, ink);
    case 'bars':
      return bars(context, track, sight, ink);
    case 'words':
      return words(context, track, sight, ink);
    case 'axis':
      return axis(context, track, sight, ink);
  }
}

/** Pictures of whole tracks, one pixel a number: made once, shown in part. */
const sheets = new WeakMap<object, { colours: Uint32Array; canvas: HTMLCanvasElement }>();

function sheetOf(track: Heat | Band, steps: number, ink: Ink): HTMLCanvasElement {
  const colours = track.kind === 'heat' ? ink.diverging : ink.sequential;
  const known = sheets.get(track);
  if (known?.colours === colours) return known.canvas;
  const canvas = document.createElement('canvas');
  // More units than pixels: their mean, so that none is left out.
  const rows = track.kind === 'heat' ? Math.min(track.units, Math.ceil(track.height)) : 1;
  canvas.width = Math.max(1, steps);
  canvas.height = Math.max(1, rows);
  const image = new ImageData(canvas.width, canvas.height);
  const pixels = new Uint32Array(image.data.buffer);
  for (let row = 0; row < rows; row++) {
    for (let step = 0; step < steps; step++) {
      pixels[(rows - 1 - row) * steps + step] = pixelOf(track, step, row, rows, colours);
    }
  }
  canvas.getContext('2d')?.putImageData(image, 0, 0);
  sheets.set(track, { colours, canvas });
  return canvas;
}

/** The mean of the units that share a row of pixels. */
function meanOf(track: Heat, step: number, row: number, rows: number): number {
  const from = Math.floor((row * track.units) / rows);
  const to = Math.max(from + 1, Math.floor(((row + 1) * track.units) / rows));
  let sum = 0;
  for (let unit = from; unit < to; unit++) sum += track.values[step * track.units + unit] ?? NaN;
  return sum / (to - from);
}

function pixelOf(
  track: Heat | Band,
  step: number,
  row: number,
  rows: number,
  colours: Uint32Array,
): number {
  if (track.kind === 'heat') {
    return colours[level(meanOf(track, step, row, rows), track.limit)] ?? 0;
  }
  const value = track.values[step] ?? NaN;
  if (Number.isNaN(value)) return colours[NAN_LEVEL] ?? 0;
  const share = shareOf(value, track.range);
  return share === null ? 0 : (colours[Math.round(share * 254)] ?? 0);
}

function sheet(context: Context, track: Heat | Band, sight: Sight, ink: Ink): void {
  const [first, end] = inSight(sight);
  if (end <= first) return;
  const whole = sheetOf(track, sight.steps, ink);
  const [x, width] = [first * sight.cell - sight.left, (end - first) * sight.cell];
  context.imageSmoothingEnabled = false;
  context.drawImage(whole, first, 0, end - first, whole.height, x, 1, width, track.height - 2);
  if (sight.cell < 9) return;
  context.fillStyle = ink.surface;
  for (let step = first; step <= end; step++) {
    context.fillRect(step * sight.cell - sight.left - 0.5, 0, 1, track.height);
  }
}

function bars(context: Context, track: Bars, sight: Sight, ink: Ink): void {
  const [first, end] = inSight(sight);
  const room = track.height - 6;
  const wide = Math.max(1, sight.cell - (sight.cell > 5 ? 2 : 0));
  context.fillStyle = ink.line;
  context.fillRect(0, track.height - 1, sight.width, 1);
  for (let step = first; step < end; step++) {
    const value = track.values[step] ?? 0;
    const size = Number.isFinite(value) ? (track.most > 0 ? value / track.most : 0) * room : room;
    context.fillStyle = step === track.chosen ? ink.accent : ink.bars;
    const x = step * sight.cell - sight.left + (sight.cell - wide) / 2;
    context.fillRect(x, track.height - 1 - size, wide, Math.max(size, value > 0 ? 0.75 : 0));
  }
}

/** A word as it fits into a step: squeezed a little, else cut short. */
export function fitted(word: string, room: number, wide: (text: string) => number): string {
  const most = room * SQUEEZE;
  if (wide(word) <= most) return word;
  const letters = [...word];
  while (letters.length > 1 && wide(`${letters.join('')}…`) > most) letters.pop();
  return `${letters.join('')}…`;
}

function words(context: Context, track: Words, sight: Sight, ink: Ink): void {
  if (sight.cell < LEGIBLE) return;
  const [first, end] = inSight(sight);
  const room = sight.cell - 2;
  context.fillStyle = ink.text;
  context.font = `12px ${ink.font}`;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  for (let step = first; step < end; step++) {
    const x = (step + 0.5) * sight.cell - sight.left;
    const word = fitted(track.words[step] ?? '', room, (text) => context.measureText(text).width);
    context.fillText(word, x, track.height / 2, room);
  }
}

/** Steps at which to write a number: round ones, far enough apart. */
export function strideOf(cell: number, steps: number): number {
  const room = Math.max(1, (String(steps).length * 8 + 14) / cell);
  const power = 10 ** Math.floor(Math.log10(room));
  return [1, 2, 5, 10].map((by) => by * power).find((stride) => stride >= room) ?? 10 * power;
}

function axis(context: Context, track: Axis, sight: Sight, ink: Ink): void {
  const [first, end] = inSight(sight);
  const stride = Math.max(1, strideOf(sight.cell, sight.steps));
  context.fillStyle = ink.muted;
  context.font = `11px ${ink.font}`;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  for (let step = first - (first % stride); step < end; step += stride) {
    const half = String(step).length * 3.5;
    const x = Math.max(half, (step + 0.5) * sight.cell - sight.left);
    context.fillText(String(step), x, track.height / 2);
  }
}

/** Where truncation acts, at the left edge of a step: a dashed line through all; what flows forward comes in
    over it, what flows backward ends at it. */
function drawCuts(context: Context, tracks: readonly Track[], sight: Sight, ink: Ink): void {
  const [first, end] = inSight(sight);
  const cuts = tracks.flatMap((track) => (track.kind === 'axis' ? track.cuts : []));
  context.fillStyle = ink.accent;
  for (const cut of cuts.filter((step) => step >= first && step < end)) {
    const x = Math.round(cut * sight.cell - sight.left);
    let top = 0;
    for (const { kind, height, ...track } of tracks) {
      for (let y = 0; y < height; y += DASH) {
        context.fillRect(x, top + y, 2, Math.min(DASH - 3, height - y));
      }
      if (kind === 'flow') drawEnd(context, x, top, height, 'way' in track ? track.way : 1);
      top += height;
    }
  }
}

function drawEnd(context: Context, x: number, top: number, height: number, way: 1 | -1): void {
  if (way === -1) return context.fillRect(x, top + 1, 5, height - 2);
  const half = Math.min(6, height / 2 - 1);
  context.beginPath();
  context.moveTo(x, top + height / 2 - half);
  context.lineTo(x + half * 1.5, top + height / 2);
  context.lineTo(x, top + height / 2 + half);
  context.fill();
}
