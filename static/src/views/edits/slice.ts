// Which weights of a tensor a small grid shows: the leading axes are fixed, the last ones are its cells. Pure.

export const MOST_CELLS = 256;

export interface Slice {
  /** Index along every leading axis, inside its bounds. */
  readonly leads: readonly number[];
  /** The shown axes, as text: `0…4, 0…4`. */
  readonly rest: string;
  readonly columns: number;
  /** Full indices of the cells, row by row. */
  readonly cells: readonly (readonly number[])[];
  /** The last place where a further part of a long row could begin; 0 where all of it is shown. */
  readonly more: number;
}

function inside(value: number | undefined, count: number): number {
  const whole = Math.floor(Number.isFinite(value) ? Number(value) : 0);
  return Math.min(Math.max(0, whole), Math.max(0, count - 1));
}

/** Kernels are shown as they are; a unit's weights and vectors as a block, from `from` on. */
export function slice(shape: readonly number[], leads: readonly number[], from: number): Slice {
  const last = shape.at(-1) ?? 1;
  const rows = shape.at(-2) ?? 1;
  const flat = shape.length < 3 || last * rows > MOST_CELLS;
  const shown = flat ? Math.min(1, shape.length) : 2;
  const heads = shape.slice(0, shape.length - shown).map((count, i) => inside(leads[i], count));
  if (!shape.length) return { leads: [], rest: '', columns: 1, cells: [[]], more: 0 };
  if (!flat) {
    const cells = Array.from({ length: rows * last }, (_, i) => [
      ...heads,
      Math.floor(i / last),
      i % last,
    ]);
    return { leads: heads, rest: `0…${rows - 1}, 0…${last - 1}`, columns: last, cells, more: 0 };
  }
  const more = last > MOST_CELLS ? last - 1 : 0;
  const first = inside(from, last);
  const count = Math.min(MOST_CELLS, last - first);
  const cells = Array.from({ length: count }, (_, i) => [...heads, first + i]);
  const columns = count <= 30 ? Math.min(5, count) : Math.ceil(Math.sqrt(count));
  return { leads: heads, rest: `${first}…${first + count - 1}`, columns, cells, more };
}
