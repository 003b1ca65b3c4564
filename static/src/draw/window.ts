// Which cells of a picture a window covers, and which windows cover a cell: for kernels and for pooling.

export interface Window {
  readonly size: number;
  readonly stride: number;
  readonly padding: number;
  readonly dilation: number;
}

export interface Spot {
  readonly row: number;
  readonly column: number;
}

/** Cells to outline, in rows and columns. */
export interface Box extends Spot {
  readonly rows: number;
  readonly columns: number;
}

/** The names of the fields of a layer that say its window; an empty name is no field. */
export interface WindowFields {
  readonly size: string;
  readonly stride: string;
  readonly padding: string;
  readonly half_padding: string;
  readonly dilation: string;
  /** The largest value of each window is the output. */
  readonly winner: boolean;
}

/** A layer's fields. */
export type Fields = Readonly<Record<string, unknown>>;

/**
 * The window of a layer whose fields `named` say it, null where none is named; `ratio` is how much smaller the layer
 * makes the picture.
 */
export function windowOf(
  layer: Fields,
  named: WindowFields | null | undefined,
  ratio: number,
): Window | null {
  if (!named) return null;
  const field = (name: string) => (name ? Number(layer[name] ?? 0) : 0);
  const size = field(named.size);
  if (!size) return null;
  const stride = field(named.stride) || Math.max(1, Math.round(ratio));
  const beyond = named.half_padding && layer[named.half_padding] ? Math.floor(size / 2) : 0;
  const padding = field(named.padding) || beyond;
  return { size, stride, padding, dilation: field(named.dilation) || 1 };
}

/** Runs of whole numbers as [first, how many]. */
function runs(values: readonly number[]): [number, number][] {
  const found: [number, number][] = [];
  for (const value of [...values].sort((a, b) => a - b)) {
    const last = found.at(-1);
    if (last && value === last[0] + last[1]) last[1]++;
    else found.push([value, 1]);
  }
  return found;
}

/** Rows and columns as the boxes that they cross in. */
export function boxes(rows: readonly number[], columns: readonly number[]): Box[] {
  return runs(rows).flatMap(([row, many]) =>
    runs(columns).map(([column, wide]) => ({ row, column, rows: many, columns: wide })),
  );
}

const range = (count: number) => Array.from({ length: count }, (_, i) => i);

/** Rows of the picture that the window of output row `at` covers, beyond the edge too. */
export function covered(at: number, { size, stride, padding, dilation }: Window): number[] {
  return range(size).map((entry) => at * stride - padding + entry * dilation);
}

/** The patch of an output cell. */
export function patchOf(cell: Spot, window: Window): Box[] {
  return boxes(covered(cell.row, window), covered(cell.column, window));
}

/** The outputs of a line of `count` whose window covers `at`, each with the entry that lies on it. */
export function covering(
  at: number,
  count: number,
  { size, stride, padding, dilation }: Window,
): { output: number; entry: number }[] {
  return range(count).flatMap((output) => {
    const entry = (at + padding - output * stride) / dilation;
    return Number.isInteger(entry) && entry >= 0 && entry < size ? [{ output, entry }] : [];
  });
}

/** The output cell whose window lies closest around a cell of the picture. */
export function nearest(cell: Spot, rows: number, columns: number, window: Window): Spot {
  const { size, stride, padding, dilation } = window;
  const middle = ((size - 1) * dilation) / 2;
  const along = (at: number, count: number) =>
    Math.min(count - 1, Math.max(0, Math.round((at + padding - middle) / stride)));
  return { row: along(cell.row, rows), column: along(cell.column, columns) };
}

/** Cells of the picture that meet one entry of the kernel as it slides over all outputs. */
export function met(entry: Spot, rows: number, columns: number, window: Window): Box[] {
  const { stride, padding, dilation } = window;
  const along = (at: number, count: number) =>
    range(count).map((output) => output * stride - padding + at * dilation);
  return boxes(along(entry.row, rows), along(entry.column, columns));
}

/** Where the largest value of a patch is: the first of equals, as PyTorch chooses. */
export function winner(
  cell: Spot,
  window: Window,
  rows: number,
  columns: number,
  value: (row: number, column: number) => number,
): Spot | null {
  let best: Spot | null = null;
  for (const row of covered(cell.row, window)) {
    for (const column of covered(cell.column, window)) {
      if (row < 0 || column < 0 || row >= rows || column >= columns) continue;
      if (!best || value(row, column) > value(best.row, best.column)) best = { row, column };
    }
  }
  return best;
}

/** The place of cell number `at` of a tensor, axis by axis. */
export function unravel(at: number, shape: readonly number[]): number[] {
  const index: number[] = [];
  let rest = at;
  for (const side of [...shape].reverse()) {
    index.unshift(rest % side);
    rest = Math.floor(rest / side);
  }
  return index;
}
