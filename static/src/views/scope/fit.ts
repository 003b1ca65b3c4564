// How large the pictures of a pane may be, so that all of a row fit without scrolling sideways. Pure.

/** What stands in the row beside the maps. */
export interface Row {
  /** Single maps, each as large as may be. */
  readonly maps: number;
  /** Fields of several small maps. */
  readonly stacks: number;
  /** Tensors that are no wider than a few cells. */
  readonly narrow: number;
}

export interface Sides {
  readonly map: number;
  readonly stack: number;
  /** Height of a vector in columns, which is at most three quarters as wide. */
  readonly cells: number;
}

const EDGES = 48;
/** A gap and, mostly, a sign before a picture. */
const BETWEEN = 27;
const NARROW = 64;
const SMALLEST = 52;

export function sides(room: number, size: number, { maps, stacks, narrow }: Row): Sides {
  const count = maps + stacks + narrow;
  const left = room - EDGES - BETWEEN * count - (stacks ? 30 : 0) - NARROW * narrow;
  const each = Math.max(SMALLEST, left / Math.max(1, maps + stacks));
  const map = Math.min(size, each);
  const stack = Math.max(SMALLEST, (left - maps * map) / Math.max(1, stacks));
  return { map, stack, cells: Math.min(size, each / 0.75) };
}
