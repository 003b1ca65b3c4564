// Smoothing, the common x and the summary of curves.
import { describe, expect, it } from 'vitest';
import {
  column,
  decimals,
  logTicks,
  mergeX,
  nearest,
  smooth,
  summarise,
  tickDecimals,
} from './curves';

describe('smoothing', () => {
  it('is the exponential average without the bias of its start, as written out', () => {
    const y = [4, 2, 8];
    const w = 0.6;
    const expected = y.map((_, i) => {
      const weights = y.slice(0, i + 1).map((__, k) => w ** (i - k));
      const sum = weights.reduce((a, b) => a + b);
      return weights.reduce((total, weight, k) => total + (weight * (y[k] ?? 0)) / sum, 0);
    });
    smooth(y, w).forEach((value, i) => expect(value).toBeCloseTo(expected[i] ?? NaN, 12));
  });

  it('leaves a constant alone and lets NaN stand where it was', () => {
    expect(smooth([3, 3, 3], 0.9).map((value) => value.toFixed(9))).toEqual(
      Array(3).fill('3.000000000'),
    );
    expect(smooth([1, NaN, 1], 0.5)[1]).toBeNaN();
    expect(smooth([1, NaN, 1], 0.5)[2]).toBeCloseTo(1);
  });
});

describe('one x for all', () => {
  it('merges ascending steps, each once', () => {
    expect(mergeX([{ x: [1, 2, 4] }, { x: Float64Array.of(2, 3) }, { x: [] }])).toEqual([
      1, 2, 3, 4,
    ]);
  });

  it('tells places of other series from gaps', () => {
    const [only, gap, value] = [undefined, null, 5];
    expect(column([1, 2, 3], [2, 3], [NaN, 5], false)).toEqual([only, gap, value]);
    expect(column([1, 2], [1, 2], [0, 0.1], true)).toEqual([null, 0.1]);
  });

  it('holds for fifty thousand points', () => {
    const x = Float64Array.from({ length: 50_000 }, (_, i) => i);
    const common = mergeX([{ x }, { x: x.filter((step) => step % 62 === 0) }]);
    expect(common).toHaveLength(50_000);
    expect(column(common, x, x, false).at(-1)).toBe(49_999);
  });
});

it('sums a curve up by its finite values', () => {
  expect(summarise({ x: [1, 2, 3], y: [5, 1, NaN] })).toEqual({ latest: 1, at: 2, min: 1, max: 5 });
  expect(summarise({ x: [], y: [] })).toBeNull();
});

it('finds the nearest step', () => {
  const x = [0, 10, 20];
  expect([-5, 4, 6, 14, 99].map((at) => nearest(x, at))).toEqual([0, 0, 1, 1, 2]);
  expect(nearest([], 3)).toBe(-1);
});

it('marks logarithmic axes by powers of ten, and by 1, 2, 5 where they are few', () => {
  expect(logTicks(0.001, 100, 8)).toEqual([0.001, 0.01, 0.1, 1, 10, 100]);
  expect(logTicks(0.001, 100, 3)).toEqual([0.001, 0.1, 10]);
  expect(logTicks(0.1, 1)).toEqual([0.1, 0.2, 0.5, 1]);
});

it('shows three digits of a value', () => {
  expect([123, 12.3, 1.23, 0.123, 0.0123].map(decimals)).toEqual([1, 2, 3, 3, 4]);
});

describe('marks of a linear axis', () => {
  it('have the decimals that tell them apart', () => {
    expect([0, 0.5, 1].map(tickDecimals)).toEqual([0, 1, 0]);
    expect([0.05, 0.1, 0.15].map(tickDecimals)).toEqual([2, 1, 2]);
    expect([2.25, 2.5, 2.75, 0.1 + 0.2].map(tickDecimals)).toEqual([2, 1, 2, 1]);
    expect(tickDecimals(1 / 3)).toBe(4);
  });
});
