// Places of points, ticks and thresholds of a small multiple.
import { describe, expect, it } from 'vitest';
import { decades, drawLines, mark, rounds, type Frame } from './lines';

const frame: Frame = { width: 200, height: 100, left: 30, right: 10, top: 10, bottom: 20 };

describe('lines', () => {
  it('lie evenly over powers of ten, and a threshold is read back', () => {
    const drawn = drawLines(
      [
        [
          [1, 1e-4],
          [10, 1e-2],
          [100, 1],
        ],
      ],
      { log: true },
      { log: true },
      frame,
    );
    expect(drawn.paths).toEqual(['M30.0 80.0L110.0 45.0L190.0 10.0']);
    expect(drawn.y(1e-2)).toBeCloseTo(45);
    expect(drawn.valueAt(45)).toBeCloseTo(1e-2);
    expect(drawn.yTicks.map(({ value }) => value)).toEqual([1e-4, 1e-3, 1e-2, 1e-1, 1]);
  });

  it('break where a value is none, and mark it at the top', () => {
    const points = [
      [0, 1],
      [1, Infinity],
      [2, 3],
    ] as const;
    const drawn = drawLines([points], {}, { range: [0, 4] }, frame);
    expect(drawn.paths[0]).toBe('M30.0 62.5M190.0 27.5');
    expect(drawn.marks[0]?.[1]).toEqual({ x: 110, y: 10, high: true });
  });

  it('keep what is 0 or beyond the ends on the edge of a logarithmic axis', () => {
    const drawn = drawLines([[[0, 0]]], {}, { log: true, range: [1e-3, 1] }, frame);
    expect(drawn.marks[0]?.[0]?.y).toBe(80);
    expect(drawn.y(50)).toBe(10);
  });

  it('have few ticks, round ones', () => {
    expect(decades(1e-30, 10)).toHaveLength(5);
    expect(decades(2, 60)).toEqual([2, 5, 10, 20, 50]);
    expect(rounds(0, 1)).toEqual([0, 0.25, 0.5, 0.75, 1]);
    expect(rounds(0, 300)).toEqual([0, 100, 200, 300]);
  });

  it('give each series a mark of its own', () => {
    expect(new Set([0, 1, 2, 3].map((which) => mark(which, 5, 5))).size).toBe(4);
  });
});
