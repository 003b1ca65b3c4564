// The watched text: its tokens, and what is likely after each. Loaded with the views of texts.
import { lengthOf, likeliest, type Likely } from './tokens';
import type { Session } from './session.svelte';

const kept = new WeakMap<Session, Reading>();

/** One for every page, so that it outlives the views of it. */
export function readingOf(session: Session): Reading {
  const known = kept.get(session);
  if (known) return known;
  const made = new Reading(session);
  kept.set(session, made);
  return made;
}

export class Reading {
  /** The step that is pointed at. */
  at = $state<number | null>(null);
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Tokens by their ids; none until the data set has been described. */
  readonly vocabulary = $derived.by((): readonly string[] => this.#session.facts?.vocabulary ?? []);
  /** Ids of the watched sample, filled up as they are sent. */
  readonly padded = $derived.by((): readonly number[] => {
    const maps = this.#session.samples.input;
    if (!maps || maps.shape.length !== 1) return [];
    return Array.from({ length: maps.width }, (_, t) => maps.value(0, t));
  });
  readonly ids = $derived(this.padded.slice(0, lengthOf(this.padded)));
  readonly tokens = $derived(this.ids.map((id) => this.vocabulary[id] ?? '·'));

  tokensOf(ids: ArrayLike<number>): string[] {
    return Array.from({ length: lengthOf(ids) }, (_, t) => this.vocabulary[ids[t] ?? 0] ?? '·');
  }

  /** The likeliest tokens after step `t`, by the newest frame. */
  after(t: number, most: number): Likely[] {
    const tensor = this.#session.frames.activation?.tensor('output.probabilities');
    const [steps = 0, count = 0] = tensor?.shape ?? [];
    if (!tensor || tensor.shape.length !== 2 || t >= steps) return [];
    return likeliest(tensor.data as ArrayLike<number>, count, t, most);
  }
}
