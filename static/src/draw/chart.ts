// A part's own plot as paths in a box of pixels: scales, ticks, curves, spikes and a histogram. Pure.
import { scaleLinear, type ScaleLinear } from 'd3-scale';

export interface Curve {
  readonly y: readonly number[];
  readonly filled: boolean;
}

export interface PlotData {
  readonly x: readonly number[];
  readonly lines: readonly Curve[];
  readonly spikes: readonly { readonly x: number; readonly y: number }[];
}

export interface Box {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

export interface Chart {
  readonly x: ScaleLinear<number, number>;
  readonly y: ScaleLinear<number, number>;
  readonly lines: readonly { readonly line: string; readonly area: string | null }[];
  readonly spikes: readonly { readonly x: number; readonly y: number; readonly share: number }[];
  readonly xTicks: readonly number[];
  readonly yTicks: readonly number[];
}

const ROOM = 0.06;

/** The plot laid out in a box. */
export function chart(plot: PlotData, box: Box): Chart {
  const values = [...plot.lines.flatMap(({ y }) => y), ...plot.spikes.map(({ y }) => y)];
  const low = Math.min(0, ...values);
  const high = Math.max(...values, low + 1e-9);
  const room = ROOM * (high - low);
  const x = scaleLinear()
    .domain([plot.x[0] ?? 0, plot.x.at(-1) ?? 1])
    .range([box.left, box.width - box.right]);
  const y = scaleLinear()
    .domain([low < 0 ? low - room : 0, high + room])
    .range([box.height - box.bottom, box.top]);
  return {
    x,
    y,
    lines: plot.lines.map((curve) => ({
      line: path(plot.x, curve.y, x, y),
      area: curve.filled ? area(plot.x, curve.y, x, y) : null,
    })),
    spikes: plot.spikes.map((spike) => ({ x: x(spike.x), y: y(spike.y), share: spike.y })),
    xTicks: x.ticks(5),
    yTicks: y.ticks(4),
  };
}

type Scale = ScaleLinear<number, number>;

function path(xs: readonly number[], ys: readonly number[], x: Scale, y: Scale): string {
  return xs
    .map((value, i) => `${i ? 'L' : 'M'}${x(value).toFixed(1)} ${y(ys[i] ?? 0).toFixed(1)}`)
    .join('');
}

function area(xs: readonly number[], ys: readonly number[], x: Scale, y: Scale): string {
  const [first = 0, last = 0] = [xs[0], xs.at(-1)];
  const base = y(0).toFixed(1);
  return `${path(xs, ys, x, y)}L${x(last).toFixed(1)} ${base}L${x(first).toFixed(1)} ${base}Z`;
}

/** Values as frames have them. */
export interface Values {
  readonly count: number;
  readonly size: number;
  value(map: number, index: number): number;
}

export interface Histogram {
  /** Share of all values in each bin. */
  readonly shares: readonly number[];
  /** Share of the values that lie below and above the range. */
  readonly below: number;
  readonly above: number;
}

/** How the finite values are spread over low…high; null where there are none. */
export function histogram(
  values: Values,
  low: number,
  high: number,
  bins: number,
): Histogram | null {
  const counts = new Array<number>(bins).fill(0);
  let [below, above, all] = [0, 0, 0];
  for (let map = 0; map < values.count; map++) {
    for (let i = 0; i < values.size; i++) {
      const value = values.value(map, i);
      if (!Number.isFinite(value)) continue;
      all++;
      if (value < low) below++;
      else if (value > high) above++;
      else {
        const bin = Math.min(bins - 1, Math.floor(((value - low) / (high - low)) * bins));
        counts[bin] = (counts[bin] ?? 0) + 1;
      }
    }
  }
  if (!all) return null;
  return { shares: counts.map((n) => n / all), below: below / all, above: above / all };
}

/** Bars that stand on the bottom of the box, the tallest `share` of its height. */
export function bars(found: Histogram, plot: Chart, box: Box, share = 0.62): string {
  const most = Math.max(...found.shares, 1e-9);
  const [low = 0, high = 1] = plot.x.domain();
  const step = (high - low) / found.shares.length;
  const floor = box.height - box.bottom;
  const tall = (floor - box.top) * share;
  return found.shares
    .map((one, i) => {
      if (!one) return '';
      const [left, right] = [plot.x(low + i * step), plot.x(low + (i + 1) * step)];
      const top = floor - Math.max(1, (one / most) * tall);
      return `M${left.toFixed(1)} ${floor}V${top.toFixed(1)}H${(right - 0.6).toFixed(1)}V${floor}Z`;
    })
    .join('');
}
