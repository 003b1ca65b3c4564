// Spatial pyramid pooling: which bin of which level an output is, and which cells a bin covers. Pure.
import type { Box, Spot } from './window';

export interface Bin {
  readonly level: number;
  readonly channel: number;
  readonly row: number;
  readonly column: number;
}

/** Output number `at` of a pooling of `channels` maps: level by level, each map by map. */
export function binOf(at: number, channels: number): Bin {
  let level = 0;
  let rest = at;
  while (rest >= channels * 4 ** level) rest -= channels * 4 ** level++;
  const bins = 4 ** level;
  const side = 2 ** level;
  const inside = rest % bins;
  return {
    level,
    channel: Math.floor(rest / bins),
    row: Math.floor(inside / side),
    column: inside % side,
  };
}

/** The output that a bin is. */
export function outputAt(bin: Bin, channels: number): number {
  let before = 0;
  for (let level = 0; level < bin.level; level++) before += channels * 4 ** level;
  return before + bin.channel * 4 ** bin.level + bin.row * 2 ** bin.level + bin.column;
}

/** Cells from ⌊i·h/n⌋ to ⌈(i+1)·h/n⌉, as adaptive pooling has them. */
export function binBox(level: number, row: number, column: number, h: number, w: number): Box {
  const side = 2 ** level;
  const from = (i: number, all: number) => Math.floor((i * all) / side);
  const to = (i: number, all: number) => Math.ceil(((i + 1) * all) / side);
  const [top, left] = [from(row, h), from(column, w)];
  return { row: top, column: left, rows: to(row, h) - top, columns: to(column, w) - left };
}

/** All bins of a level. */
export function binsOf(level: number, h: number, w: number): Box[] {
  const side = 2 ** level;
  return Array.from({ length: side * side }, (_, i) =>
    binBox(level, Math.floor(i / side), i % side, h, w),
  );
}

/** Where the largest value of a bin is, the first of equals. */
export function winnerIn(box: Box, value: (row: number, column: number) => number): Spot {
  let best: Spot = box;
  for (let row = box.row; row < box.row + box.rows; row++) {
    for (let column = box.column; column < box.column + box.columns; column++) {
      if (value(row, column) > value(best.row, best.column)) best = { row, column };
    }
  }
  return { row: best.row, column: best.column };
}
