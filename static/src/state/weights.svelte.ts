// The exact weights of the run on the page, read when somebody wants to edit one; and the edits made so far.
import { untrack } from 'svelte';
import type { Text } from '../i18n';
import { Frame } from '../protocol/frames';
import type { Command } from '../protocol/types';
import { weightName } from './hand';
import { said } from './said';
import type { Session } from './session.svelte';

export interface Place {
  readonly node: string;
  readonly tensor: string;
  readonly index: readonly number[];
}

export interface Edit {
  readonly place: Place;
  readonly old: number;
  readonly value: number;
}

/** Place of a cell in reading order. */
export function flatOf(shape: readonly number[], index: readonly number[]): number {
  return index.reduce((at, i, axis) => at * (shape[axis] ?? 1) + i, 0);
}

/** A float32 in as few digits as tell it from its neighbours. */
export function short(value: number): string {
  for (let digits = 4; digits < 9; digits++) {
    const text = value.toPrecision(digits);
    if (Math.fround(Number(text)) === Math.fround(value)) return String(Number(text));
  }
  return String(Number(value.toPrecision(9)));
}

export class Weights {
  frame = $state.raw<Frame | null>(null);
  step = $state<number | null>(null);
  error = $state.raw<Text | null>(null);
  /** The newest edit of this page, as long as it can be taken back. */
  last = $state.raw<Edit | null>(null);
  readonly #session: Session;
  #asked = 0;
  #of = '';

  constructor(session: Session) {
    this.#session = session;
  }

  /** Keep to the run: its weights of now while it rests, those of the opening while it trains. */
  follow(): void {
    const { id, branch, running, step } = this.#session.run;
    const of = `${id} ${branch} ${running ? '' : step}`;
    if (of === this.#of) return;
    this.#of = of;
    this.last = null; // a newer step's weight is not put back to an older one's
    untrack(() => void this.read());
  }

  /** Read them anew; makes a run where there is none. */
  async read(): Promise<void> {
    const { api, run } = this.#session;
    const number = ++this.#asked;
    try {
      if (!(await this.#session.ensure()) || !run.id) return;
      const { step } = run;
      const frame = new Frame(await api.tensors(run.id));
      if (number !== this.#asked) return;
      [this.frame, this.step, this.error] = [frame, frame.number('step') ?? step, null];
    } catch (error) {
      if (number === this.#asked) this.error = said(error).text;
    }
  }

  shape(node: string, tensor: string): readonly number[] | null {
    return this.frame?.tensor(`${node}.${tensor}`)?.shape ?? null;
  }

  value({ node, tensor, index }: Place): number | null {
    const found = this.frame?.tensor(`${node}.${tensor}`);
    return found ? Number(found.data[flatOf(found.shape, index)]) : null;
  }

  /** Write one weight; false where the server refused, which has been said. */
  async write(place: Place, value: number): Promise<boolean> {
    const old = this.value(place);
    const { node, tensor, index } = place;
    const command: Command = { type: 'edit_weight', node, tensor, index: [...index], value };
    const applied = await this.#session.guard(() => this.#session.run.command(command));
    if (!applied) return false;
    const undone = this.last?.old === value && weightName(this.last.place) === weightName(place);
    this.last = old === null || !Number.isFinite(old) || undone ? null : { place, old, value };
    await this.read();
    return true;
  }
}

const known = new WeakMap<Session, Weights>();

/** One reader for a page, so that the grid and the editor show the same numbers. */
export function weightsOf(session: Session): Weights {
  const found = known.get(session) ?? new Weights(session);
  known.set(session, found);
  return found;
}
