// The contrast of every colour, and that both themes have the same tokens.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const css = readFileSync('static/src/styles/tokens.css', 'utf8');

function block(after: string): Record<string, string> {
  const start = css.indexOf('{', css.indexOf(after)) + 1;
  const body = css.slice(start, css.indexOf('}', start));
  const pairs = [...body.matchAll(/(--[\w-]+):\s*([^;]+);/g)];
  return Object.fromEntries(pairs.map(([, name = '', value = '']) => [name, value]));
}

const light = block("[data-theme='light']");
const dark = block("[data-theme='dark'] {");
const system = block(':root:not([data-theme])');

function luminance(hex: string): number {
  const channels = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255);
  const [r = 0, g = 0, b = 0] = channels.map((c) =>
    c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4,
  );
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a = '', b = ''): number {
  const [low = 0, high = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

const TEXT = ['text', 'muted', 'accent', 'good', 'warn', 'bad', 'neg-text', 'pos-text'];
const GROUND = ['bg', 'surface', 'raised', 'sunken', 'hover'];
const PAIRS: [string, string][] = [
  ...TEXT.flatMap((text) => GROUND.map((ground): [string, string] => [text, ground])),
  ['on-accent', 'accent'],
  ['on-accent', 'accent-hover'],
  ['accent', 'accent-soft'],
  ['text', 'accent-soft'],
  ['muted', 'zero'],
  ['good', 'good-soft'],
  ['warn', 'warn-soft'],
  ['bad', 'bad-soft'],
];

it.each([
  ['light', light],
  ['dark', dark],
])('every text of the %s theme has a contrast of at least 4.5', (_, theme) => {
  const weak = PAIRS.map(([a, b]) => ({ a, b, ratio: contrast(theme[`--${a}`], theme[`--${b}`]) }));
  expect(weak.filter(({ ratio }) => !(ratio >= 4.5))).toEqual([]);
});

it.each([
  ['light', light],
  ['dark', dark],
])('curves, borders of controls and bars of the %s theme have at least 3', (_, theme) => {
  const names = [
    'curve-train',
    'curve-val',
    'curve-acc',
    'curve-acc-val',
    'line-strong',
    'warn-fill',
    'neg',
    'pos',
  ];
  const weak = names.map((name) => ({
    name,
    ratio: contrast(theme[`--${name}`], theme['--surface']),
  }));
  expect(weak.filter(({ ratio }) => !(ratio >= 3))).toEqual([]);
});

it('both themes have the same tokens, and the system’s dark is the chosen dark', () => {
  expect(Object.keys(dark)).toEqual(Object.keys(light));
  expect(system).toEqual(dark);
});
