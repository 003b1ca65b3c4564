// A text of the user's own: cut into tokens by its data set, on the server, then put to a use. Draws nothing.
import { ApiError } from '../protocol/errors';
import type { TokenList } from '../protocol/types';
import type { Text } from '../i18n';
import { Newest } from './newest.svelte';
import { said } from './said';
import type { Session } from './session.svelte';

export type Token = TokenList['tokens'][number];

/** Between two answers while the network learns. */
const PAUSE_MS = 400;

export class OwnText {
  written = $state('');
  tokens = $state.raw<readonly Token[]>([]);
  /** How many the network reads at most. */
  limit = $state(0);
  problem = $state.raw<Text | null>(null);
  readonly tooLong = $derived(this.tokens.length > this.limit);
  readonly #session: Session;
  readonly #use: (written: string, tokens: readonly Token[]) => Promise<void> | void;
  readonly #newest: Newest;

  /** `use` is called with what fits; what the server refuses of it is a problem of the text. */
  constructor(
    session: Session,
    use: (written: string, tokens: readonly Token[]) => Promise<void> | void,
  ) {
    this.#session = session;
    this.#use = use;
    this.#newest = new Newest(
      () => this.#answer(),
      () => (session.playing ? PAUSE_MS : 0),
    );
  }

  ask(): Promise<void> {
    return this.#newest.ask();
  }

  close(): void {
    this.#newest.close();
  }

  async #answer(): Promise<void> {
    const { api, dataset } = this.#session;
    const { written } = this;
    try {
      const found: TokenList = written
        ? await api.tokens(dataset, written)
        : { tokens: [], limit: this.limit };
      if (this.#newest.closed || written !== this.written) return;
      this.tokens = found.tokens;
      this.limit = found.limit;
      if (found.tokens.length && !this.tooLong) await this.#use(written, found.tokens);
      this.problem = null;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const { problems, text } = said(error);
      this.problem = problems[0]?.message ?? text;
    }
  }
}
