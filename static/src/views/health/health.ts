// What the health of derivatives draws: lines with gaps on a logarithmic scale, their states. Pure.
import { scaleLinear } from 'd3-scale';
import type { Health } from '../controls/gradient';
import { MEASURES, type Layer, type Measure } from '../../state/derivatives.svelte';

export { MEASURES, type Measure };
export type { Health as State } from '../controls/gradient';
export { nearest } from '../controls/curves';

export interface Bounds {
  readonly low: number | null;
  readonly high: number | null;
}

/** One layer's values along the steps: null is no gradient, NaN what is not finite. */
export interface Line {
  readonly node: string;
  readonly values: readonly (number | null)[];
}

/** Shares go from 0 to 1; all else is drawn by powers of ten. */
export const isShare = (measure: Measure): boolean => measure === 'dead' || measure === 'saturated';

/** Layers that have the measure at any step, in order of computation. */
export function linesOf(layers: readonly Layer[], measure: Measure): Line[] {
  return layers
    .filter((layer) => layer[measure].some((value) => value !== null))
    .map((layer) => ({ node: layer.node, values: layer[measure] }));
}

export function stateOf(value: number | null | undefined, { low, high }: Bounds): Health {
  if (value === null || value === undefined) return 'none';
  if (!Number.isFinite(value)) return 'broken';
  if (low !== null && value === 0) return 'zero';
  if (low !== null && value < low) return 'low';
  return high !== null && value > high ? 'high' : 'ok';
}

export interface Scale {
  /** Height of a value as a share of the chart, from the bottom. */
  at(value: number): number;
  readonly ticks: readonly { readonly value: number; readonly at: number }[];
}

/** Room at the bottom of a logarithmic scale for what is exactly zero. */
const ZERO = 0.06;
const MOST_TICKS = 7;

export function scaleOf(lines: readonly Line[], bounds: Bounds, measure: Measure): Scale {
  if (isShare(measure)) {
    const ticks = [0, 0.25, 0.5, 0.75, 1].map((value) => ({ value, at: value }));
    return { at: (value) => (Number.isFinite(value) ? value : 1), ticks };
  }
  const values = lines
    .flatMap((line) => line.values)
    .filter((value): value is number => value !== null && Number.isFinite(value) && value > 0);
  const marks = [bounds.low, bounds.high].filter((bound) => bound !== null);
  const low = Math.floor(Math.log10(Math.min(...values, ...marks)) - 1e-9);
  const high = Math.ceil(Math.log10(Math.max(...values, ...marks)) + 1e-9);
  const at = (value: number) => {
    if (!Number.isFinite(value)) return 1;
    if (value <= 0) return 0;
    return ZERO + ((1 - ZERO) * (Math.log10(value) - low)) / (high - low);
  };
  const every = Math.ceil((high - low) / MOST_TICKS);
  const powers = Array.from({ length: high - low + 1 }, (_, i) => low + i);
  const ticks = powers
    .filter((power) => power % every === 0)
    .map((power) => ({ value: 10 ** power, at: at(10 ** power) }));
  return { at, ticks: [{ value: 0, at: 0 }, ...ticks] };
}

export interface Point {
  readonly x: number;
  readonly y: number;
  /** Neither neighbour is there: a dot, or nobody would see it. */
  readonly alone: boolean;
  readonly state: Health;
}

/** Places of a row of values; null where there is none. */
export function pointsOf(
  values: readonly (number | null)[],
  x: (index: number) => number,
  y: (value: number) => number,
  bounds: Bounds,
): (Point | null)[] {
  return values.map((value, i) => {
    if (value === null) return null;
    const alone = (values[i - 1] ?? null) === null && (values[i + 1] ?? null) === null;
    return { x: x(i), y: y(value), alone, state: stateOf(value, bounds) };
  });
}

/** A path that is broken where there is nothing. */
export function pathOf(points: readonly (Point | null)[]): string {
  let pen = false;
  return points
    .map((point) => {
      if (!point) {
        pen = false;
        return '';
      }
      const to = `${pen ? 'L' : 'M'}${point.x.toFixed(1)} ${point.y.toFixed(1)}`;
      pen = true;
      return to;
    })
    .join('');
}

/** A colour of the page by depth: the first layer, the middle, the last. */
export function colourOf(index: number, count: number): string {
  const share = count < 2 ? 0 : (2 * index) / (count - 1);
  const [from, to, part] =
    share <= 1 ? ['curve-1', 'curve-2', share] : ['curve-2', 'curve-4', share - 1];
  return `color-mix(in oklab, var(--${from}), var(--${to}) ${(100 * Number(part)).toFixed(0)}%)`;
}

/** Whole steps worth a mark below the chart. */
export function stepTicks(first: number, last: number): number[] {
  return scaleLinear().domain([first, last]).ticks(6).filter(Number.isInteger);
}
