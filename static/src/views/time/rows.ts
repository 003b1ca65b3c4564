// The tracks of the view through time: forward what every step holds, backward what flows back through it.
import { decadesOf, type Decades } from '../../draw/decades';
import type { Track } from '../../draw/tracks';
import type { Grid, Summed, Through } from '../../protocol/through';
import { lengthOf, visible } from '../../state/tokens';
import { figure } from '../cell/figures';
import { w } from './words';

/** A track with its name in the margin and for those who do not see it. */
export interface Row {
  readonly track: Track;
  readonly label: string;
  /** The range of its colours, under the label. */
  readonly note?: string;
  readonly name: string;
  /** What a cell of it is called where it is read: `h`, `δ f`. */
  readonly symbol: string;
  /** Its cells or steps can be opened. */
  readonly opens: boolean;
  /** The inner number that its cells are: a state's name, with `u_` its net input. */
  readonly state?: string;
  readonly role?: 'activation' | 'sensitivity';
}

function rangeOf(track: Track): { note?: string } {
  if (track.kind !== 'heat' || track.height < 40) return {};
  return { note: w('time.range', { limit: figure(track.limit, 2) }) };
}

export function largestOf(values: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) {
    const size = Math.abs(values[i] ?? 0);
    if (size > most && Number.isFinite(size)) most = size;
  }
  return most;
}

/** Columns `from` … `from + count` of every row. */
export function columns(grid: Grid, from: number, count: number): Grid {
  const values = new Float32Array(grid.rows * count);
  for (let row = 0; row < grid.rows; row++) {
    for (let i = 0; i < count; i++) {
      values[row * count + i] = grid.values[row * grid.columns + from + i] ?? NaN;
    }
  }
  return { rows: grid.rows, columns: count, values };
}

function heat(id: string, grid: Grid, height: number, limit = largestOf(grid.values)): Track {
  return { kind: 'heat', id, values: grid.values, units: grid.columns, limit, height };
}

const axis = (cuts: readonly number[]): Row => ({
  track: { kind: 'axis', id: 'axis', height: 18, cuts },
  label: w('time.axis'),
  name: w('time.axis'),
  symbol: 't',
  opens: false,
});

/** The edge of the net: the numbers that are read, and the tokens that they stand for. */
export function inputRow(x: Grid | null, words: Tokens | null): Row[] {
  const rows: Row[] = [];
  if (x) {
    const height = Math.min(56, Math.max(18, x.columns * 9));
    const [label, track] = [w('time.input'), heat('input', x, height)];
    rows.push({ track, label, ...rangeOf(track), name: label, symbol: 'x', opens: false });
  }
  if (words) {
    rows.push({
      track: { kind: 'words', id: 'words', words: words.steps, height: 24 },
      label: w('time.words'),
      name: w('time.wordsAre', { text: words.said }),
      symbol: 'x',
      opens: false,
    });
  }
  return rows;
}

/** Tokens as they stand at the steps, and in one go. */
export interface Tokens {
  readonly steps: readonly string[];
  readonly said: string;
  /** How many there are. */
  readonly end: number;
  /** Room that a step needs for its token, in pixels. */
  readonly room: number;
}

/** The tokens of a sequence of ids, filled up at its end. */
export function tokensOf(
  ids: ArrayLike<number>,
  vocabulary: readonly string[],
  joint: string,
): Tokens {
  const end = lengthOf(ids);
  const every = Array.from({ length: ids.length }, (_, t) =>
    t < end ? visible(vocabulary[ids[t] ?? 0] ?? '·') : '',
  );
  const wide = (token: string) =>
    [...token].reduce((sum, one) => sum + (one > '\u2e80' ? 12 : 7), 6);
  const room = Math.min(64, Math.max(13, ...every.map(wide)));
  return { steps: every, said: every.slice(0, end).join(joint), end, room };
}

/** What every step holds: the output on top, what is handed on from step to step, the input below. */
export function forwardRows(
  states: readonly { name: string; grid: Grid }[],
  memory: readonly string[],
  x: Grid | null,
  words: Tokens | null,
  cuts: readonly number[],
  height: number,
): Row[] {
  const rows: Row[] = [axis(cuts)];
  for (const { name, grid } of states) {
    const carried = memory.includes(name);
    const track = heat(name, grid, carried ? height : Math.max(44, height * 0.6));
    rows.push({
      track,
      ...rangeOf(track),
      label: w('time.state', { name: name || w('time.output') }),
      name: w('time.state', { name: name || w('time.output') }),
      symbol: name,
      opens: true,
      ...(name ? { state: name } : {}),
      role: 'activation',
    });
    if (!carried) continue;
    rows.push({
      track: { kind: 'flow', id: `${name} on`, values: null, range: null, way: 1, height: 14 },
      label: w('time.handed', { name: name || w('time.output') }),
      name: w('time.handed', { name: name || w('time.output') }),
      symbol: name,
      opens: false,
    });
  }
  rows.push({
    track: { kind: 'links', id: 'reads', values: null, range: null, way: -1, height: 12 },
    label: w('time.reads'),
    name: w('time.reads'),
    symbol: 'U x',
    opens: false,
  });
  return [...rows, ...inputRow(x, words)];
}

/** Which sensitivity is shown: ∂E/∂(a state), or δ at a net input. */
export interface Choice {
  readonly id: string;
  readonly state: string;
  readonly label: string;
  readonly grid: (found: Through) => Grid | null;
}

/** ∂E/∂(what is handed on), then δ at the net input of every gate, or of the hidden units. */
export function choicesOf(found: Through): Choice[] {
  const states = found.memory.map((name) => ({
    id: name,
    state: name,
    label: w('time.bar', { name }),
    grid: (from: Through) => from.sensitivity(name),
  }));
  const gates = found.states.filter((name) => !found.memory.includes(name));
  const inner = gates.length ? gates : found.memory.slice(0, 1);
  const nets = inner.map((name, at) => ({
    id: `u_${name}`,
    state: `u_${name}`,
    label: gates.length ? w('time.deltaOf', { name }) : w('time.delta'),
    grid: (from: Through) => {
      const every = from.delta;
      const count = every ? every.columns / inner.length : 0;
      return every && columns(every, at * count, count);
    },
  }));
  return [...states, ...nets];
}

export interface Backward {
  readonly found: Through;
  readonly choice: Choice;
  /** |∂E_τ/∂s_t| of the row that is lit. */
  readonly lit: { tau: number; norms: ArrayLike<number>; range: Decades } | null;
  readonly words: Tokens | null;
  readonly cuts: readonly number[];
  readonly height: number;
  readonly term: { name: string; time: number } | null;
}

/** What flows back: δ, the stream that carries it, where it arrives, what each step gives to the gradients. */
export function backwardRows(given: Backward): Row[] {
  const { found, choice, lit, words, cuts, height, term } = given;
  const grid = choice.grid(found);
  const name = found.memory.includes(choice.id) ? choice.id : (found.memory[0] ?? '');
  const norms = found.norms(name);
  const rows: Row[] = [axis(cuts)];
  if (grid) {
    const track = heat(choice.id, grid, height);
    rows.push({
      track,
      ...rangeOf(track),
      label: choice.label,
      name: choice.label,
      symbol: choice.label.replace('(t)', ''),
      opens: true,
      state: choice.state,
      role: 'sensitivity',
    });
  }
  if (norms) {
    const range = decadesOf(norms);
    rows.push({
      track: { kind: 'flow', id: 'back', values: norms, range, way: -1, height: 26 },
      label: `← ${w('time.back')}`,
      name: w('time.flowBand'),
      symbol: w('time.bar', { name }).replace('(t)', ''),
      opens: false,
    });
    rows.push({
      track: { kind: 'links', id: 'down', values: norms, range, way: 1, height: 12 },
      label: w('time.down'),
      name: w('time.down'),
      symbol: w('time.bar', { name }).replace('(t)', ''),
      opens: false,
    });
  }
  if (lit) {
    rows.push({
      track: { kind: 'band', id: 'reach', values: lit.norms, range: lit.range, height: 14 },
      label: w('time.reach'),
      name: w('time.reachBand', { tau: lit.tau }),
      symbol: `∂E(${lit.tau})/∂${name}`,
      opens: false,
    });
  }
  return [...rows, ...inputRow(found.x, words), ...sumRows(found.sums, term)];
}

/** Weights alone, or all: biases are many and small pictures. */
function sumRows(sums: readonly Summed[], term: { name: string; time: number } | null): Row[] {
  const weights = sums.filter(({ name }) => !/\.(bias\w*|b|c)$/.test(name));
  return weights.map(({ name, norms }) => ({
    track: {
      kind: 'bars',
      id: `sum ${name}`,
      values: norms,
      most: largestOf(norms),
      chosen: term?.name === name ? term.time : null,
      height: 34,
    },
    label: w('time.sum', { name: shortName(name, sums) }),
    name: w('time.sumBars', { name }),
    symbol: w('time.sum', { name: shortName(name, sums) }),
    opens: true,
  }));
}

/** The textbook's letter with PyTorch's name: U, W, V. */
export function shortName(name: string, sums: readonly Summed[]): string {
  const [node = '', tensor = ''] = name.split('.');
  const own = sums[0]?.name.split('.')[0];
  if (/weight_ih/.test(tensor)) return 'U';
  if (/weight_hh/.test(tensor) || tensor === 'band') return 'W';
  return node === own ? tensor : 'V';
}
