// The curve of a range test: loss over a logarithmic η, as lines and marks of a chart. Pure.

export interface SweepFrame {
  width: number;
  height: number;
  left: number;
  bottom: number;
}

export interface Sweep {
  raw: string;
  smooth: string;
  /** Marks of the horizontal axis: powers of ten. */
  x: { at: number; power: number }[];
  /** Marks of the vertical axis. */
  y: { at: number; value: number }[];
  /** From a rate to its place on the axis. */
  place: (rate: number) => number;
}

const TOP = 8;
const RIGHT = 10;

/** Losses far above the first are cut off: what matters is where they fall. */
function ceiling(losses: readonly number[]): [number, number] {
  const finite = losses.filter(Number.isFinite);
  if (!finite.length) return [0, 1];
  const low = Math.min(...finite);
  const first = finite[0] ?? low;
  const high = Math.min(Math.max(...finite), first + 0.5 * (first - low) + 0.1 * Math.abs(first));
  return [low, high > low ? high : low + 1];
}

function nice(low: number, high: number): number[] {
  const rough = (high - low) / 3;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= rough) ?? rough;
  const first = Math.ceil(low / step);
  return Array.from({ length: 6 }, (_, i) => (first + i) * step).filter((value) => value <= high);
}

export function drawSweep(
  low: number,
  high: number,
  rates: readonly number[],
  losses: readonly number[],
  smoothed: readonly number[],
  { width, height, left, bottom }: SweepFrame,
): Sweep {
  const span = Math.log10(high / low);
  const [least, most] = ceiling(losses);
  const place = (rate: number) => left + (Math.log10(rate / low) / span) * (width - left - RIGHT);
  const up = (value: number) => {
    const share = Math.min((value - least) / (most - least), 10); // the chart's edge cuts it off
    return height - bottom - share * (height - bottom - TOP);
  };
  const path = (values: readonly number[]): string => {
    let pen = 'M';
    let found = '';
    rates.forEach((rate, i) => {
      const value = values[i] ?? NaN;
      if (!Number.isFinite(value)) return void (pen = 'M');
      found += `${pen}${place(rate).toFixed(1)} ${up(value).toFixed(1)}`;
      pen = 'L';
    });
    return found;
  };
  const powers: number[] = [];
  for (let p = Math.ceil(Math.log10(low) - 1e-9); p <= Math.log10(high) + 1e-9; p++) powers.push(p);
  return {
    raw: path(losses),
    smooth: path(smoothed),
    x: powers.map((power) => ({ at: place(10 ** power), power })),
    y: nice(least, most).map((value) => ({ at: up(value), value })),
    place,
  };
}
