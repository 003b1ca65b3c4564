import { describe, expect, it } from 'vitest';
import { binBox, binOf, binsOf, outputAt, winnerIn } from './pyramid';

describe('a spatial pyramid', () => {
  it('numbers its outputs level by level, map by map', () => {
    expect(binOf(2, 3)).toEqual({ level: 0, channel: 2, row: 0, column: 0 });
    expect(binOf(3, 3)).toEqual({ level: 1, channel: 0, row: 0, column: 0 });
    expect(binOf(3 + 4 + 2, 3)).toEqual({ level: 1, channel: 1, row: 1, column: 0 });
    expect(binOf(3 + 12 + 16 * 2 + 7, 3)).toEqual({ level: 2, channel: 2, row: 1, column: 3 });
    for (let at = 0; at < 3 * 21; at++) expect(outputAt(binOf(at, 3), 3)).toBe(at);
  });

  it('covers the picture with every level, bins overlapping where they do not divide it', () => {
    expect(binBox(1, 0, 1, 5, 4)).toEqual({ row: 0, column: 2, rows: 3, columns: 2 });
    expect(binBox(1, 1, 0, 5, 4)).toEqual({ row: 2, column: 0, rows: 3, columns: 2 });
    for (const level of [0, 1, 2]) {
      const seen = new Set<number>();
      for (const box of binsOf(level, 7, 6)) {
        for (let i = 0; i < box.rows * box.columns; i++) {
          const row = box.row + Math.floor(i / box.columns);
          seen.add(row * 6 + box.column + (i % box.columns));
        }
      }
      expect(seen.size).toBe(42);
    }
  });

  it('finds the first of the largest values of a bin', () => {
    const values = [0, 1, 5, 5, 2, 9];
    const value = (row: number, column: number) => values[row * 3 + column] ?? 0;
    expect(winnerIn({ row: 0, column: 0, rows: 2, columns: 2 }, value)).toEqual({
      row: 1,
      column: 0,
    });
    expect(winnerIn({ row: 0, column: 1, rows: 2, columns: 2 }, value)).toEqual({
      row: 1,
      column: 2,
    });
    expect(winnerIn({ row: 0, column: 1, rows: 1, columns: 2 }, value)).toEqual({
      row: 0,
      column: 2,
    });
  });
});
