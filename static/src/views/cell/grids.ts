// The terms of a number as small grids: patch, kernel and products of a sum, or a choice's winner among losers.
// Factors are grouped by where they come from and laid out by their places; no kind of layer is known here. Pure.
import type { Cell, Explanation, Factor, Term } from '../../protocol/microscope';

/** One cell of a grid. */
export interface Spot {
  row: number;
  column: number;
  value: number;
  place: Cell | null;
  /** Which terms it belongs to; none: a loser. */
  terms: number[];
}

/** Cells that differ in their last two coordinates only: part of one map. */
export interface Slice {
  readonly key: string;
  /** Sample and coordinates before the last two. */
  readonly lead: readonly number[];
  rows: number;
  columns: number;
  spots: Spot[];
}

export interface Panel {
  /** A place of the panel: it says whose cells these are. Null: the products. */
  readonly of: Cell | null;
  readonly slices: readonly Slice[];
  readonly limit: number;
}

export interface Picture {
  readonly panels: readonly Panel[];
  /** Maps that the terms lie in, shown and not. */
  readonly slices: { readonly shown: number; readonly all: number };
  /** The two factors run against one another. */
  readonly turned: boolean;
  /** Terms that are no cell of the grids, such as a bias. */
  readonly apart: readonly number[];
}

export const MOST_SLICES = 16;
const WIDEST = 16;

interface Item {
  /** Its number in the list; null: a loser. */
  term: number | null;
  value: number;
  placed: { value: number; place: Cell }[];
}

function fieldOf({ role, node, tensor, operation, result, state }: Cell): string {
  return [role, node, tensor, operation, result, state].join(' ');
}

function placedOf(factors: readonly Factor[]): Item['placed'] {
  return factors.flatMap(({ value, place }) => (place ? [{ value: Number(value), place }] : []));
}

function itemsOf(terms: readonly Term[], losers: Explanation['losers']): Item[] {
  const items = terms.map(({ value, factors }, term): Item => ({
    term,
    value: Number(value),
    placed: placedOf(factors),
  }));
  for (const { value, place } of losers ?? []) {
    const number = Number(value);
    if (place) items.push({ term: null, value: number, placed: [{ value: number, place }] });
  }
  return items;
}

const signature = (item: Item) => item.placed.map(({ place }) => fieldOf(place)).join(' | ');

/** The largest group of items whose factors come from the same tensors. */
function mainGroup(items: readonly Item[]): Item[] {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    if (!item.placed.length) continue;
    const key = signature(item);
    groups.set(key, [...(groups.get(key) ?? []), item]);
  }
  return [...groups.values()].reduce((a, b) => (b.length > a.length ? b : a), []);
}

interface Position {
  lead: number[];
  row: number;
  column: number;
}

/** A place as map, row and column; a vector is one row. */
function position({ sample, index }: Cell): Position {
  const lead = typeof sample === 'number' ? [sample] : [];
  const flat = index ?? [];
  const column = flat.at(-1) ?? 0;
  if (flat.length < 3) return { lead: [...lead, ...flat.slice(0, -1)], row: 0, column };
  return { lead: [...lead, ...flat.slice(0, -2)], row: flat.at(-2) ?? 0, column };
}

function gather(items: readonly Item[], factor: number, value: (item: Item) => number): Slice[] {
  const slices = new Map<string, Slice>();
  for (const item of items) {
    const place = item.placed[factor]?.place;
    if (!place) continue;
    const { lead, row, column } = position(place);
    const key = lead.join(' ');
    const slice = slices.get(key) ?? { key, lead, rows: 0, columns: 0, spots: [] };
    slices.set(key, slice);
    const there = slice.spots.find((spot) => spot.row === row && spot.column === column);
    if (there) {
      if (item.term !== null) there.terms.push(item.term);
      continue;
    }
    const terms = item.term === null ? [] : [item.term];
    slice.spots.push({ row, column, value: value(item), place, terms });
  }
  return [...slices.values()].sort((a, b) => order(a.lead, b.lead)).map(boxed);
}

function order(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((one, i) => one !== b[i]);
  return at < 0 ? 0 : (a[at] ?? 0) - (b[at] ?? 0);
}

/** Cut to the box around its cells; a long row is broken into lines. */
function boxed(slice: Slice): Slice {
  const top = Math.min(...slice.spots.map(({ row }) => row));
  const left = Math.min(...slice.spots.map(({ column }) => column));
  let rows = Math.max(...slice.spots.map(({ row }) => row)) - top + 1;
  let columns = Math.max(...slice.spots.map(({ column }) => column)) - left + 1;
  let spots = slice.spots.map((spot) => ({
    ...spot,
    row: spot.row - top,
    column: spot.column - left,
  }));
  if (rows === 1 && columns > WIDEST) {
    const width = Math.max(WIDEST, Math.ceil(Math.sqrt(columns)));
    rows = Math.ceil(columns / width);
    columns = width;
    spots = spots.map((spot) => ({
      ...spot,
      row: Math.floor(spot.column / width),
      column: spot.column % width,
    }));
  }
  return { ...slice, rows, columns, spots };
}

/** The slices of the first factor that hold most of the sum. */
function strongest(items: readonly Item[]): { kept: Item[]; shown: number; all: number } {
  const weights = new Map<string, number>();
  const keyOf = (item: Item) =>
    item.placed[0] ? position(item.placed[0].place).lead.join(' ') : '';
  for (const item of items) {
    weights.set(keyOf(item), (weights.get(keyOf(item)) ?? 0) + Math.abs(item.value));
  }
  const best = [...weights].sort((a, b) => b[1] - a[1]).slice(0, MOST_SLICES);
  const keys = new Set(best.map(([key]) => key));
  return {
    kept: items.filter((item) => keys.has(keyOf(item))),
    shown: keys.size,
    all: weights.size,
  };
}

const limitOf = (slices: readonly Slice[]) =>
  Math.max(0, ...slices.flatMap(({ spots }) => spots.map(({ value }) => Math.abs(value))));

/** Whether rows and columns of the two factors grow against one another, as under a turned kernel. */
function isTurned(items: readonly Item[]): boolean {
  const pairs = items.flatMap(({ placed: [a, b] }) =>
    a && b ? [[position(a.place), position(b.place)] as const] : [],
  );
  const first = pairs[0];
  if (!first) return false;
  const sum = ([a, b]: typeof first) => [a.row + b.row, a.column + b.column];
  const [rows, columns] = sum(first);
  const along = new Set(pairs.map(([a]) => `${a.row} ${a.column}`));
  return (
    along.size > 1 &&
    new Set(pairs.map(([, b]) => `${b.row} ${b.column}`)).size > 1 &&
    pairs.every((pair) => {
      const [r, c] = sum(pair);
      return r === rows && c === columns;
    })
  );
}

/** Null where there are not cells enough for a picture. */
export function pictureOf(explanation: Pick<Explanation, 'terms' | 'losers'>): Picture | null {
  const items = itemsOf(explanation.terms, explanation.losers);
  const group = mainGroup(items);
  if (group.length < 2) return null;
  const { kept, shown, all } = strongest(group);
  const factors = group[0]?.placed.length ?? 0;
  const panels: Panel[] = Array.from({ length: factors }, (_, factor) => {
    const slices = gather(kept, factor, (item) => item.placed[factor]?.value ?? NaN);
    return { of: slices[0]?.spots[0]?.place ?? null, slices, limit: limitOf(slices) };
  });
  // Beside a factor that is the same everywhere the others stand for the products.
  if (factors > 1) {
    const slices = gather(kept, 0, (item) => item.value);
    panels.push({ of: null, slices, limit: limitOf(slices) });
  }
  const inside = new Set(group);
  return {
    panels,
    slices: { shown, all },
    turned: isTurned(kept),
    apart: items.flatMap((item) => (inside.has(item) || item.term === null ? [] : [item.term])),
  };
}

/** How wide a cell of the panels is drawn, given the room for all of them. */
export function cellSize(picture: Picture, width: number, height: number): number {
  let [across, gaps, tallest] = [0, 0, 1];
  for (const { slices } of picture.panels) {
    const { columns, rows } = tiling(slices);
    across += columns * Math.max(1, ...slices.map((slice) => slice.columns));
    gaps += (columns - 1) * SLICE_GAP;
    tallest = Math.max(tallest, rows * Math.max(1, ...slices.map((slice) => slice.rows)));
  }
  const signs = (picture.panels.length - 1) * SIGN;
  const fits = Math.min((width - gaps - signs) / across, height / tallest);
  return Math.min(LARGEST, Math.max(SMALLEST, Math.floor(fits)));
}

export const SLICE_GAP = 4;
const SIGN = 30;
const SMALLEST = 3;
const LARGEST = 30;

/** Several maps of a panel side by side. */
export function tiling(slices: readonly Slice[]): { columns: number; rows: number } {
  const columns = Math.max(1, Math.ceil(Math.sqrt(slices.length)));
  return { columns, rows: Math.max(1, Math.ceil(slices.length / columns)) };
}
