// The grid of weights: every cell of a tensor can be reached, and none that is not there.
import { describe, expect, it } from 'vitest';
import { flatOf, short } from '../../state/weights.svelte';
import { MOST_CELLS, slice } from './slice';

describe('a slice of a tensor', () => {
  it('is one kernel of a convolution', () => {
    const found = slice([6, 3, 5, 5], [4, 2], 0);
    expect(found.leads).toEqual([4, 2]);
    expect(found.columns).toBe(5);
    expect(found.cells).toHaveLength(25);
    expect(found.cells[7]).toEqual([4, 2, 1, 2]);
    expect(found.rest).toBe('0…4, 0…4');
  });

  it('is a part of a long row, and the parts reach its end', () => {
    const shape = [10, 700];
    const seen = new Set<number>();
    for (let from = 0; from < 700; from += MOST_CELLS) {
      for (const index of slice(shape, [9], from).cells) seen.add(flatOf(shape, index));
    }
    expect(seen.size).toBe(700);
    expect(Math.max(...seen)).toBe(6999);
    expect(slice(shape, [9], 0).more).toBe(699);
  });

  it('stays inside whatever is asked for', () => {
    expect(slice([4, 2], [99], -5).leads).toEqual([3]);
    expect(slice([4, 2], [NaN], NaN).cells).toEqual([
      [0, 0],
      [0, 1],
    ]);
    expect(slice([8], [], 0).leads).toEqual([]);
  });
});

describe('a weight in few digits', () => {
  it('is the same float32', () => {
    for (const value of [0.05488135293126106, -2.5, 1e-12, 3.4028234663852886e38, 1 / 3, 0]) {
      expect(Math.fround(Number(short(value)))).toBe(Math.fround(value));
    }
    expect(short(Math.fround(0.1))).toBe('0.1');
  });
});
