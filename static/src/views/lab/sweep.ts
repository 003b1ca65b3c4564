// Arithmetic of the curve over a movement: ranges of the sliders, lines to draw, stretches of one decision.
import type { Axis } from '../../protocol/types';
import type { Sweep } from '../../state/sweeps.svelte';

export interface Range {
  readonly low: number;
  readonly high: number;
  readonly step: number;
  readonly digits: number;
  readonly unit: string;
}

/** How far a picture with this longer side can be moved by the sliders. */
export function rangeOf(axis: Axis, side: number): Range {
  const far = Math.max(2, Math.round(side * 0.25));
  const bent = Math.max(1, Math.round(side * 0.15));
  const ranges: Record<Axis, Range> = {
    turn: { low: -60, high: 60, step: 1, digits: 0, unit: '°' },
    scale: { low: 0.5, high: 1.5, step: 0.02, digits: 2, unit: '×' },
    shift_x: { low: -far, high: far, step: 0.5, digits: 1, unit: ' px' },
    shift_y: { low: -far, high: far, step: 0.5, digits: 1, unit: ' px' },
    shear: { low: -0.6, high: 0.6, step: 0.02, digits: 2, unit: '' },
    elastic: { low: -bent, high: bent, step: 0.25, digits: 2, unit: ' px' },
    bend: { low: -bent, high: bent, step: 0.25, digits: 2, unit: ' px' },
  };
  return ranges[axis];
}

/** The class whose curve matters: the right one where it is known, else the one decided in the middle. */
export function watchedClass(sweep: Sweep): number {
  if (sweep.target !== null) return sweep.target;
  return sweep.labels?.[Math.floor(sweep.labels.length / 2)] ?? 0;
}

/** Values of one output along the curve. */
export function column(sweep: Sweep, output: number): number[] {
  return sweep.answers.map((row) => row[output] ?? NaN);
}

/** The other outputs that come to something anywhere, the strongest first. */
export function rivals(sweep: Sweep, watched: number, most = 3): number[] {
  const width = sweep.answers[0]?.length ?? 0;
  return Array.from({ length: width }, (_, output) => output)
    .filter((output) => output !== watched)
    .map((output) => ({ output, peak: Math.max(...column(sweep, output)) }))
    .filter(({ peak }) => peak > 0.15)
    .sort((a, b) => b.peak - a.peak)
    .slice(0, most)
    .map(({ output }) => output);
}

export interface Stretch {
  /** Null where nothing is decided. */
  readonly label: number | null;
  readonly from: number;
  readonly to: number;
}

/** Stretches of the curve over which the decision stays, as shares of its length. */
export function stretches(labels: readonly (number | null)[]): Stretch[] {
  const found: { label: number | null; from: number; to: number }[] = [];
  labels.forEach((label, at) => {
    const last = found.at(-1);
    if (last?.label === label) last.to = (at + 1) / labels.length;
    else found.push({ label, from: at / labels.length, to: (at + 1) / labels.length });
  });
  return found;
}

/** Share of the curve over which the decision is `label`. */
export function shareOf(labels: readonly (number | null)[] | null, label: number): number {
  if (!labels?.length) return NaN;
  return labels.filter((one) => one === label).length / labels.length;
}

/** The lowest and highest of what is drawn; probabilities always from 0 to 1. */
export function extent(sweeps: readonly Sweep[]): [number, number] {
  if (sweeps.every((sweep) => sweep.readout !== 'raw')) return [0, 1];
  const all = sweeps.flatMap((sweep) => sweep.answers.flat()).filter(Number.isFinite);
  return [Math.min(0, ...all), Math.max(1, ...all)];
}

/** Path of a line in a box; what is not finite breaks it. */
export function path(
  y: readonly number[],
  [low, high]: readonly [number, number],
  width: number,
  height: number,
): string {
  let pen = 'M';
  return y
    .map((value, at) => {
      if (!Number.isFinite(value)) {
        pen = 'M';
        return '';
      }
      const x = (at / Math.max(1, y.length - 1)) * width;
      const from = pen;
      pen = 'L';
      return `${from}${x.toFixed(1)} ${(height * (1 - (value - low) / (high - low))).toFixed(1)}`;
    })
    .join('');
}
