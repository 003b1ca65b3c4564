// The range test of the run on the page: begun, followed while it runs, given up.
import { finite } from '../protocol/types';
import type { RangeTest, RangeWanted } from '../protocol/types';
import type { Session } from './session.svelte';

const LOOK_MS = 120;

export class RangeTester {
  test = $state.raw<RangeTest | null>(null);
  /** Asked to start and not yet answered. */
  starting = $state(false);
  readonly running = $derived(this.starting || this.test?.state === 'running');
  readonly losses = $derived((this.test?.losses ?? []).map(finite));
  readonly smoothed = $derived((this.test?.smoothed ?? []).map(finite));
  readonly #session: Session;
  #run: string | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Forget the result of another run. */
  belong(run: string | null): void {
    if (this.#run === null || run === this.#run || this.starting) return;
    void this.cancel();
    this.#run = null;
    this.test = null;
  }

  async start(wanted: RangeWanted): Promise<void> {
    const { api, run } = this.#session;
    this.starting = true;
    this.test = null;
    await this.#session.guard(async () => {
      if (!(await this.#session.ensure()) || !run.id) return;
      this.#run = run.id;
      this.test = await api.startRangeTest(run.id, wanted);
    });
    this.starting = false;
    this.#follow();
  }

  #follow(): void {
    const run = this.#run;
    if (!run || this.test?.state !== 'running') return;
    this.#timer = setTimeout(() => void this.#look(run), LOOK_MS);
  }

  async #look(run: string): Promise<void> {
    const test = await this.#session.guard(() => this.#session.api.rangeTest(run));
    // Without an answer the run has lost its worker, and the copy with it.
    if (this.#run === run) this.test = test;
    this.#follow();
  }

  async cancel(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer);
    const run = this.#run;
    if (!run || this.test?.state !== 'running') return;
    const test = await this.#session.guard(() => this.#session.api.cancelRangeTest(run));
    if (this.#run === run) this.test = test;
  }
}
