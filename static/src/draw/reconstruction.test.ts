// What a reconstruction misses, against numbers worked out by hand.
import { describe, expect, it } from 'vitest';
import type { MapData } from './maps';
import { cellOf } from './points';
import { FAR, difference, distances, squashed } from './reconstruction';

function floats(count: number, height: number, width: number, values: number[]): MapData {
  const data = Float32Array.from(values);
  return { count, height, width, codes: null, values: data, scale: [], zero: [] };
}

describe('difference', () => {
  it('is output minus input, whether they come as codes or as floats', () => {
    const output = floats(1, 2, 2, [0.5, 1, 0, 0.25]);
    const input: MapData = {
      ...floats(1, 2, 2, []),
      values: null,
      codes: Uint8Array.of(2, 254, 128, 2),
      scale: [1 / 252],
      zero: [0],
    };
    expect([...(difference(output, input)?.values ?? [])]).toEqual([0.5, 0, -0.5, 0.25]);
  });

  it('may be taken of the sigmoid, where that is inside the loss', () => {
    const [zero, large] = squashed(floats(1, 1, 2, [0, 30])).values ?? [];
    expect(zero).toBe(0.5);
    expect(large).toBeCloseTo(1, 6);
  });

  it('is not there for another shape', () => {
    expect(difference(floats(1, 1, 2, [1, 2]), floats(1, 2, 1, [1, 2]))).toBeNull();
  });
});

describe('distances over the plane', () => {
  it('are −1 where nothing moves and 1 from FAR on', () => {
    // Two by two cells of −6…6, centres at ±3; the last cell goes to the origin.
    const moves = floats(2, 2, 2, [-3, 3, -3, 0, 3, 3, -3 + FAR / 2, 0]);
    expect([...(distances(moves, 6)?.values ?? [])]).toEqual([-1, -1, 0, 1]);
    expect(distances(floats(1, 2, 2, [0, 0, 0, 0]), 6)).toBeNull();
  });

  it('are read at the cell of a point', () => {
    const grid = { height: 48, width: 48 };
    expect(cellOf(-6, 6, grid)).toBe(0);
    expect(cellOf(5.99, -5.99, grid)).toBe(48 * 48 - 1);
    expect(cellOf(99, -99, grid)).toBe(48 * 48 - 1);
    expect(cellOf(0.1, 0.1, grid)).toBe(23 * 48 + 24);
  });
});
