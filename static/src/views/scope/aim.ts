// What belongs together when a cell of the backward view is pointed at: outputs, inputs, entries of the kernel.
import {
  boxes,
  covering,
  met,
  patchOf,
  winner,
  type Box,
  type Spot,
  type Window,
} from '../../draw/window';
import type { Maps } from '../../protocol/frames';
import type { PartValue } from '../../protocol/types';

/** A cell of the layer's output, of its input, or an entry of its kernel. */
export interface Aim extends Spot {
  readonly kind: 'output' | 'input' | 'entry';
}

interface Around {
  readonly layer: PartValue;
  readonly window: Window | null;
  readonly own: Maps | null;
  readonly below: Maps | null;
  /** What the layer read. */
  readonly x: Maps | null;
  /** The map that is shown. */
  readonly map: number;
}

export interface Marks {
  readonly output: Box[] | null;
  readonly input: Box[] | null;
  /** In the kernel turned by 180°. */
  readonly kernel: Box[] | null;
  readonly x: Box[] | null;
}

const NONE: Marks = { output: null, input: null, kernel: null, x: null };
const one = (cell: Spot): Box[] => [{ row: cell.row, column: cell.column, rows: 1, columns: 1 }];

function best(cell: Spot, window: Window, { x, map }: Around): Spot | null {
  if (!x) return null;
  const at = Math.min(map, x.count - 1);
  const value = (row: number, column: number) => x.value(at, row * x.width + column);
  return winner(cell, window, x.height, x.width, value);
}

/** Of an output cell: where its δ goes. Of an input cell: the δ's and kernel entries that made its own. */
export function aimed(aim: Aim | null, around: Around): Marks {
  const { window, own, layer } = around;
  if (!aim || !own) return NONE;
  if (!window) {
    if (aim.kind === 'entry') return NONE;
    const same = around.below?.size === own.size ? one(aim) : null;
    return aim.kind === 'output'
      ? { ...NONE, output: one(aim), input: same }
      : { ...NONE, output: same, input: one(aim) };
  }
  const chooses = layer.type.startsWith('max_pool');
  if (aim.kind === 'output') {
    const won = chooses ? best(aim, window, around) : null;
    const patch = won ? one(won) : patchOf(aim, window);
    return { output: one(aim), input: patch, kernel: null, x: patch };
  }
  if (aim.kind === 'entry') {
    const last = window.size - 1;
    const turned = one({ row: last - aim.row, column: last - aim.column });
    return { ...NONE, kernel: turned, x: met(aim, own.height, own.width, window) };
  }
  const rows = covering(aim.row, own.height, window);
  const columns = covering(aim.column, own.width, window);
  let outputs = boxes(
    rows.map((pair) => pair.output),
    columns.map((pair) => pair.output),
  );
  if (chooses) {
    const cells = rows.flatMap((row) =>
      columns.map((column) => ({ row: row.output, column: column.output })),
    );
    outputs = cells
      .filter((cell) => {
        const won = best(cell, window, around);
        return won?.row === aim.row && won.column === aim.column;
      })
      .flatMap(one);
  }
  const last = window.size - 1;
  const kernel = boxes(
    rows.map((pair) => last - pair.entry),
    columns.map((pair) => last - pair.entry),
  );
  return { output: outputs, input: one(aim), kernel, x: one(aim) };
}
