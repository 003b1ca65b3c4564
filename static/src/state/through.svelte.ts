// One recurrent layer through time, asked of the server for the pass that is unfolded, or for the watched sample.
import type { Traced } from '../protocol/microscope';
import { Through, type ThroughTimeWanted } from '../protocol/through';
import type { Session } from './session.svelte';

/** From so many numbers on, single precision is exact enough and half as large. */
const WIDE = 400_000;

export class ThroughTime {
  found = $state.raw<Through | null>(null);
  loading = $state(false);
  failed = $state(false);
  /** One step's term of a gradient, opened. */
  term = $state.raw<{ name: string; time: number; through: Through } | null>(null);
  readonly #session: Session;
  #request: AbortController | null = null;
  #detail: AbortController | null = null;
  #wanted: ThroughTimeWanted | null = null;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Look at a layer in a pass; what is known already is not asked again. */
  async look(wanted: ThroughTimeWanted): Promise<void> {
    if (JSON.stringify(wanted) === JSON.stringify(this.#wanted) && !this.failed) return;
    this.#wanted = wanted;
    this.closeTerm();
    this.#request?.abort();
    const request = new AbortController();
    this.#request = request;
    this.loading = true;
    this.failed = false;
    try {
      const run = this.#session.run.id ?? '';
      const content = await this.#session.microscope.throughTime(run, wanted, request.signal);
      if (!request.signal.aborted) this.found = new Through(content);
    } catch (error) {
      if (request.signal.aborted) return;
      this.failed = true;
      this.found = null;
      this.#session.app.failed(error);
    } finally {
      if (!request.signal.aborted) this.loading = false;
    }
  }

  /** What a step gives to a gradient, as the matrix that it is. */
  async openTerm(name: string, time: number): Promise<void> {
    const wanted = this.#wanted;
    if (!wanted) return;
    this.#detail?.abort();
    const request = new AbortController();
    this.#detail = request;
    const asked = { ...wanted, contribution: { tensor: name, time } };
    const run = this.#session.run.id ?? '';
    const content = await this.#session.guard(() =>
      this.#session.microscope.throughTime(run, asked, request.signal),
    );
    if (content && !request.signal.aborted) {
      this.term = { name, time, through: new Through(content) };
    }
  }

  closeTerm(): void {
    this.#detail?.abort();
    this.term = null;
  }

  /** Let go of everything, as the pass is let go of. */
  drop(): void {
    this.#request?.abort();
    this.closeTerm();
    this.#wanted = null;
    this.found = null;
    this.loading = false;
  }

  /** The pass that is unfolded; float32 where there is much to hold. */
  get pass(): { pass: Traced; sample: number } | null {
    const { traces } = this.#session.scope;
    return traces && { pass: traces.pass, sample: traces.sample };
  }

  static wide(steps: number, units: number): boolean {
    return steps * units > WIDE;
  }
}
