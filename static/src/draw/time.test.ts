import { describe, expect, it } from 'vitest';
import { overTime } from './time';

const data = (count: number, width: number, values: number[]) => ({
  count,
  height: 1,
  width,
  codes: null,
  values: new Float32Array(values),
  scale: [],
  zero: [],
});

describe('a sequence as one picture', () => {
  it('puts time from left to right and unit 0 at the bottom', () => {
    const found = overTime(data(3, 2, [1, 10, 2, 20, 3, 30]), true);
    expect([found.height, found.width, found.count]).toEqual([2, 3, 1]);
    expect([...(found.values ?? [])]).toEqual([10, 20, 30, 1, 2, 3]);
  });

  it('does the same with channels first', () => {
    const found = overTime(data(2, 3, [1, 2, 3, 10, 20, 30]), false);
    expect([...(found.values ?? [])]).toEqual([10, 20, 30, 1, 2, 3]);
  });

  it('reads 8-bit codes, each step with its own range', () => {
    const found = overTime(
      {
        count: 2,
        height: 1,
        width: 2,
        codes: new Uint8Array([2, 4, 2, 0]),
        values: null,
        scale: [0.5, 1],
        zero: [-1, 3],
      },
      true,
    );
    expect([...(found.values ?? [])]).toEqual([0, NaN, -1, 3]);
  });
});
