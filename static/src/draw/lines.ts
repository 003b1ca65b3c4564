// Lines over a linear or a logarithmic axis with points as marks: a small multiple. Pure.

export type Point = readonly [x: number, y: number];

export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

export interface Axis {
  readonly log?: boolean;
  /** Values that must be on it. */
  readonly include?: readonly number[];
  /** Its ends, where they are fixed. */
  readonly range?: readonly [number, number];
}

export interface Tick {
  readonly at: number;
  readonly value: number;
}

export interface Lines {
  /** One path a series, broken where a value is not finite. */
  readonly paths: readonly string[];
  /** Marks of every series; `high`: above every number, drawn at the top. */
  readonly marks: readonly (readonly {
    readonly x: number;
    readonly y: number;
    readonly high: boolean;
  }[])[];
  readonly xTicks: readonly Tick[];
  readonly yTicks: readonly Tick[];
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
  /** The value at a height: for a threshold that is dragged. */
  readonly valueAt: (y: number) => number;
}

const MOST_TICKS = 5;

function domain(values: readonly number[], axis: Axis): readonly [number, number] {
  if (axis.range) return axis.range;
  const usable = [...values, ...(axis.include ?? [])].filter(
    (value) => Number.isFinite(value) && (!axis.log || value > 0),
  );
  if (!usable.length) return axis.log ? [0.1, 1] : [0, 1];
  let [low, high] = [Math.min(...usable), Math.max(...usable)];
  if (axis.log) {
    if (high / low < 10) [low, high] = [low / 2, high * 2];
    return [low, high];
  }
  if (low === high) [low, high] = [low - 0.5, high + 0.5];
  return [low, high];
}

/** Powers of ten within the ends, evenly thinned; where there are fewer than two, 1, 2 and 5 times them. */
export function decades(low: number, high: number): number[] {
  const [first, last] = [Math.ceil(Math.log10(low) - 1e-9), Math.floor(Math.log10(high) + 1e-9)];
  if (last - first < 1) {
    const found: number[] = [];
    for (let power = first - 1; power <= last + 1; power++) {
      for (const factor of [1, 2, 5]) found.push(Number(`${factor}e${power}`));
    }
    return found.filter((value) => value >= low * 0.999 && value <= high * 1.001);
  }
  const stride = Math.max(1, Math.ceil((last - first + 1) / MOST_TICKS));
  const found: number[] = [];
  for (let power = last; power >= first; power -= stride) found.unshift(Number(`1e${power}`));
  return found;
}

/** Round numbers within the ends. */
export function rounds(low: number, high: number): number[] {
  const rough = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((one) => one * power).find((one) => one >= rough) ?? rough;
  const found: number[] = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k++) {
    found.push(Number((k * step).toPrecision(12)));
  }
  return found;
}

function scale(low: number, high: number, log: boolean, from: number, to: number) {
  const f = log ? Math.log10 : (value: number) => value;
  const span = f(high) - f(low) || 1;
  const place = (value: number) => from + ((f(value) - f(low)) / span) * (to - from);
  const back = (at: number) => {
    const inner = f(low) + ((at - from) / (to - from)) * span;
    return log ? 10 ** inner : inner;
  };
  return { place, back };
}

/** The series laid out. `xTicks` names the places of the horizontal axis where it is given. */
export function drawLines(
  series: readonly (readonly Point[])[],
  xAxis: Axis,
  yAxis: Axis,
  frame: Frame,
  xTicks?: readonly number[],
): Lines {
  const all = series.flat();
  const [x0, x1] = domain(
    all.map(([x]) => x),
    xAxis,
  );
  const [y0, y1] = domain(
    all.map(([, y]) => y),
    yAxis,
  );
  const floor = frame.height - frame.bottom;
  const x = scale(x0, x1, !!xAxis.log, frame.left, frame.width - frame.right);
  const y = scale(y0, y1, !!yAxis.log, floor, frame.top);
  const up = (value: number) => {
    if (yAxis.log && value <= 0) return floor;
    return Math.min(floor, Math.max(frame.top, y.place(value)));
  };
  const path = (points: readonly Point[]): string => {
    let pen = 'M';
    let found = '';
    for (const [px, py] of points) {
      if (Number.isFinite(py)) {
        found += `${pen}${x.place(px).toFixed(1)} ${up(py).toFixed(1)}`;
        pen = 'L';
      } else pen = 'M';
    }
    return found;
  };
  const xs = xTicks ?? (xAxis.log ? decades(x0, x1) : rounds(x0, x1));
  const ys = yAxis.log ? decades(y0, y1) : rounds(y0, y1);
  return {
    paths: series.map(path),
    marks: series.map((points) =>
      points.map(([px, py]) => {
        const high = !Number.isFinite(py);
        return { x: x.place(px), y: high ? frame.top : up(py), high };
      }),
    ),
    xTicks: xs.map((value) => ({ at: x.place(value), value })),
    yTicks: ys.map((value) => ({ at: y.place(value), value })),
    x: x.place,
    y: up,
    valueAt: y.back,
  };
}

/** A mark of its own for every series, so that colour is not all that tells them apart. */
export function mark(which: number, x: number, y: number, r = 3.4): string {
  const [left, right, top, bottom] = [x - r, x + r, y - r, y + r].map((v) => v.toFixed(1));
  const [cx, cy] = [x.toFixed(1), y.toFixed(1)];
  switch (which % 4) {
    case 0:
      return `M${left} ${cy}A${r} ${r} 0 1 1 ${right} ${cy}A${r} ${r} 0 1 1 ${left} ${cy}Z`;
    case 1:
      return `M${left} ${top}H${right}V${bottom}H${left}Z`;
    case 2:
      return `M${cx} ${top}L${right} ${bottom}H${left}Z`;
    default:
      return `M${cx} ${top}L${right} ${cy}L${cx} ${bottom}L${left} ${cy}Z`;
  }
}
