// Health of the derivatives over the steps of the run on the page: asked for while somebody looks.
import type { DerivativeHealth } from '../protocol/microscope';
import { finite } from '../protocol/types';
import type { Session } from './session.svelte';

export const MEASURES = ['sensitivity', 'gradient', 'update', 'dead', 'saturated'] as const;
export type Measure = (typeof MEASURES)[number];
/** One layer's measures along the steps: null where there is none, NaN or ∞ as they are. */
export type Layer = { readonly node: string } & Readonly<
  Record<Measure, readonly (number | null)[]>
>;

const POINTS = 24;
/** While the run trains: a look takes the worker as long as a few steps do. */
const LOOK_MS = 2000;

export class Derivatives {
  found = $state.raw<DerivativeHealth | null>(null);
  readonly layers = $derived((this.found?.layers ?? []).map(plain));
  failed = $state(false);
  readonly #session: Session;
  #gone: AbortController | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Read anew, and go on until everything is there; for as long as the run trains. */
  look(): void {
    this.stop();
    this.failed = false;
    this.#gone = new AbortController();
    void this.#ask(this.#gone.signal);
  }

  stop(): void {
    this.#gone?.abort();
    this.#gone = null;
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
  }

  async #ask(signal: AbortSignal): Promise<void> {
    const { run, microscope } = this.#session;
    if (!run.id) {
      this.found = null;
      return;
    }
    try {
      const found = await microscope.health(run.id, { points: POINTS }, signal);
      if (signal.aborted) return;
      this.found = found;
      if (!found.complete) await this.#ask(signal);
      else if (run.running) this.#timer = setTimeout(() => void this.#ask(signal), LOOK_MS);
    } catch (error) {
      if (signal.aborted) return;
      this.failed = true;
      this.#session.app.failed(error);
    }
  }
}

function plain(layer: DerivativeHealth['layers'][number]): Layer {
  const values = (measure: Measure) =>
    layer[measure].map((value) => (value === null ? null : finite(value)));
  return {
    node: layer.node,
    sensitivity: values('sensitivity'),
    gradient: values('gradient'),
    update: values('update'),
    dead: values('dead'),
    saturated: values('saturated'),
  };
}
