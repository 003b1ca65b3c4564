// The one place that talks to uPlot: makes a chart of given columns in the page's colours. Knows no network.
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { logTicks, type Column } from './curves';

export interface Line {
  color: string;
  dashed: boolean;
  faint: boolean;
}

export interface PlotOptions {
  lines: readonly Line[];
  height: number;
  logY: boolean;
  yRange: [number, number] | undefined;
  tick: (value: number) => string;
  hover: (index: number | null) => void;
  pick: (x: number) => void;
  zoomed: (zoomed: boolean) => void;
}

export interface Plot {
  set(x: number[], columns: Column[]): void;
  mark(x: number | undefined): void;
  read(index: number | null): void;
  zoom(factor: number, around: number): void;
  reset(): void;
  resize(width: number, height: number): void;
  destroy(): void;
}

const CLICK = 4;

function painter(host: HTMLElement): (token: string) => string {
  return (token) => getComputedStyle(host).getPropertyValue(`--${token}`).trim() || 'currentColor';
}

function axes(host: HTMLElement, options: PlotOptions): uPlot.Axis[] {
  const paint = painter(host);
  const size = parseFloat(getComputedStyle(host).getPropertyValue('--text-xs')) || 11;
  const common: uPlot.Axis = {
    stroke: () => paint('muted'),
    font: `${size}px ${paint('font')}`,
    ticks: { show: false },
    gap: 4,
  };
  const grid = { stroke: () => paint('line'), width: 1 };
  const label = (_: uPlot, values: (number | null)[]) =>
    values.map((value) => (value === null ? null : options.tick(value)));
  const x = { ...common, size: size * 1.7, space: size * 6, grid: { show: false }, values: label };
  const y: uPlot.Axis = { ...common, size: size * 3.4, space: size * 2.6, grid, values: label };
  if (options.logY) {
    const most = Math.max(2, Math.floor(options.height / (size * 2.6)));
    Object.assign(y, {
      splits: (_: uPlot, __: number, min: number, max: number) => logTicks(min, max, most),
      filter: (_: uPlot, splits: number[]) => splits,
    });
  }
  return [x, y];
}

function range(options: PlotOptions): uPlot.Scale.Range {
  if (options.yRange) return () => options.yRange ?? [0, 1];
  if (options.logY) {
    return (_, low, high) => uPlot.rangeLog(low ?? 0.1, high ?? 1, 10, false);
  }
  return (_, low, high) => {
    const [min, max] = [low ?? 0, high ?? 1];
    const least = 0.2 * Math.abs(max) || 1; // so that the marks of a flat curve differ
    const pad = Math.max((max - min) * 0.06, (least - (max - min)) / 2);
    return [min >= 0 ? Math.max(0, min - pad) : min - pad, max + pad];
  };
}

function line(paint: (token: string) => string, { color, dashed, faint }: Line): uPlot.Series {
  const series: uPlot.Series = {
    stroke: () => paint(`curve-${color}`) + (faint ? '47' : ''),
    width: faint ? 1 : 1.75,
    points: { show: false },
  };
  if (dashed) series.dash = [5, 3];
  return series;
}

/** The mark of the step that the page shows, drawn under the curves. */
function marker(paint: (token: string) => string, at: () => number | undefined) {
  return (plot: uPlot) => {
    const x = at();
    const { min, max } = plot.scales['x'] ?? {};
    if (x === undefined || x < (min ?? x) || x > (max ?? x)) return;
    const left = Math.round(plot.valToPos(x, 'x', true)) + 0.5;
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.strokeStyle = paint('line-strong');
    ctx.lineWidth = devicePixelRatio;
    ctx.beginPath();
    ctx.moveTo(left, bbox.top);
    ctx.lineTo(left, bbox.top + bbox.height);
    ctx.stroke();
    ctx.restore();
  };
}

/** A click without a drag, told as the value of x under it. */
function clicks(pick: (x: number) => void) {
  return (plot: uPlot) => {
    let start = 0;
    plot.over.addEventListener('mousedown', (event) => (start = event.clientX));
    plot.over.addEventListener('click', (event) => {
      if (Math.abs(event.clientX - start) < CLICK) pick(plot.posToVal(event.offsetX, 'x'));
    });
  };
}

interface View {
  /** Whether a part of x was chosen; data that arrive then leave the view alone. */
  zoomed: boolean;
  /** The step that is marked. */
  at: number | undefined;
}

function cursor(zoom: (on: boolean) => void): uPlot.Cursor {
  return {
    y: false,
    drag: { x: true, y: false, dist: CLICK },
    points: { size: 6, show: true },
    bind: {
      dblclick: (_, __, original) => (event) => {
        zoom(false);
        return original(event);
      },
    },
  };
}

function configured(
  host: HTMLElement,
  options: PlotOptions,
  view: View,
  zoom: (on: boolean) => void,
): uPlot.Options {
  const paint = painter(host);
  return {
    width: Math.max(host.clientWidth, 40),
    height: options.height,
    padding: [6, 12, 0, 0],
    legend: { show: false },
    axes: axes(host, options),
    scales: { x: { time: false }, y: { distr: options.logY ? 3 : 1, range: range(options) } },
    series: [{}, ...options.lines.map((each) => line(paint, each))],
    cursor: cursor(zoom),
    hooks: {
      ready: [clicks(options.pick)],
      drawAxes: [marker(paint, () => view.at)],
      setCursor: [(self) => options.hover(self.cursor.idx ?? null)],
      setSelect: [(self) => void (self.select.width > 0 && zoom(true))],
    },
  };
}

/** A chart in `host`. Columns come by `set`, in the order of `options.lines`. */
export function makePlot(host: HTMLElement, options: PlotOptions): Plot {
  const view: View = { zoomed: false, at: undefined };
  const zoom = (on: boolean) => {
    view.zoomed = on;
    options.zoomed(on);
  };
  const none: uPlot.AlignedData = [[], ...options.lines.map(() => [])];
  const plot = new uPlot(configured(host, options, view, zoom), none, host);
  const limits = () => {
    const { min, max } = plot.scales['x'] ?? {};
    return { min: min ?? 0, max: max ?? 1 };
  };
  return {
    set(x, columns) {
      const kept = limits();
      plot.setData([x, ...columns], !view.zoomed);
      if (view.zoomed) plot.setScale('x', kept);
    },
    mark(x) {
      view.at = x;
      plot.redraw(false);
    },
    read(index) {
      const left = index === null ? -10 : plot.valToPos(plot.data[0][index] ?? 0, 'x');
      plot.setCursor({ left, top: index === null ? -10 : 0 }, false);
    },
    zoom(factor, around) {
      const { min, max } = limits();
      zoom(true);
      const [left, right] = [(around - min) * factor, (max - around) * factor];
      plot.setScale('x', { min: around - left, max: around + right });
    },
    reset() {
      zoom(false);
      plot.setData(plot.data, true);
    },
    resize: (width, height) => plot.setSize({ width: Math.max(width, 40), height }),
    destroy: () => plot.destroy(),
  };
}
