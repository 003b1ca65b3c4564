// One run as the page sees it: its state, step, curves and branches, from the events the server reports.
import type { Api } from '../protocol/rest';
import type { Stream } from '../protocol/socket';
import { finite } from '../protocol/types';
import type {
  AnyEvent,
  Applied,
  BranchInfo,
  Command,
  CommandApplied,
  MetricsHistory,
  Note,
  Rewound,
  RunInfo,
  RunSpec,
  RunState,
  Settings,
  StoredEvent,
  Text,
} from '../protocol/types';
import { History, type Curve, type Series } from './history';
import { byHand } from './hand';
import { notesHere } from './recent';

export interface Tick {
  step: number;
  branch: number;
  kind: 'snapshot' | 'command' | 'epoch';
  command?: Command;
}

const QUEUE_POLL_MS = 2000;
const MOST_TICKS = 400;

export class Run {
  id = $state<string | null>(null);
  spec = $state.raw<RunSpec | null>(null);
  state = $state<RunState>('paused');
  reason = $state.raw<Text | null>(null);
  /** Why it makes no step though nobody paused it. */
  held = $state.raw<Text | null>(null);
  device = $state('');
  branch = $state(0);
  step = $state(0);
  /** The furthest step of the current branch or of those it left. */
  last = $state(0);
  epoch = $state(0);
  speed = $state<number | null>(null);
  secondsLeft = $state<number | null>(null);
  gradient = $state.raw<Record<string, number>>({});
  /** Share of η that the schedule gave the newest step; null where there is none to know. */
  share = $state<number | null>(null);
  /** In force at the newest event: as the server says, never worked out here. */
  settings = $state.raw<Settings | null>(null);
  branches = $state.raw<BranchInfo[]>([]);
  ticks = $state.raw<Tick[]>([]);
  notes = $state.raw<Note[]>([]);
  queuePosition = $state<number | null>(null);
  /** A command that was sent and has not yet been seen to take effect. */
  pending = $state<Command['type'] | null>(null);
  /** Counts up when curves have grown. */
  grown = $state(0);

  readonly exists = $derived(this.id !== null);
  readonly running = $derived(
    this.pending === 'play' || (this.state === 'running' && this.pending !== 'pause'),
  );
  /** Commands that have taken effect: a weight set by hand makes another network of the same step. */
  readonly commands = $derived(this.ticks.filter((one) => one.kind === 'command').length);
  readonly #api: Api;
  readonly #stream: Stream;
  readonly #changed: (event: AnyEvent) => void;
  #history = new History();
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- nothing on the page is drawn from it
  readonly #asked = new Set<Promise<unknown>>();
  #poll: ReturnType<typeof setTimeout> | null = null;
  /** Number of the newest event that was received, and of the newest that an answer has told of. */
  #seq = 0;
  #told = 0;

  constructor(api: Api, stream: Stream, changed: (event: AnyEvent) => void) {
    this.#api = api;
    this.#stream = stream;
    this.#changed = changed;
  }

  /** Follow a run that exists; its past is loaded, its events follow. */
  async attach(id: string): Promise<RunInfo> {
    const info = await this.#api.run(id);
    const [past, snapshots] = await Promise.all([this.#api.metrics(id), this.#api.snapshots(id)]);
    this.adopt(info);
    this.#history.branches(info.branches);
    this.#history.load(past);
    this.#rate(finite(past.rates?.learning_rate.at(-1)));
    this.last = Math.max(info.step, past.steps.at(-1) ?? 0);
    this.ticks = snapshots.map(({ step, branch }) => ({ step, branch, kind: 'snapshot' as const }));
    this.grown++;
    const notes = await notesHere(this.#api, info);
    if (this.id === id && !this.notes.length) this.notes = notes;
    return info;
  }

  async create(spec: RunSpec): Promise<RunInfo> {
    const info = await this.#api.create(spec);
    this.adopt(info);
    return info;
  }

  /** Show `info` and follow it. */
  adopt(info: RunInfo): void {
    this.leave();
    this.id = info.id;
    this.spec = info.spec;
    this.#seq = this.#told = info.last_seq;
    this.#show(info);
    this.#stream.subscribe(info.id, info.last_seq);
  }

  #show(info: RunInfo): void {
    this.state = info.state;
    this.reason = info.reason;
    this.device = info.device;
    this.branch = info.branch;
    this.step = info.step;
    this.last = Math.max(this.last, info.step);
    this.epoch = info.epoch;
    this.settings = info.settings;
    this.branches = info.branches;
    this.queuePosition = info.queue_position;
    if (info.state === 'queued') this.#watchQueue(info.id);
  }

  leave(): void {
    if (this.id) this.#stream.unsubscribe(this.id);
    if (this.#poll) clearTimeout(this.#poll);
    this.#history = new History();
    this.id = null;
    this.spec = null;
    this.step = this.last = this.epoch = this.branch = 0;
    this.speed = this.secondsLeft = this.reason = this.held = this.pending = null;
    this.gradient = {};
    this.share = null;
    this.ticks = [];
    this.notes = [];
    this.state = 'paused';
    this.grown++;
  }

  async command(command: Command): Promise<Applied | null> {
    if (!this.id) return null;
    this.pending = command.type;
    try {
      const applied = await this.answered(this.#api.command(this.id, command));
      if (!applied.waiting) this.#told = Math.max(this.#told, applied.seq);
      return applied;
    } finally {
      if (this.pending === command.type) this.pending = null;
    }
  }

  /** The events of every command that was answered are here: `settings` is not of before one of them. */
  get upToDate(): boolean {
    return this.#seq >= this.#told;
  }

  /** What is asked of the run; it does not go away before the answer is there. */
  async answered<T>(answer: Promise<T>): Promise<T> {
    this.#asked.add(answer);
    try {
      return await answer;
    } finally {
      this.#asked.delete(answer);
    }
  }

  /** Everything that was asked has been answered, one way or the other. */
  async settled(): Promise<void> {
    while (this.#asked.size) await Promise.allSettled(this.#asked);
  }

  /** Curves of a recording, on the page until there is a run. */
  showRecorded(past: MetricsHistory & { epoch: number }): void {
    this.#history.load(past);
    this.step = this.last = past.steps.at(-1) ?? 0;
    this.epoch = past.epoch;
    this.grown++;
  }

  curve(name: Curve): Series {
    return this.#history.curve(this.branch, name);
  }

  abandoned(name: Curve): Series {
    return this.#history.abandoned(this.branch, name);
  }

  receive(events: StoredEvent[]): void {
    for (const { event, seq } of events) {
      this.#seq = seq;
      this.#apply(event);
      this.#changed(event);
    }
  }

  #apply(event: AnyEvent): void {
    switch (event.type) {
      case 'state':
        this.state = event.state;
        if (event.state === 'running' || event.state === 'paused') this.pending = null;
        this.reason = event.reason;
        this.device = event.device ?? this.device;
        if (event.state !== 'starting' && event.state !== 'queued') this.step = event.step;
        if (event.state !== 'running') this.secondsLeft = null;
        if (event.state === 'queued' && this.id) this.#watchQueue(this.id);
        return;
      case 'metrics':
        this.#history.metrics(event);
        this.#at(event.step, event.epoch);
        this.speed = event.samples_per_second;
        this.secondsLeft = event.seconds_left;
        this.#gradients(event.gradient);
        this.#rate(finite(event.learning_rate));
        this.grown++;
        return;
      case 'validation':
        this.#history.validation(event);
        this.#at(Math.max(this.step, event.step), Math.max(this.epoch, event.epoch));
        this.grown++;
        return;
      case 'rewound':
        this.#rewound(event);
        return;
      case 'command':
        this.#applied(event);
        return;
      case 'snapshot':
        this.#tick({ step: event.step, branch: event.branch, kind: 'snapshot' });
        return;
      case 'note':
        this.notes = [...this.notes, event].slice(-20);
    }
  }

  #at(step: number, epoch: number): void {
    this.step = step;
    this.epoch = epoch;
    this.last = Math.max(this.last, step);
  }

  #rate(rate: number): void {
    const base = Number(this.settings?.optimizer['learning_rate']);
    this.share = Number.isFinite(rate) && base > 0 ? rate / base : null;
  }

  #gradients(norms: Record<string, number | string>): void {
    const entries = Object.entries(norms);
    if (!entries.length) return;
    this.gradient = Object.fromEntries(
      entries.map(([id, norm]) => [id, finite(norm as number)] as const),
    );
  }

  #rewound({ branch, parent, step, epoch, settings }: Rewound): void {
    this.#history.branch(branch, parent, step);
    this.branches = [...this.branches.filter((b) => b.branch !== branch), { branch, parent, step }];
    this.branch = branch;
    this.step = step;
    this.epoch = epoch ?? this.epoch;
    this.settings = settings ?? this.settings;
    this.gradient = {};
    this.share = null;
    this.notes = [];
    this.grown++;
  }

  #applied({ command, step, branch, settings }: CommandApplied): void {
    this.settings = settings ?? this.settings;
    if (command.type === 'set_schedule' || command.type === 'set_epochs') this.share = null;
    if (command.type.startsWith('set_') || byHand(command))
      this.#tick({ step, branch, kind: 'command', command });
  }

  #tick(tick: Tick): void {
    const known = this.ticks.some(
      (other) => tick.kind === 'snapshot' && other.kind === 'snapshot' && other.step === tick.step,
    );
    if (!known) this.ticks = [...this.ticks, tick].slice(-MOST_TICKS);
  }

  /** While it waits in the queue, ask where. */
  #watchQueue(id: string): void {
    if (this.#poll) clearTimeout(this.#poll);
    this.#poll = setTimeout(() => void this.#lookAtQueue(id), QUEUE_POLL_MS);
  }

  async #lookAtQueue(id: string): Promise<void> {
    if (this.id !== id || this.state !== 'queued') return;
    const info = await this.answered(this.#api.run(id)).catch(() => null);
    if (info && this.id === id && this.state === 'queued') {
      this.queuePosition = info.queue_position;
      this.reason = info.reason;
      this.#watchQueue(id);
    }
  }
}
