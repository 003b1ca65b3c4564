// The layout of a part's own plot, and the histogram under it.
import { describe, expect, it } from 'vitest';
import { bars, chart, histogram, type Box } from './chart';

const box: Box = { width: 200, height: 100, left: 20, right: 10, top: 5, bottom: 15 };
const relu = { x: [-1, 0, 1], lines: [{ y: [0, 0, 1], filled: false }], spikes: [] };

function values(...numbers: number[]) {
  return { count: 1, size: numbers.length, value: (_: number, i: number) => numbers[i] ?? NaN };
}

describe('chart', () => {
  it('puts a curve between the edges of its box, zero on the floor', () => {
    const { lines, x, y } = chart(relu, box);
    expect([x(-1), x(1)]).toEqual([20, 190]);
    expect(y(0)).toBe(85);
    expect(y(1)).toBeGreaterThan(5);
    expect(lines[0]?.line).toBe(`M20.0 85.0L105.0 85.0L190.0 ${y(1).toFixed(1)}`);
    expect(lines[0]?.area).toBeNull();
  });

  it('closes the area under a density, and draws shares at single values', () => {
    const density = { ...relu, lines: [{ y: [0, 1, 0], filled: true }] };
    expect(chart(density, box).lines[0]?.area).toMatch(/Z$/);
    const spike = chart({ x: [-1, 1], lines: [], spikes: [{ x: 0, y: 1 }] }, box).spikes[0];
    expect(spike).toMatchObject({ x: 105, share: 1 });
  });
});

describe('histogram', () => {
  it('gives shares, and what lies outside', () => {
    const found = histogram(values(-9, -0.9, 0.1, 0.9, 1, 7, NaN), -1, 1, 4);
    expect(found?.shares).toEqual([1 / 6, 0, 1 / 6, 2 / 6]);
    expect([found?.below, found?.above]).toEqual([1 / 6, 1 / 6]);
  });

  it('says nothing where there are no finite values', () => {
    expect(histogram(values(NaN, Infinity), -1, 1, 4)).toBeNull();
  });

  it('draws one bar for every bin that holds something', () => {
    const found = histogram(values(-0.9, 0.9), -1, 1, 4);
    const path = found ? bars(found, chart(relu, box), box) : '';
    expect(path.match(/M/g)).toHaveLength(2);
  });
});
