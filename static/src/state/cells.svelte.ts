// The one number that is open, and the trail of numbers by which it was reached.
import type { CellAsked, Traced } from '../protocol/microscope';

/** A number of one pass. */
export interface Opened {
  readonly cell: CellAsked;
  /** The pass that it belongs to: step, samples, precision. */
  readonly pass: Traced;
}

export class Cells {
  /** From where the walk began to what is open now. */
  trail = $state.raw<readonly Opened[]>([]);
  at = $state(-1);
  readonly open = $derived.by((): Opened | null => this.trail[this.at] ?? null);

  /** Open a number: a new walk begins. */
  show(cell: CellAsked, pass: Traced = {}): void {
    this.trail = [{ cell, pass }];
    this.at = 0;
  }

  /** Go on to a number that the open one is made of, or that is made of it. */
  follow(cell: CellAsked): void {
    const here = this.open;
    if (!here) return this.show(cell);
    this.trail = [...this.trail.slice(0, this.at + 1), { cell, pass: here.pass }];
    this.at = this.trail.length - 1;
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
