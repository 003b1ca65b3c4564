// The schedule of η as lines of a small chart. Pure.
import type { RatePlan } from '../../protocol/types';

const PAD = 4;

export interface Frame {
  width: number;
  height: number;
}

/** From a share of the run and a share of η to the chart's coordinates. */
export function placeOf(at: number, share: number, { width, height }: Frame): [number, number] {
  const inside = (value: number) => Math.min(1, Math.max(0, value));
  return [PAD + inside(at) * (width - 2 * PAD), height - PAD - inside(share) * (height - 2 * PAD)];
}

function path(points: readonly [number, number][]): string {
  return points.map(([x, y], i) => `${i ? 'L' : 'M'}${x.toFixed(1)} ${y.toFixed(1)}`).join('');
}

/** What is planned; a share holds until the next one, as it does in stairs. */
export function planPath(plan: RatePlan, frame: Frame): string {
  const points: [number, number][] = [];
  const dense = plan.total > 2 * plan.steps.length;
  plan.steps.forEach((step, i) => {
    const share = plan.factors[i] ?? 0;
    points.push(placeOf(step / plan.total, share, frame));
    if (!dense) points.push(placeOf((step + 1) / plan.total, share, frame));
  });
  const last = plan.factors.at(-1);
  if (last !== undefined) points.push(placeOf(1, last, frame));
  return path(points);
}

/** What was in force: effective rates at steps, as shares of `base`. */
export function pastPath(
  x: readonly number[],
  y: readonly number[],
  base: number,
  total: number,
  frame: Frame,
): string {
  if (!(base > 0)) return '';
  return path(x.map((step, i) => placeOf(step / total, (y[i] ?? 0) / base, frame)));
}
