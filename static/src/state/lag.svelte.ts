// The lag experiments of the server: those that were made, the one that is shown, what would be begun next.
import { LagExperiments, type LagCell, type LagRecord, type LagTask } from '../protocol/lag';
import type { Session } from './session.svelte';

const LOOK_MS = 500;
const GOING = ['queued', 'running'];

/** All that an experiment is made of. */
export interface Wanted {
  task: LagTask;
  cells: LagCell[];
  lags: number[];
  steps: number;
  units: number;
  seed: number;
}

export const CELLS: readonly LagCell[] = ['rnn', 'irnn', 'gru', 'lstm'];
export const RECALL: Wanted = {
  task: 'recall',
  cells: [...CELLS],
  lags: [5, 10, 20, 50, 100],
  steps: 300,
  units: 32,
  seed: 0,
};
/** The two presets of the adding problem, side by side. */
export const ADDING: Wanted = {
  task: 'adding',
  cells: ['rnn', 'lstm'],
  lags: [50],
  steps: 1575,
  units: 32,
  seed: 0,
};

/** Whether two of them are the same experiment. */
export function same(one: Wanted, other: Wanted): boolean {
  const key = ({ task, cells, lags, steps, units, seed }: Wanted) =>
    JSON.stringify([task, cells, lags, steps, units, seed]);
  return key(one) === key(other);
}

export class Lags {
  records = $state.raw<readonly LagRecord[]>([]);
  wanted = $state.raw<Wanted>(RECALL);
  loaded = $state(false);
  readonly #session: Session;
  readonly #server: LagExperiments;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #left = false;

  constructor(session: Session) {
    this.#session = session;
    this.#server = new LagExperiments(session.api);
  }

  /** The experiment of what is wanted, if there was one. */
  readonly record = $derived.by<LagRecord | null>(
    () => this.records.find((one) => same(one.spec as Wanted, this.wanted)) ?? null,
  );
  readonly going = $derived.by(() => !!this.record && GOING.includes(this.record.state));

  /** The newest experiment is shown at first. */
  async open(): Promise<void> {
    await this.load();
    const newest = this.records[0];
    if (newest) this.wanted = newest.spec as Wanted;
    this.loaded = true;
  }

  async load(): Promise<void> {
    this.records = await this.#server.all();
    this.#look();
  }

  async begin(): Promise<void> {
    await this.#server.begin(this.wanted);
    await this.load();
  }

  async stop(): Promise<void> {
    if (this.record) await this.#server.stop(this.record.id);
    await this.load();
  }

  /** The network that was trained, as a run on the page. */
  async openRun(lag: number, cell: LagCell): Promise<void> {
    if (this.record) await this.#session.open(await this.#server.run(this.record.id, lag, cell));
  }

  /** Look no more; what trains goes on at the server. */
  leave(): void {
    this.#left = true;
    if (this.#timer) clearTimeout(this.#timer);
  }

  #look(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#left || !this.records.some((one) => GOING.includes(one.state))) return;
    this.#timer = setTimeout(() => void this.#session.guard(() => this.load()), LOOK_MS);
  }
}
