// Arithmetic of the curves: smoothing, one common x for all series, what a listener is told. Draws nothing.

export interface Series {
  id: string;
  label: string;
  /** Name of a token: `train` is drawn in --curve-train. */
  color: string;
  style: 'solid' | 'dashed';
  x: ArrayLike<number>;
  y: ArrayLike<number>;
}

/** One column of the chart: null is a gap, undefined a place that belongs to another series only. */
export type Column = (number | null | undefined)[];

export interface Summary {
  latest: number;
  at: number;
  min: number;
  max: number;
}

/** As many decimals as a value of an axis needs to be told from its neighbours: of a step like 0.25, two. */
export function tickDecimals(value: number): number {
  for (let digits = 0; digits < 4; digits++) {
    if (Math.abs(value - Number(value.toFixed(digits))) <= 1e-9 * Math.max(1, Math.abs(value))) {
      return digits;
    }
  }
  return 4;
}

/** Exponential moving average without the bias of its start; what is not finite is passed on untouched. */
export function smooth(y: ArrayLike<number>, weight: number): number[] {
  const out = new Array<number>(y.length);
  let sum = 0;
  let mass = 0;
  for (let i = 0; i < y.length; i++) {
    const value = y[i] ?? NaN;
    if (Number.isFinite(value)) {
      sum = weight * sum + (1 - weight) * value;
      mass = weight * mass + (1 - weight);
      out[i] = sum / mass;
    } else {
      out[i] = value;
    }
  }
  return out;
}

/** All x that occur in any series, ascending, each once. Every series' own x must ascend. */
export function mergeX(series: readonly { x: ArrayLike<number> }[]): number[] {
  let merged: number[] = [];
  for (const [index, { x }] of series.entries()) {
    if (index > 0 && series[index - 1]?.x === x) continue;
    merged = merged.length === 0 ? Array.from(x) : mergeTwo(merged, x);
  }
  return merged;
}

function mergeTwo(a: readonly number[], b: ArrayLike<number>): number[] {
  const out: number[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const left = a[i] ?? Infinity;
    const right = b[j] ?? Infinity;
    out.push(Math.min(left, right));
    if (left <= right) i++;
    if (right <= left) j++;
  }
  return out;
}

/** The values of one series at the common x. On a logarithmic axis what is not positive is a gap. */
export function column(
  common: readonly number[],
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  positive: boolean,
): Column {
  const out = new Array<number | null | undefined>(common.length);
  let from = 0;
  for (let i = 0; i < common.length; i++) {
    if (from >= x.length || x[from] !== common[i]) continue;
    const value = y[from++] ?? NaN;
    out[i] = Number.isFinite(value) && !(positive && value <= 0) ? value : null;
  }
  return out;
}

/** Latest, lowest and highest finite value; null where there is none. */
export function summarise({
  x,
  y,
}: {
  x: ArrayLike<number>;
  y: ArrayLike<number>;
}): Summary | null {
  let [latest, at, min, max] = [NaN, 0, Infinity, -Infinity];
  for (let i = 0; i < y.length; i++) {
    const value = y[i] ?? NaN;
    if (!Number.isFinite(value)) continue;
    [latest, at] = [value, x[i] ?? 0];
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  return Number.isNaN(latest) ? null : { latest, at, min, max };
}

/** Index of the value of ascending `x` that lies nearest to `at`; -1 where there is none. */
export function nearest(x: ArrayLike<number>, at: number): number {
  let low = 0;
  let high = x.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((x[middle] ?? 0) < at) low = middle + 1;
    else high = middle;
  }
  if (low > 0 && Math.abs((x[low - 1] ?? 0) - at) <= Math.abs((x[low] ?? 0) - at)) low--;
  return x.length === 0 ? -1 : low;
}

/** Decimals that show three digits of `value`, between one and four. */
export function decimals(value: number): number {
  const size = Math.abs(value);
  if (!Number.isFinite(size) || size >= 100) return 1;
  return size >= 10 ? 2 : size >= 0.1 || size === 0 ? 3 : 4;
}

/** Marks of a logarithmic axis: powers of ten, thinned to at most `most`; 1, 2, 5 where they are few. */
export function logTicks(min: number, max: number, most = 4): number[] {
  const first = Math.floor(Math.log10(min) + 1e-9);
  const last = Math.ceil(Math.log10(max) - 1e-9);
  const stride = Math.max(1, Math.ceil((last - first + 1) / most));
  const factors = last - first <= 1 ? [1, 2, 5] : [1];
  const ticks: number[] = [];
  for (let power = first; power <= last; power += stride) {
    for (const factor of factors) ticks.push(Number((factor * 10 ** power).toPrecision(3)));
  }
  return ticks.filter((tick) => tick >= min * 0.999 && tick <= max * 1.001);
}
