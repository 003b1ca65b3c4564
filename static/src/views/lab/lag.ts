// The results of a lag experiment as lines, and as words for those who see no picture. Pure.
import { number } from '../../i18n';
import { mark, type Point } from '../../draw/lines';
import type { LagCell, LagFinding } from '../../protocol/lag';
import { w } from './lagWords';

/** Which colour and mark a cell has. */
export const STYLE: Readonly<Record<LagCell, number>> = { rnn: 1, irnn: 3, gru: 2, lstm: 0 };

export interface Line {
  id: string;
  points: Point[];
  style: number;
}

export const nameOf = (cell: LagCell): string => w(`lag.${cell}`);

/** One line a cell: a value of its results over the lags. */
export function byLag(
  results: readonly LagFinding[],
  cells: readonly LagCell[],
  value: (one: LagFinding) => number,
): Line[] {
  return cells.map((cell) => ({
    id: cell,
    style: STYLE[cell],
    points: results
      .filter((one) => one.cell === cell)
      .map((one): Point => [one.lag, value(one)])
      .sort(([a], [b]) => a - b),
  }));
}

/** One line a cell: how the training went at one lag. */
export function curves(
  results: readonly LagFinding[],
  cells: readonly LagCell[],
  lag: number | null,
): Line[] {
  return cells.flatMap((cell) => {
    const one = results.find((found) => found.cell === cell && found.lag === lag);
    if (!one) return [];
    const points = one.curve_steps.map((step, i): Point => [step, Number(one.curve[i])]);
    return [{ id: cell, style: STYLE[cell], points }];
  });
}

export const spoken = {
  /** All the values of a chart in a sentence. */
  chart(title: string, lines: readonly Line[], said: (value: number) => string): string {
    const parts = lines.map(({ id, points }) =>
      w('lag.said', {
        name: nameOf(id as LagCell),
        values: points.map(([x, y]) => `${number(x)}: ${said(y)}`).join(', '),
      }),
    );
    return `${title}. ${parts.join('; ')}`;
  },
  /** Of every line its last point. */
  ends: (lines: readonly Line[]): Line[] =>
    lines.map((line) => ({ ...line, points: line.points.slice(-1) })),
  mark: (cell: LagCell): string => mark(STYLE[cell], 11, 5),
};
