// What stands in the cells of recurrent layers: the values of a unit by name, their curves, what a number opens as.
// Pure.
import type { CellKind, Quantity } from './drawings';

export { DRAWINGS, WIDTH } from './drawings';
export type { CellKind, Chip, Quantity } from './drawings';

/** What is plotted over time: its name, and the range that it cannot leave; null where there is none. */
export interface Curve {
  readonly name: string;
  readonly range: readonly [number, number] | null;
}

const SHARE = [0, 1] as const;
const SIGNED = [-1, 1] as const;

export const CURVES: Readonly<Record<CellKind, readonly Curve[]>> = {
  lstm: [
    { name: 'i', range: SHARE },
    { name: 'f', range: SHARE },
    { name: 'o', range: SHARE },
    { name: 'g', range: SIGNED },
    { name: 'c', range: null },
    { name: 'h', range: SIGNED },
  ],
  gru: [
    { name: 'r', range: SHARE },
    { name: 'z', range: SHARE },
    { name: 'n', range: SIGNED },
    { name: 'h', range: SIGNED },
  ],
  elman: [
    { name: 'Ux', range: null },
    { name: 'Ws', range: null },
    { name: 'b', range: null },
    { name: 'u', range: null },
    { name: 's', range: null },
  ],
  jordan: ['Ux', 'Wo', 'b', 'u', 's', 'Vs', 'c', 'v', 'o'].map((name) => ({ name, range: null })),
};

/** Values of one unit at every step, by name. */
export type Series = Readonly<Record<string, ArrayLike<number>>>;

/** The step that was read before step `t`; the half that reads backwards comes from the step after. */
export function stepBefore(t: number, back: boolean): number {
  return back ? t + 1 : t - 1;
}

/** The value of a quantity at step `t`; what was before the first step is 0. */
export function valueOf(series: Series, { name, at }: Quantity, t: number, back: boolean): number {
  const past = stepBefore(t, back);
  const get = (one: string, step: number) => {
    const values = series[one];
    if (!values) return NaN;
    return step < 0 || step >= values.length ? 0 : (values[step] ?? NaN);
  };
  switch (name) {
    case 'f∘c':
      return get('f', t) * get('c', past);
    case 'i∘g':
      return get('i', t) * get('g', t);
    case 'tanh c':
      return Math.tanh(get('c', t));
    case 'z∘h':
      return get('z', t) * get('h', past);
    case '(1−z)∘n':
      return (1 - get('z', t)) * get('n', t);
    default:
      return get(name, at === 0 ? t : past);
  }
}

const SUMS: Readonly<Record<CellKind, Readonly<Record<string, string>>>> = {
  lstm: { 'f∘c': 'c', 'i∘g': 'c', 'tanh c': 'h' },
  gru: { 'z∘h': 'h', '(1−z)∘n': 'h' },
  elman: { Ux: 'u', Ws: 'u', b: 'u' },
  jordan: { Ux: 'u_s', Wo: 'u_s', b: 'u_s', u: 'u_s', Vs: 'u_o', c: 'u_o', v: 'u_o' },
};

/** What a cell gives to the layers above it. */
export const OWN: Readonly<Record<CellKind, string>> = {
  lstm: 'h',
  gru: 'h',
  elman: 's',
  jordan: 'o',
};

/** The named number of the run that a quantity is opened as: a product is a term of the sum that it goes into. */
export function openedAs(kind: CellKind, quantity: Quantity): Quantity {
  const name = SUMS[kind][quantity.name];
  return name === undefined ? quantity : { name, at: 0 };
}

/** A curve in a box, the first step at half a column from its left. */
export function curvePath(
  values: ArrayLike<number>,
  [low, high]: readonly [number, number],
  width: number,
  height: number,
): string {
  const column = width / Math.max(1, values.length);
  const parts: string[] = [];
  let pen = 'M';
  for (let t = 0; t < values.length; t++) {
    const value = values[t] ?? NaN;
    if (!Number.isFinite(value)) {
      pen = 'M';
      continue;
    }
    const y = height - ((value - low) / (high - low || 1)) * height;
    parts.push(`${pen}${((t + 0.5) * column).toFixed(1)} ${y.toFixed(1)}`);
    pen = 'L';
  }
  return parts.join('');
}

/** The range of a curve: its own where it is bounded, else symmetric around 0. */
export function rangeOf(curve: Curve, values: ArrayLike<number>): readonly [number, number] {
  if (curve.range) return curve.range;
  let most = 0;
  for (let t = 0; t < values.length; t++) {
    const size = Math.abs(values[t] ?? 0);
    if (Number.isFinite(size)) most = Math.max(most, size);
  }
  return [-(most || 1), most || 1];
}
