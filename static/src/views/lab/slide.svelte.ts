// The kernel slides over the picture: which cells of the result it has reached, and how fast it goes on.
import type { KernelLab } from './kernelLab.svelte';

export const SPEEDS = ['slow', 'medium', 'fast'] as const;
export type Speed = (typeof SPEEDS)[number];
/** Cells a second; fast takes any result in ten seconds. */
const PACE = { slow: 2, medium: 12 };
const FAST_SECONDS = 10;
const STILL = '(prefers-reduced-motion: reduce)';

export class Slide {
  playing = $state(false);
  /** Cells that are done, row by row; null while the whole result is shown. */
  reached = $state<number | null>(null);
  speed = $state<Speed>('medium');
  readonly #lab: KernelLab;
  #frame = 0;
  #last = 0;
  #due = 0;

  constructor(lab: KernelLab) {
    this.#lab = lab;
    // Whoever wants less motion gets few, separate steps; they can go faster if they say so.
    if (matchMedia(STILL).matches) this.speed = 'slow';
  }

  get count(): number {
    const { result } = this.#lab;
    return result ? result.width * result.height : 0;
  }

  toggle(): void {
    if (this.playing) this.pause();
    else this.#play();
  }

  #play(): void {
    if (!this.count) return;
    this.#reach(this.reached ?? 1);
    this.playing = true;
    this.#last = performance.now();
    this.#due = 0;
    this.#frame = requestAnimationFrame((now) => this.#tick(now));
  }

  pause(): void {
    this.playing = false;
    cancelAnimationFrame(this.#frame);
  }

  /** One cell on; after the last the whole result stands there. */
  step(): void {
    this.pause();
    this.#reach((this.reached ?? 0) + 1);
  }

  /** To the end at once. */
  skip(): void {
    this.pause();
    this.reached = null;
  }

  /** Where a pointer or a key has gone, the kernel waits. */
  jump(row: number, column: number): void {
    this.pause();
    const width = this.#lab.result?.width ?? 1;
    if (this.reached !== null) this.reached = row * width + column + 1;
    this.#lab.cell = { row, column };
  }

  #reach(cells: number): void {
    const width = this.#lab.result?.width ?? 1;
    if (cells > this.count) {
      this.skip();
      return;
    }
    this.reached = cells;
    this.#lab.cell = { row: Math.floor((cells - 1) / width), column: (cells - 1) % width };
  }

  #tick(now: number): void {
    const pace = this.speed === 'fast' ? this.count / FAST_SECONDS : PACE[this.speed];
    this.#due += ((now - this.#last) / 1000) * pace;
    this.#last = now;
    const whole = Math.floor(this.#due);
    if (whole > 0) {
      this.#due -= whole;
      this.#reach((this.reached ?? 0) + whole);
    }
    if (this.playing) this.#frame = requestAnimationFrame((next) => this.#tick(next));
  }
}
