// The pass unfolded: the operations of one step in order, the one that is looked at, whose numbers are shown.
import { untrack } from 'svelte';
import { say, t } from '../i18n';
import type { Maps } from '../protocol/frames';
import { ApiError } from '../protocol/errors';
import { LOSS_NODE, type OperationStep, type Traced } from '../protocol/microscope';
import type { Card } from './cards';
import { rest } from './rest';
import type { Session } from './session.svelte';
import { Traces, type Group } from './traces.svelte';

export type Phase = OperationStep['phase'];
export const PHASES: readonly Phase[] = ['forward', 'loss', 'backward', 'update'];
/** Whose pass: the step's own batch, as it is trained, or the watched sample alone. */
export type Whose = 'batch' | 'sample';
export const SPEEDS = [0.5, 1, 2, 5, 10] as const;

/** Networks with more numbers than this are asked for layer by layer. */
const MOST_VALUES = 1_500_000;
/** From this many numbers in the batch's pass on, single precision is exact enough and half as large. */
const WIDE = 6_000_000;
/** Passes that are kept while the scope is open: the other sample, the step before. */
const KEPT = 3;

interface Loaded {
  readonly key: string;
  readonly step: number;
  readonly batch: readonly number[] | null;
  readonly samples: number;
  readonly operations: readonly OperationStep[];
  readonly traces: Traces;
}

function find(operations: readonly OperationStep[], phase: Phase, nodes: readonly string[]) {
  return operations.findIndex((one) => one.phase === phase && nodes.includes(one.node));
}

export class Scope {
  open = $state(false);
  loading = $state(false);
  playing = $state(false);
  /** Operations a second. */
  speed = $state<number>(2);
  whose = $state<Whose>('batch');
  /** Place in the batch whose cells are shown. */
  position = $state(0);
  index = $state(0);
  #loaded = $state.raw<Loaded | null>(null);
  /** Counts up when the same step has to be asked for again. */
  #asked = $state(0);
  #kept: Loaded[] = [];
  #request: AbortController | null = null;
  #wanted = '';
  /** The batch was trained at the end of a walk: the next step begins at its first operation. */
  #advancing = false;
  /** Where to begin once the step is there. */
  #start: ((operations: readonly OperationStep[]) => number) | null = null;
  readonly #session: Session;

  readonly operations = $derived.by(() => this.#loaded?.operations ?? []);
  readonly operation = $derived.by((): OperationStep | null =>
    this.open ? (this.operations[this.index] ?? null) : null,
  );
  readonly traces = $derived.by(() => (this.open ? (this.#loaded?.traces ?? null) : null));
  readonly step = $derived.by(() => this.#loaded?.step ?? null);
  readonly batch = $derived.by(() => this.#loaded?.batch ?? null);
  readonly samples = $derived.by(() => this.#loaded?.samples ?? 0);
  readonly pass = $derived.by((): Traced => this.traces?.pass ?? {});

  constructor(session: Session) {
    this.#session = session;
  }

  // --- walking ----------------------------------------------------------------------------------

  /** The next operation; unfolds the coming step at first; after the last one the batch is trained. */
  async next(): Promise<void> {
    if (!this.open) return this.unfold(() => 0);
    if (this.loading) return;
    if (this.index < this.operations.length - 1) this.go(this.index + 1);
    else await this.#train();
  }

  /** One operation back. */
  back(): void {
    this.go(this.index - 1);
  }

  go(index: number): void {
    this.index = Math.max(0, Math.min(this.operations.length - 1, index));
    const { operation } = this;
    if (operation && !this.playing) this.#session.app.announce(say(operation.caption));
  }

  /** To the first operation of the next phase; past the update the batch is trained. */
  async skip(): Promise<void> {
    const phase = this.operation?.phase;
    const at = this.operations.findIndex((one, i) => i > this.index && one.phase !== phase);
    if (at >= 0) this.go(at);
    else await this.#train();
  }

  /** To an operation of a node, where it has one. */
  seek(phase: Phase, nodes: readonly string[]): void {
    const at = find(this.operations, phase, nodes);
    if (at >= 0) this.go(at);
  }

  /** Unfold the coming step; a run that trains is paused first. */
  async unfold(start: (operations: readonly OperationStep[]) => number): Promise<void> {
    if (this.open) return;
    this.#start = start;
    this.loading = true;
    if (!(await rest(this.#session))) return this.fold();
    // The run rests only when its last step is made.
    this.#advancing = true;
    this.open = true;
    this.#asked++;
  }

  /** Unfold at a phase of a layer, or go there. */
  async look(phase: Phase, nodes: readonly string[]): Promise<void> {
    if (this.open) return this.seek(phase, nodes);
    await this.unfold((operations) => Math.max(0, find(operations, phase, nodes)));
  }

  fold(): void {
    this.open = false;
    this.playing = false;
    this.loading = false;
    this.index = 0;
    this.#advancing = false;
    this.#wanted = '';
    this.#request?.abort();
    this.#forget();
  }

  #forget(): void {
    for (const one of this.#kept) one.traces.drop();
    this.#kept = [];
    this.#loaded = null;
  }

  async #train(): Promise<void> {
    const { run } = this.#session;
    this.#advancing = true;
    this.loading = true;
    this.#start = () => 0;
    const done = await this.#session.guard(() =>
      run.command({ type: 'step', unit: 'batch', count: 1 }),
    );
    if (done) return;
    this.#advancing = false;
    this.loading = false;
    this.playing = false;
  }

  // --- loading ----------------------------------------------------------------------------------

  /** Keeps to the run: another step or sample is unfolded, a run that trains folds the scope up. */
  follow(): void {
    if (!this.open) return;
    const { run, edited } = this.#session;
    const settings = run.settings && { ...run.settings, speed: null };
    const whose = this.whose === 'sample' ? JSON.stringify(this.given()) : this.position;
    // A weight set by hand makes another pass of the same step. The settings hold all other commands, and may
    // change before their event has come: counting that as well would ask twice.
    const byHand = run.ticks.filter(({ command }) => command?.type === 'edit_weight');
    const hand = byHand.filter(({ step }) => step === run.step).length;
    const key = [run.id, run.branch, run.step, hand, whose, JSON.stringify(settings)].join(' ');
    const asked = `${this.#asked} ${key}`;
    if (edited || (run.running && !this.#advancing)) untrack(() => this.fold());
    else if (!run.running && asked !== this.#wanted) untrack(() => void this.#load(asked, key));
  }

  /** The watched sample with a label; what is drawn counts as what the network takes it for. */
  given(): NonNullable<Traced['samples']>[number] {
    const { samples, frames, editor } = this.#session;
    const sample = samples.watched;
    if (sample.kind === 'stored') return { ...sample };
    const said = frames.maps(editor.spec.model.outputs[0] ?? '', 'activation');
    const values = Array.from({ length: said?.width ?? 0 }, (_, i) => said?.value(0, i) ?? 0);
    const label = Math.max(0, values.indexOf(Math.max(...values)));
    return { kind: 'given', values: sample.values, label };
  }

  #size(samples: number): { flow: number; learn: number } {
    let [flow, learn] = [0, 0];
    for (const report of this.#session.reports.values()) {
      flow += 3 * samples * report.activations;
      learn += 5 * report.count;
    }
    return { flow, learn };
  }

  async #load(asked: string, key: string): Promise<void> {
    this.#wanted = asked;
    this.#request?.abort();
    const request = new AbortController();
    this.#request = request;
    this.loading = true;
    try {
      const known = this.#kept.find((one) => one.key === key);
      const loaded = known ?? (await this.#ask(key, request.signal));
      if (request.signal.aborted) return;
      this.#keep(loaded);
      const at = this.#start?.(loaded.operations) ?? this.index;
      this.#start = null;
      this.#advancing = false;
      this.loading = false;
      this.go(at);
    } catch (error) {
      if (request.signal.aborted) return;
      const much = error instanceof ApiError && error.code === 'too_large';
      // A whole batch of long sequences is too much: the sample alone is not.
      if (much && this.whose === 'batch') return void (this.whose = 'sample');
      this.fold();
      this.#session.app.failed(error);
    }
  }

  async #ask(key: string, signal: AbortSignal): Promise<Loaded> {
    const { run, microscope, phase } = this.#session;
    const id = run.id ?? '';
    const alone = this.whose === 'sample';
    const large = this.#size(alone ? 1 : (phase?.batch_size ?? 1)).flow > WIDE;
    const pass: Traced = {
      step: run.step,
      precision: large ? 'float32' : 'float64',
      ...(alone ? { samples: [this.given()] } : {}),
    };
    const listed = await microscope.operations(id, pass, signal);
    const position = alone ? 0 : Math.min(this.position, listed.samples - 1);
    const traces = new Traces(microscope, id, pass, position);
    const { flow, learn } = this.#size(1);
    const groups: Group[] = [];
    if (flow <= MOST_VALUES) groups.push('flow');
    if (learn <= MOST_VALUES) groups.push('learn');
    if (groups.length) await traces.want(null, groups);
    const { step, samples, batch, operations } = listed;
    return { key, step, samples, batch: batch ?? null, operations, traces };
  }

  #keep(loaded: Loaded): void {
    const old = this.#advancing ? [] : this.#kept.filter((one) => one !== loaded);
    const kept = [loaded, ...old].slice(0, KEPT);
    for (const one of this.#kept) if (!kept.includes(one)) one.traces.drop();
    this.#kept = kept;
    this.#loaded = loaded;
  }

  /** Ask for the tensors of some nodes, where they were not asked for with all the others. */
  want(nodes: readonly string[], groups: readonly Group[] = ['flow']): void {
    const { traces } = this;
    if (traces) void this.#session.guard(() => traces.want(nodes, groups));
  }

  // --- what a card shows ------------------------------------------------------------------------

  /** Whether an operation is that of a card; the loss belongs to the output's. */
  lights(card: Card): boolean {
    const node = this.operation?.node;
    if (node === LOSS_NODE) return card.isOutput;
    return card.nodes.some((one) => one.id === node);
  }

  /** The node of a card that the pass has come to last, and which of its tensors; null before that. */
  reached(card: Card): { node: string; role: 'activation' | 'sensitivity' } | null {
    if (!card.nodes.length) return { node: card.id, role: 'activation' };
    const passed = this.operations.slice(0, this.index + 1);
    const mine = passed.filter((one) => card.nodes.some((node) => node.id === one.node));
    const last = mine.findLast((one) => one.role === 'sensitivity' || one.role === 'activation');
    const given = passed.some((one) => one.node === LOSS_NODE && one.phase === 'backward');
    if (card.isOutput && given && last?.role === 'activation') {
      return { node: last.node, role: 'sensitivity' };
    }
    return last ? { node: last.node, role: last.role as 'activation' | 'sensitivity' } : null;
  }

  /** Exact maps of a node, or null while they are not there. */
  maps(node: string, role: 'activation' | 'sensitivity' | 'derivative'): Maps | null {
    return this.traces?.maps(`${node}.${role}`) ?? null;
  }

  /** The parameter that is updated now. */
  get updated(): string | null {
    const now = this.operation;
    return now?.phase === 'update' && now.tensor ? `${now.node}.${now.tensor}` : null;
  }

  /** Which sample is shown, in words. */
  get sampleText(): string {
    if (this.whose === 'sample') return t('scope.alone');
    return t('scope.position', {
      at: this.traces?.sample ?? this.position,
      all: this.samples,
    });
  }
}
