// Asks the server about the open number. What was there stays until the new answer has come; a question that
// was overtaken is given up.
import type { ApiError } from '../protocol/errors';
import type { Explanation, ExplainWanted } from '../protocol/microscope';
import type { Opened } from './cells.svelte';
import type { Session } from './session.svelte';
import { feeds, next, twin, type Feed } from './onward';
import { said } from './said';

/** An answer and what was asked. */
export interface Answer {
  readonly opened: Opened;
  readonly explanation: Explanation;
}

/** What a number goes into, and how many more there are. */
export interface Goes {
  readonly of: Opened;
  readonly feeds: readonly Feed[];
  readonly hidden: number;
}

export class Explained {
  answer = $state.raw<Answer | null>(null);
  trouble = $state.raw<ApiError | null>(null);
  busy = $state(false);
  goes = $state.raw<Goes | null>(null);
  goesTrouble = $state.raw<ApiError | null>(null);
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  wanted({ cell, pass }: Opened): ExplainWanted {
    const { form } = this.#session.cells;
    return { ...pass, ...(form === 'sum' ? { form } : {}), cell };
  }

  /** Ask; the returned function gives up. */
  ask(run: string, opened: Opened): () => void {
    const abort = new AbortController();
    this.busy = true;
    this.#session.microscope.explain(run, this.wanted(opened), abort.signal).then(
      (explanation) => {
        if (abort.signal.aborted) return;
        this.busy = false;
        this.trouble = null;
        this.answer = { opened, explanation };
      },
      (error: unknown) => {
        if (abort.signal.aborted) return;
        this.busy = false;
        this.trouble = said(error);
      },
    );
    return () => abort.abort();
  }

  /** Ask where the explained number goes. */
  askOnward(run: string, { opened, explanation }: Answer): () => void {
    const abort = new AbortController();
    const known = next(opened.cell, explanation.step, this.#session.run.step);
    const other = twin(opened.cell);
    this.goesTrouble = null;
    if (!other) {
      this.goes = { of: opened, feeds: known, hidden: 0 };
      return () => undefined;
    }
    // A parameter's cells are those of the step that starts from it, not of the one that made it.
    const wanted = { ...this.wanted(opened), cell: other };
    this.#session.microscope.explain(run, wanted, abort.signal).then(
      (found) => {
        if (abort.signal.aborted) return;
        const hidden = found.rest.value === 0 ? 0 : found.rest.count;
        this.goes = { of: opened, feeds: [...known, ...feeds(opened.cell, found)], hidden };
      },
      (error: unknown) => {
        if (abort.signal.aborted) return;
        const trouble = said(error);
        if (trouble.code === 'no_derivative') this.goes = { of: opened, feeds: known, hidden: 0 };
        else this.goesTrouble = trouble;
      },
    );
    return () => abort.abort();
  }
}
