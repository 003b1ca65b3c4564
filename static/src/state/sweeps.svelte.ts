// Answers along one movement of the watched picture, of the page's run and of others beside it. One request at a
// time for each; while a slider moves only the newest wish is followed.
import { ApiError } from '../protocol/errors';
import type { Axis, SweepAnswer, Warp } from '../protocol/types';
import { finite, type FixedSample, type Readout, type RunInfo, type Text } from '../protocol/types';
import type { Session } from './session.svelte';
import { STILL } from './samples.svelte';

export const POINTS = 61;
/** Between two looks at a run that trains. */
const PAUSE_MS = 600;
const MOST_OTHERS = 3;
const RUNS = 60;

export interface Sweep {
  run: string;
  name: string;
  values: number[];
  /** One row a value. */
  answers: number[][];
  labels: (number | null)[] | null;
  target: number | null;
  readout: Readout;
}

export interface Other {
  id: string;
  name: string;
}

interface Wish {
  run: string;
  name: string;
  sample: FixedSample;
  warp: Warp;
  axis: Axis;
  low: number;
  high: number;
}

function decoded(wish: Wish, answer: SweepAnswer): Sweep {
  return {
    run: wish.run,
    name: wish.name,
    values: answer.values,
    answers: answer.answers.map((row) => row.map(finite)),
    labels: answer.labels,
    target: answer.target,
    readout: answer.readout,
  };
}

export class Sweeps {
  main = $state.raw<Sweep | null>(null);
  others = $state.raw<Sweep[]>([]);
  compared = $state.raw<Other[]>([]);
  /** Runs on the same data that can be compared. */
  choices = $state.raw<Other[]>([]);
  problem = $state.raw<Text | null>(null);
  readonly #session: Session;
  #answered: Record<string, string> = {};
  #wanted: Wish | null = null;
  #busy = false;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Ask for a curve; what was asked before and has not been begun is dropped. */
  ask(sample: FixedSample, warp: Warp | null, axis: Axis, low: number, high: number): void {
    const { run, editor } = this.#session;
    if (!run.id) {
      this.main = null;
      this.others = [];
      return;
    }
    const base = { ...STILL, ...warp, [axis]: STILL[axis] };
    this.#wanted = { run: run.id, name: editor.spec.name, sample, warp: base, axis, low, high };
    if (!this.#busy) void this.#answer();
  }

  async #answer(): Promise<void> {
    this.#busy = true;
    while (this.#wanted) {
      const wish: Wish = this.#wanted;
      this.#wanted = null;
      try {
        const answer = await this.#one(wish);
        if (wish.run === this.#session.run.id) this.main = answer;
        this.others = await Promise.all(this.compared.map((other) => this.#other(other, wish)));
        this.problem = null;
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        this.problem = error.text;
        this.main = null;
      }
      if (this.#session.playing) await new Promise((next) => setTimeout(next, PAUSE_MS));
    }
    this.#busy = false;
  }

  async #one(wish: Wish): Promise<Sweep> {
    const { run, sample, warp, axis, low, high } = wish;
    const sweep = { warp, axis, low, high, points: POINTS };
    return decoded(wish, await this.#session.api.sweep(run, { sample, sweep }));
  }

  /** Another run's curve; asked again only when something but the step of the page's run has changed. */
  async #other(other: Other, wish: Wish): Promise<Sweep> {
    const theirs = { ...wish, run: other.id, name: other.name };
    const key = JSON.stringify(theirs);
    const known = this.others.find((one) => one.run === other.id);
    if (known && this.#answered[other.id] === key) return known;
    const found = await this.#one(theirs);
    this.#answered[other.id] = key;
    return found;
  }

  async findOthers(): Promise<void> {
    const { api, run } = this.#session;
    const { runs } = await api.runs(undefined, RUNS);
    const data = JSON.stringify(run.spec?.training.dataset ?? this.#session.dataset);
    const fits = (one: RunInfo) =>
      one.id !== run.id &&
      one.state !== 'failed' &&
      JSON.stringify(one.spec.training.dataset) === data;
    this.choices = runs.filter(fits).map((one) => ({
      id: one.id,
      name: `${one.name || one.id} · ${one.step}`,
    }));
  }

  compare(id: string): void {
    const chosen = this.choices.find((one) => one.id === id);
    const rest = this.compared.filter((one) => one.id !== id);
    if (rest.length < this.compared.length) this.drop(id);
    else if (chosen) this.compared = [...this.compared, chosen].slice(-MOST_OTHERS);
  }

  drop(id: string): void {
    this.compared = this.compared.filter((one) => one.id !== id);
    this.others = this.others.filter((one) => one.run !== id);
  }
}
