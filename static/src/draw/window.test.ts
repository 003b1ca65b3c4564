// Windows over pictures: patches, their inverse, winners; compared with what a loop over all pairs finds.
import { describe, expect, it } from 'vitest';
import { packed } from './pack';
import {
  boxes,
  covered,
  covering,
  met,
  nearest,
  patchOf,
  unravel,
  windowOf,
  winner,
  type Window,
} from './window';

const PADDED: Window = { size: 5, stride: 1, padding: 2, dilation: 1 };
const STRIDED: Window = { size: 3, stride: 2, padding: 0, dilation: 1 };
const POOLING: Window = { size: 2, stride: 2, padding: 0, dilation: 1 };
const SPREAD: Window = { size: 3, stride: 1, padding: 2, dilation: 2 };
const WINDOWS = [PADDED, STRIDED, POOLING, SPREAD];

describe('windows', () => {
  it('cover the cells that are covered by them', () => {
    for (const window of WINDOWS) {
      for (let at = 0; at < 11; at++) {
        const found = covering(at, 5, window).map(({ output, entry }) => `${output} ${entry}`);
        const expected: string[] = [];
        for (let output = 0; output < 5; output++) {
          covered(output, window).forEach((cell, entry) => {
            if (cell === at) expected.push(`${output} ${entry}`);
          });
        }
        expect(found).toEqual(expected);
      }
    }
  });

  it('have one box where they are whole and one a cell where they are spread', () => {
    expect(patchOf({ row: 1, column: 3 }, PADDED)).toEqual([
      { row: -1, column: 1, rows: 5, columns: 5 },
    ]);
    expect(patchOf({ row: 0, column: 0 }, SPREAD)).toHaveLength(9);
    expect(boxes([4, 2, 3], [7])).toEqual([{ row: 2, column: 7, rows: 3, columns: 1 }]);
  });

  it('lie around the cell that is pointed at', () => {
    for (const window of WINDOWS) {
      const cell = { row: 4, column: 5 };
      const at = nearest(cell, 5, 5, window);
      expect(covered(at.row, window)[0]).toBeLessThanOrEqual(cell.row);
      expect(covered(at.row, window).at(-1)).toBeGreaterThanOrEqual(cell.row);
    }
    expect(nearest({ row: 99, column: 0 }, 5, 4, STRIDED)).toEqual({ row: 4, column: 0 });
  });

  it('meet the cells that one entry of the kernel is multiplied with', () => {
    expect(met({ row: 0, column: 4 }, 28, 28, PADDED)).toEqual([
      { row: -2, column: 2, rows: 28, columns: 28 },
    ]);
    expect(met({ row: 1, column: 1 }, 2, 3, STRIDED)).toHaveLength(6);
  });

  it('are won by the largest cell inside the picture, by the first of equals', () => {
    const picture = [
      [1, 2, 9],
      [2, 2, 0],
      [7, 0, 0],
    ];
    const value = (row: number, column: number) => picture[row]?.[column] ?? NaN;
    const two: Window = { size: 2, stride: 2, padding: 0, dilation: 1 };
    expect(winner({ row: 0, column: 0 }, two, 3, 3, value)).toEqual({ row: 0, column: 1 });
    const padded: Window = { size: 3, stride: 2, padding: 1, dilation: 1 };
    expect(winner({ row: 1, column: 0 }, padded, 3, 3, value)).toEqual({ row: 2, column: 0 });
  });

  it('are read from the fields of a layer', () => {
    const kernel = { size: 'kernel', stride: 'stride', padding: 'padding', dilation: 'dilation' };
    const NONE = { stride: '', padding: '', half_padding: '', dilation: '', winner: false };
    const block = { ...NONE, size: 'size', stride: 'stride', half_padding: 'padded', winner: true };
    expect(windowOf({ kernel: 5, padding: 2 }, { ...NONE, ...kernel }, 1)).toEqual(PADDED);
    expect(windowOf({ size: 2 }, block, 2)).toEqual(POOLING);
    expect(windowOf({ size: 2 }, { ...NONE, size: 'size' }, 2)).toEqual(POOLING);
    expect(windowOf({ size: 3, stride: 1, padded: true }, block, 1)?.padding).toBe(1);
    expect(windowOf({ kernel: 3, dilation: 2 }, { ...NONE, ...kernel }, 1)?.dilation).toBe(2);
    expect(windowOf({ size: 5 }, null, 1)).toBeNull();
  });
});

describe('places', () => {
  it('are counted row by row', () => {
    expect(unravel(0, [6, 28, 28])).toEqual([0, 0, 0]);
    expect(unravel(784 + 28 + 3, [6, 28, 28])).toEqual([1, 1, 3]);
    expect(unravel(7, [10])).toEqual([7]);
    expect(unravel(0, [])).toEqual([]);
  });
});

describe('tiles in a field', () => {
  it('are as large as the field allows', () => {
    expect(packed(6, 5, 5, 100, 48, 2)).toEqual({ columns: 3, tileWidth: 23, tileHeight: 23 });
    expect(packed(1, 400, 120, 100, 300, 2)).toEqual({
      columns: 1,
      tileWidth: 100,
      tileHeight: 30,
    });
  });
});
