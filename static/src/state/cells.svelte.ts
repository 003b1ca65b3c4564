// The one number that is open, and the trail of numbers by which it was reached.
import type { CellAsked, Traced } from '../protocol/microscope';

/** A number of one pass. Its step, where it has one, is the pass's. */
export interface Opened {
  readonly cell: CellAsked;
  /** The pass that it belongs to: step, samples, precision. */
  readonly pass: Traced;
}

function opened(cell: CellAsked, pass: Traced): Opened {
  const { step = null, ...place } = cell;
  return { cell: place, pass: step === null ? pass : { ...pass, step } };
}

function without(pass: Traced, name: 'samples' | 'step'): Traced {
  return Object.fromEntries(Object.entries(pass).filter(([key]) => key !== name));
}

/** Whether the pass is one step for good, not the coming one. */
export function isPinned({ pass }: Opened): boolean {
  return typeof pass.step === 'number';
}

/** What a step starts from was made by the step before, on that step's own batch. */
export function passOfTerms({ cell, pass }: Opened): Traced {
  const made = cell.role === 'parameter' || cell.role === 'state';
  return made && pass.step ? { ...without(pass, 'samples'), step: pass.step - 1 } : pass;
}

export class Cells {
  /** From where the walk began to what is open now. */
  trail = $state.raw<readonly Opened[]>([]);
  at = $state(-1);
  /** Sensitivities and gradients averaged over the batch, as PyTorch has them, or summed. */
  form = $state<'mean' | 'sum'>('mean');
  readonly open = $derived.by((): Opened | null => this.trail[this.at] ?? null);

  /** Open a number: a new walk begins. */
  show(cell: CellAsked, pass: Traced = {}): void {
    this.trail = [opened(cell, pass)];
    this.at = 0;
  }

  /** Go on to a number that the open one is made of, or that is made of it. */
  follow(cell: CellAsked, pass?: Traced): void {
    const here = this.open;
    if (!here) return this.show(cell, pass);
    const next = opened(cell, pass ?? passOfTerms(here));
    const ahead = this.trail[this.at + 1];
    if (JSON.stringify(ahead) !== JSON.stringify(next)) {
      this.trail = [...this.trail.slice(0, this.at + 1), next];
    }
    this.at += 1;
  }

  /** Another look in the place of the open one: another step, sample or precision. */
  turn(change: { cell?: CellAsked; pass?: Traced }): void {
    this.trail = this.trail.map((one, i) =>
      i === this.at
        ? opened({ ...one.cell, ...change.cell }, { ...one.pass, ...change.pass })
        : one,
    );
  }

  /** The step that "the coming one" stands for, so that a run that trains on does not change the walk. */
  pin(step: number): void {
    if (this.trail.every(isPinned)) return;
    this.trail = this.trail.map((one) =>
      isPinned(one) ? one : { ...one, pass: { ...one.pass, step } },
    );
  }

  /** Steps of another run mean nothing here. */
  unpin(): void {
    this.trail = this.trail.map(({ cell, pass }) => ({ cell, pass: without(pass, 'step') }));
  }

  /** To a number of the trail; what came after it stays, as in a browser's history. */
  go(at: number): void {
    this.at = Math.max(0, Math.min(this.trail.length - 1, at));
  }

  close(): void {
    this.trail = [];
    this.at = -1;
  }
}
