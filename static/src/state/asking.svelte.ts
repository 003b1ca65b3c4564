// A text of the user's own and what the network says of it, asked again at a low rate while it trains. Draws nothing.
import type { components } from '../protocol/api.generated';
import { ApiError } from '../protocol/errors';
import type { Text } from '../i18n';
import { said } from './said';
import type { Session } from './session.svelte';

export type Token = components['schemas']['TokenInfo'];
type TokenList = components['schemas']['TokenList'];
type Prediction = components['schemas']['Prediction'];

const PAUSE_MS = 400;

export class Asking {
  written = $state('');
  tokens = $state.raw<readonly Token[]>([]);
  limit = $state(0);
  answer = $state.raw<Prediction | null>(null);
  problem = $state.raw<Text | null>(null);
  busy = $state(false);
  readonly tooLong = $derived(this.tokens.length > this.limit);
  readonly #session: Session;
  #again = false;
  #closed = false;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Ask; while an answer is on its way only the newest wish is kept. */
  async ask(): Promise<void> {
    if (this.busy) {
      this.#again = true;
      return;
    }
    this.busy = true;
    do {
      this.#again = false;
      await this.#answer();
      if (this.#session.playing && !this.#again) {
        await new Promise((next) => setTimeout(next, PAUSE_MS));
      }
    } while (this.#again && !this.#closed);
    this.busy = false;
  }

  async #answer(): Promise<void> {
    const { api, run, dataset } = this.#session;
    const written = this.written.trim();
    if (!written) return this.#show([], 0, null);
    try {
      const { tokens, limit }: TokenList = await api.tokens(dataset, written);
      if (tokens.length > limit) return this.#show(tokens, limit, null);
      if (!(await this.#session.ensure()) || !run.id) return;
      const sample = { kind: 'text', text: written };
      const answer = await api.ask<Prediction>(run.id, 'predictions', { sample });
      if (written === this.written.trim()) this.#show(tokens, limit, answer);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.problem = said(error).text;
      this.answer = null;
    }
  }

  #show(tokens: readonly Token[], limit: number, answer: Prediction | null): void {
    if (this.#closed) return;
    this.tokens = tokens;
    this.limit = limit;
    this.answer = answer;
    this.problem = null;
  }

  close(): void {
    this.#closed = true;
  }
}
