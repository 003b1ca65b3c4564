// A kernel or window that slides over a picture, cell by cell: played, stepped, jumped and skipped.
import type { Spot } from '../../draw/window';

/** Cells a second. */
export const RATES = [4, 16, 60] as const;

export class Slide {
  /** Number of the cell that it stands at, row by row; null where it does not slide. */
  at = $state<number | null>(null);
  playing = $state(false);
  rate = $state<number>(16);
  rows = $state(0);
  columns = $state(0);
  readonly count = $derived(this.rows * this.columns);
  readonly cell = $derived.by((): Spot | null => {
    if (this.at === null || !this.columns) return null;
    return { row: Math.floor(this.at / this.columns), column: this.at % this.columns };
  });

  /** The cells that it goes over; another size begins anew. */
  over(rows: number, columns: number): void {
    if (rows === this.rows && columns === this.columns) return;
    this.rows = rows;
    this.columns = columns;
    this.stop();
  }

  /** Where nothing may move by itself, playing shows what would be there at the end. */
  toggle(still: boolean): void {
    if (this.playing) this.playing = false;
    else if (still) this.end();
    else {
      if (this.at === null || this.at >= this.count - 1) this.at = 0;
      this.playing = true;
    }
  }

  step(): void {
    this.playing = false;
    this.#to((this.at ?? -1) + 1);
  }

  /** The clock: at the end it stays there. */
  tick(): void {
    this.#to((this.at ?? -1) + 1);
    if (this.at === this.count - 1) this.playing = false;
  }

  jump(cell: Spot): void {
    this.playing = false;
    this.#to(cell.row * this.columns + cell.column);
  }

  end(): void {
    this.playing = false;
    this.#to(this.count - 1);
  }

  stop(): void {
    this.playing = false;
    this.at = null;
  }

  #to(at: number): void {
    this.at = Math.max(0, Math.min(this.count - 1, at));
  }
}
