// The curves of a run, branch by branch: what was measured at which step. Plain arrays, no reactivity.
import { finite } from '../protocol/types';
import type { BranchInfo, Metrics, MetricsHistory, Validation } from '../protocol/types';

export interface Series {
  x: number[];
  y: number[];
}

interface Branch {
  parent: number | null;
  from: number;
  /** The step before its first training point: a branch may begin in the middle of a point. */
  start: number;
  loss: Series;
  accuracy: Series;
  valLoss: Series;
  valAccuracy: Series;
  rate: Series;
}

export type Curve = 'loss' | 'accuracy' | 'valLoss' | 'valAccuracy' | 'rate';

function empty(parent: number | null, from: number): Branch {
  const series = (): Series => ({ x: [], y: [] });
  return {
    parent,
    from,
    start: Infinity,
    loss: series(),
    accuracy: series(),
    valLoss: series(),
    valAccuracy: series(),
    rate: series(),
  };
}

/** Adds the value over `count` steps that end at `x`. A point that has grown takes the place of what it
    was. */
function push(series: Series, x: number, y: number, count = 1): void {
  const last = series.x.at(-1);
  if (last !== undefined && x <= last) return;
  while ((series.x.at(-1) ?? -Infinity) > x - count) {
    series.x.pop();
    series.y.pop();
  }
  series.x.push(x);
  series.y.push(y);
}

/** A network at rest that was changed by hand is validated again at the same step. */
function renew(series: Series, x: number, y: number): void {
  if (series.x.at(-1) === x) series.y[series.y.length - 1] = y;
  else push(series, x, y);
}

export class History {
  readonly #branches = new Map<number, Branch>();

  branch(branch: number, parent: number | null, step: number): void {
    if (!this.#branches.has(branch)) this.#branches.set(branch, empty(parent, step));
  }

  branches(list: readonly BranchInfo[]): void {
    for (const one of list) this.branch(one.branch, one.parent, one.step);
  }

  #at(branch: number): Branch {
    this.branch(branch, null, 0);
    return this.#branches.get(branch) ?? empty(null, 0);
  }

  metrics(event: Metrics): void {
    const branch = this.#at(event.branch);
    event.steps.forEach((step, i) => {
      const count = event.count[i] ?? 1;
      branch.start = Math.min(branch.start, step - count);
      push(branch.loss, step, finite(event.loss[i]), count);
      if (event.accuracy) push(branch.accuracy, step, finite(event.accuracy[i]), count);
      if (event.rates) push(branch.rate, step, finite(event.rates[i]), count);
    });
    if (!event.rates && event.learning_rate !== null)
      push(branch.rate, event.step, finite(event.learning_rate));
  }

  validation(event: Validation): void {
    const branch = this.#at(event.branch);
    renew(branch.valLoss, event.step, finite(event.loss));
    if (event.accuracy !== null) renew(branch.valAccuracy, event.step, finite(event.accuracy));
  }

  /** The past of a branch as the server has it, its ancestors' steps included. */
  load(past: MetricsHistory): void {
    const own = this.#at(past.branch);
    const put = (name: Curve, steps: number[], values: (number | string)[] | null): void => {
      steps.forEach((step, i) => {
        const value = values?.[i];
        if (value !== undefined) push(own[name], step, Number(value));
      });
    };
    own.start = Math.min(own.start, (past.steps[0] ?? Infinity) - (past.count[0] ?? 1));
    put('loss', past.steps, past.loss);
    put('accuracy', past.steps, past.accuracy);
    put('valLoss', past.validation.steps, past.validation.loss);
    put('valAccuracy', past.validation.steps, past.validation.accuracy);
    put('rate', past.rates?.steps ?? [], past.rates?.learning_rate ?? null);
  }

  /** A curve along a branch: its ancestors up to where it left them, then its own points. */
  curve(branch: number, name: Curve): Series {
    const own = this.#branches.get(branch);
    if (!own) return { x: [], y: [] };
    const first = own[name].x[0] ?? Infinity;
    if (own.parent === null || first <= 1) return own[name];
    const before = this.curve(own.parent, name);
    const trained = name !== 'valLoss' && name !== 'valAccuracy';
    const until = Math.min(own.from, trained ? own.start : Infinity);
    const kept = before.x.findIndex((step) => step > until || step >= first);
    const end = kept < 0 ? before.x.length : kept;
    return {
      x: [...before.x.slice(0, end), ...own[name].x],
      y: [...before.y.slice(0, end), ...own[name].y],
    };
  }

  /** What the parent of a branch went on to do after the branch had left it; a parent that only went
      back once more had before itself what its own parent did. */
  abandoned(branch: number, name: Curve): Series {
    const own = this.#branches.get(branch);
    if (!own || own.parent === null) return { x: [], y: [] };
    const before = this.curve(own.parent, name);
    const start = before.x.findIndex((step) => step > own.from);
    const x = start < 0 ? [] : before.x.slice(start);
    const y = start < 0 ? [] : before.y.slice(start);
    const began = this.#branches.get(own.parent)?.from ?? 0;
    if ((x.at(-1) ?? 0) > began) return { x, y };
    const older = this.abandoned(own.parent, name);
    return { x: [...x, ...older.x], y: [...y, ...older.y] };
  }
}
