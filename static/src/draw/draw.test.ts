// The palettes, the layout of cards and the arithmetic of maps. What reaches a canvas is seen by the browser tests.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decision } from './decision';
import { fit, type Wish } from './fit';
import {
  extents,
  kernelTiles,
  oneMap,
  paint,
  place,
  rowTiles,
  tilesOf,
  type MapData,
} from './maps';
import { DIVERGING, NAN_LEVEL, colour, diverging, level, sequential } from './palette';
import { toPixel, toPlane } from './points';

function floats(shape: [number, number, number], values: number[]): MapData {
  const [count, height, width] = shape;
  const data = Float32Array.from(values);
  return { count, height, width, codes: null, values: data, scale: [], zero: [] };
}

function brightness(word: number): number {
  return 0.2126 * (word & 255) + 0.7152 * ((word >> 8) & 255) + 0.0722 * ((word >> 16) & 255);
}

describe('the diverging palette', () => {
  it('has the colours of the tokens', () => {
    const css = readFileSync('static/src/styles/tokens.css', 'utf8');
    const names = ['neg', 'neg-mid', 'zero', 'pos-mid', 'pos'];
    for (const theme of ['light', 'dark'] as const) {
      const block = css.slice(css.indexOf(`[data-theme='${theme}'] {`));
      const found = names.map((name) => new RegExp(`--${name}: (#[0-9a-f]{6})`).exec(block)?.[1]);
      expect(found).toEqual(DIVERGING[theme]);
    }
  });

  it('is symmetric about zero and marks what is not a number', () => {
    expect([level(0, 2), level(2, 2), level(-2, 2), level(5, 2)]).toEqual([127, 254, 0, 254]);
    expect(level(NaN, 1)).toBe(NAN_LEVEL);
    expect([level(0, 0), level(1, 0), level(-1, 0)]).toEqual([127, 254, 0]);
    expect(colour(0, 1, 'light')).toBe('rgb(242 241 239)');
  });

  it.each(['light', 'dark'] as const)(
    'tells signs apart by hue, sizes by brightness (%s)',
    (theme) => {
      const table = diverging(theme);
      const [low = 0, middle = 0, high = 0] = [table[0], table[127], table[254]];
      expect((low >> 16) & 255).toBeGreaterThan(low & 255);
      expect(high & 255).toBeGreaterThan((high >> 16) & 255);
      const steps = theme === 'light' ? [middle, low] : [low, middle];
      expect(brightness(steps[0] ?? 0)).toBeGreaterThan(brightness(steps[1] ?? 0));
      const ramp = [...sequential(theme).slice(0, 255)].map(brightness);
      const sorted = [...ramp].sort((a, b) => (theme === 'light' ? b - a : a - b));
      expect(ramp.every((value, i) => Math.abs(value - (sorted[i] ?? 0)) < 1)).toBe(true);
    },
  );
});

describe('maps', () => {
  const codes: MapData = {
    count: 2,
    height: 1,
    width: 3,
    codes: Uint8Array.of(2, 127, 254, 0, 1, 255),
    values: null,
    scale: [0.01, 1],
    zero: [-1, 0],
  };

  it('have the range of their codes, or of their finite values', () => {
    expect([...extents(codes)]).toEqual([1.52, 252]);
    expect([...extents(floats([2, 1, 2], [1, -3, NaN, Infinity]))]).toEqual([3, 0]);
  });

  it('become pixels through the table', () => {
    const table = diverging('light');
    const out = new Uint32Array(3);
    paint(codes, 1, 0, 3, 252, table, out);
    expect([...out]).toEqual([table[NAN_LEVEL], table[0], table[254]]);
    paint(floats([1, 1, 3], [-1, 0, 1]), 0, 0, 3, 1, table, out);
    expect([...out]).toEqual([table[0], table[127], table[254]]);
  });

  it('are cut into tiles: maps, the values of a vector, kernels, rows', () => {
    expect(tilesOf(floats([2, 2, 2], new Array<number>(8).fill(0)))).toMatchObject({
      count: 2,
      width: 2,
    });
    const vector = tilesOf(floats([1, 1, 4], [1, 2, 3, 4]));
    expect(vector).toMatchObject({ count: 4, width: 1, height: 1 });
    expect(place(vector, 3)).toEqual({ map: 0, from: 3 });
    const kernels = kernelTiles(floats([2, 6, 2], new Array<number>(24).fill(0)), 3);
    expect(kernels).toMatchObject({ count: 6, height: 2, width: 2 });
    expect(place(kernels, 4)).toEqual({ map: 1, from: 4 });
    const rows = rowTiles(floats([3, 1, 8], new Array<number>(24).fill(0)), [2, 2, 2]);
    expect(rows).toMatchObject({ count: 6, height: 2, width: 2 });
    expect([...(oneMap(floats([2, 1, 2], [1, 2, 3, 4]), 1).values ?? [])]).toEqual([3, 4]);
  });
});

describe('a decision over the plane', () => {
  it('is the output itself, or the difference of two classes through the softmax', () => {
    expect(decision(floats([1, 1, 2], [0.5, -2]), 'raw')?.values).toEqual(Float32Array.of(0.5, -2));
    const two = decision(floats([2, 1, 2], [1, 0, 3, 0]), 'softmax');
    // p₁ − p₀ of the softmax, written out.
    const share = Math.exp(3) / (Math.exp(1) + Math.exp(3));
    expect(two?.values?.[0]).toBeCloseTo(2 * share - 1, 6);
    expect(two?.values?.[1]).toBe(0);
    expect(decision(floats([3, 1, 1], [1, 2, 3]), 'raw')).toBeNull();
  });

  it('has its points where the plane has them', () => {
    expect([toPixel(-6, 48), toPixel(0, 48), toPixel(6, 48)]).toEqual([0, 24, 48]);
    expect(toPlane(toPixel(2.5, 300), 300)).toBeCloseTo(2.5);
  });
});

describe('the layout of cards', () => {
  const wish = (count: number, side: number, more: Partial<Wish> = {}): Wish => ({
    count,
    height: side,
    width: side,
    emphasis: 1,
    least: 58,
    ...more,
  });
  const lenet = [
    wish(1, 28),
    wish(6, 28),
    wish(6, 14),
    wish(16, 10),
    wish(16, 5),
    wish(120, 1),
    wish(84, 1),
    wish(10, 1, { columns: 1 }),
  ];

  const row = (width: number, height: number) => {
    const lanes = lenet.map((one) => ({ wishes: [one], height }));
    return fit(lanes, width, 3).flat();
  };

  it.each([
    [520, 490],
    [930, 860],
    [2400, 1300],
  ])('fits LeNet-5 into %i × %i and uses the room', (width, height) => {
    const fits = row(width, height);
    const used = fits.reduce((sum, one) => sum + Math.max(one.width, 58), 0);
    expect(used).toBeLessThanOrEqual(width);
    expect(Math.max(...fits.map((one) => one.height))).toBeLessThanOrEqual(height);
    expect(Math.max(...fits.map((one) => one.height))).toBeGreaterThan(height * 0.6);
    fits.forEach((one, i) => {
      const rows = Math.ceil((lenet[i]?.count ?? 0) / one.columns);
      expect(one.height).toBe(rows * (one.tileHeight + 3) - 3);
    });
  });

  it('grows with the room', () => {
    const small = row(520, 490);
    const large = row(1100, 900);
    large.forEach((one, i) =>
      expect(one.tileWidth).toBeGreaterThanOrEqual(small[i]?.tileWidth ?? 0),
    );
  });

  it('gives the cards of one column the same room', () => {
    const [column = []] = fit([{ wishes: [wish(8, 14), wish(4, 14)], height: 120 }], 300, 3);
    expect(column).toHaveLength(2);
    for (const one of column) expect(one.height).toBeLessThanOrEqual(120);
    for (const one of column) expect(one.width).toBeLessThanOrEqual(300);
  });

  it('gives the smallest where nothing fits, and keeps the columns asked for', () => {
    const fits = row(10, 100);
    expect(fits.every((one) => one.tileWidth >= 1)).toBe(true);
    expect(fits.at(-1)?.columns).toBe(1);
  });
});
