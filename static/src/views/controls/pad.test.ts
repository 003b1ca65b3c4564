// The brush and MNIST’s centring.
import { describe, expect, it } from 'vitest';
import { centred, centreOf, stroke } from './pad';

const SIDE = 28;
const sum = (values: Float32Array) => values.reduce((a, b) => a + b, 0);

describe('the brush', () => {
  it('is round, soft at its edge and about two cells wide', () => {
    const values = new Float32Array(SIDE * SIDE);
    stroke(values, SIDE, { x: 14, y: 14 }, { x: 14, y: 14 });
    const at = (row: number, col: number) => values[row * SIDE + col] ?? 0;
    expect(at(13, 13)).toBeGreaterThan(0.9);
    expect([at(13, 14), at(14, 13), at(14, 14)]).toEqual(Array(3).fill(at(13, 13)));
    expect(at(13, 12)).toBeGreaterThan(0);
    expect(at(13, 12)).toBeLessThan(0.5);
    expect(at(13, 11)).toBe(0);
  });

  it('leaves no gaps along a fast line and stays within 0 and 1, also beyond the edge', () => {
    const values = new Float32Array(SIDE * SIDE);
    stroke(values, SIDE, { x: -5, y: 10.5 }, { x: 40, y: 10.5 });
    for (let col = 0; col < SIDE; col++) expect(values[10 * SIDE + col]).toBe(1);
    expect(Math.max(...values)).toBeLessThanOrEqual(1);
  });

  it('erases what it paints', () => {
    const values = new Float32Array(SIDE * SIDE);
    stroke(values, SIDE, { x: 8, y: 8 }, { x: 20, y: 8 });
    stroke(values, SIDE, { x: 8, y: 8 }, { x: 20, y: 8 }, 0);
    expect(Math.max(...values)).toBeLessThan(0.6);
    expect(values[8 * SIDE + 14]).toBeCloseTo(0);
  });
});

describe('centring as MNIST does', () => {
  const drawn = new Float32Array(SIDE * SIDE);
  stroke(drawn, SIDE, { x: 3, y: 3 }, { x: 3, y: 12 });
  stroke(drawn, SIDE, { x: 3, y: 12 }, { x: 8, y: 12 });
  const seen = centred(drawn, SIDE);

  it('puts the centre of mass in the middle, to half a cell', () => {
    const middle = centreOf(seen, SIDE);
    expect(Math.abs((middle?.x ?? 0) - 14)).toBeLessThanOrEqual(0.51);
    expect(Math.abs((middle?.y ?? 0) - 14)).toBeLessThanOrEqual(0.51);
  });

  it('fits the drawing into 20 by 20 with its shape kept', () => {
    const rows = new Set<number>();
    const columns = new Set<number>();
    seen.forEach((value, i) => {
      if (value <= 0.3) return;
      rows.add(Math.floor(i / SIDE));
      columns.add(i % SIDE);
    });
    expect(rows.size).toBeGreaterThanOrEqual(18);
    expect(rows.size).toBeLessThanOrEqual(20);
    expect(columns.size).toBeLessThan(rows.size);
  });

  it('leaves an empty pad empty', () => {
    expect(sum(centred(new Float32Array(SIDE * SIDE), SIDE))).toBe(0);
  });
});
