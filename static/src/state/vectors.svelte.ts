// Nearest words and the plane of the vectors, asked of the run again and again at a low rate while it trains. Draws
// nothing.
import { ApiError } from '../protocol/errors';
import { ofRun } from '../protocol/rest';
import type { Sent, Written } from '../protocol/types';
import type { Text } from '../i18n';
import { Newest } from './newest.svelte';
import { said } from './said';
import type { Session } from './session.svelte';

type Neighbours = Written<Sent['Neighbours']>;
type Projection = Written<Sent['Projection']>;
export type Place = Projection['places'][number] & { x: number; y: number };

/** Between two looks at a run that trains. */
const PAUSE_MS = 700;
const NEIGHBOURS = 10;

export interface Sum {
  readonly plus: readonly string[];
  readonly minus: readonly string[];
}

/** "king − man + woman": words between signs; a sign within a word, as in "well-known", is part of it. */
export function parsed(written: string): Sum {
  const sum: { plus: string[]; minus: string[] } = { plus: [], minus: [] };
  let side = sum.plus;
  for (const piece of written.trim().split(/\s+/)) {
    const sign = /^[+−–-]/.exec(piece)?.[0];
    if (sign) side = sign === '+' ? sum.plus : sum.minus;
    const word = sign ? piece.slice(1) : piece;
    if (!word) continue;
    side.push(word);
    side = sum.plus;
  }
  return sum;
}

export function told({ plus, minus }: Sum): string {
  return [plus.join(' + '), ...minus.map((word) => `− ${word}`)].join(' ');
}

export class Vectors {
  /** What is looked for, as it is typed. */
  written = $state('');
  /** How many words are laid flat, and from which place in the vocabulary on. */
  count = $state(60);
  start = $state(1);
  near = $state.raw<Neighbours | null>(null);
  places = $state.raw<readonly Place[]>([]);
  share = $state(0);
  problem = $state.raw<Text | null>(null);
  readonly sum = $derived(parsed(this.written));
  readonly #session: Session;
  readonly #newest: Newest;

  constructor(session: Session) {
    this.#session = session;
    this.#newest = new Newest(
      () => this.#answer(),
      () => (session.playing ? PAUSE_MS : 0),
    );
  }

  get busy(): boolean {
    return this.#newest.busy;
  }

  ask(): Promise<void> {
    return this.#newest.ask();
  }

  async #answer(): Promise<void> {
    const { api, run } = this.#session;
    try {
      if (!(await this.#session.ensure()) || !run.id) return;
      const { plus, minus } = this.sum;
      const near = plus.length
        ? await api.http.POST('/api/v1/runs/{run}/neighbours', {
            params: ofRun(run.id),
            body: { plus: [...plus], minus: [...minus], count: NEIGHBOURS },
          })
        : null;
      const words = [...plus, ...minus, ...(near?.neighbours.map((one) => one.word) ?? [])];
      const body = { words, count: this.count, start: this.start };
      const asked = { params: ofRun(run.id), body };
      const flat = await api.http.POST('/api/v1/runs/{run}/projections', asked);
      if (this.#newest.closed) return;
      this.near = near;
      this.#show(flat);
      this.problem = null;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.problem = said(error).text;
      if (error.code === 'unknown_token' || error.code === 'no_direction') this.near = null;
    }
  }

  #show(flat: Projection): void {
    this.places = flat.places.map((one) => ({ ...one, x: Number(one.x), y: Number(one.y) }));
    this.share = Number(flat.share[0]) + Number(flat.share[1]);
  }

  close(): void {
    this.#newest.close();
  }
}
