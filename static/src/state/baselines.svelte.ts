// The baselines on the page's data set: what was learnt before, what learns now, what can be begun or cancelled.
import type { BaselineRecord } from '../protocol/types';
import type { Part, PartValue } from '../protocol/types';
import type { Session } from './session.svelte';

const LOOK_MS = 500;
const GOING = ['queued', 'running'];

/** Whether a value with its defaults left out or written out is the same as the server's. */
export function samePart(part: Part | undefined, value: PartValue, full: PartValue): boolean {
  const fields = (part?.schema['properties'] ?? {}) as Record<string, { default?: unknown }>;
  const names = [...Object.keys(value), ...Object.keys(full)];
  return names.every((name) => {
    const own = name in value ? value[name] : fields[name]?.default;
    return JSON.stringify(own) === JSON.stringify(full[name]);
  });
}

function defaultsOf(part: Part): PartValue {
  const fields = (part.schema['properties'] ?? {}) as Record<string, { default?: unknown }>;
  const known = Object.entries(fields).filter(([, one]) => one.default !== undefined);
  return {
    ...Object.fromEntries(known.map(([name, one]) => [name, one.default])),
    type: part.type,
  };
}

export class Baselines {
  records = $state.raw<BaselineRecord[]>([]);
  /** Now, while something learns: seconds are counted from it. */
  now = $state(Date.now() / 1000);
  /** Options that were chosen here, by type; all of a baseline's are its defaults until then. */
  chosen = $state.raw<Record<string, PartValue>>({});
  readonly #session: Session;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #stopped = false;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Baselines that suit the task of the data set. */
  readonly parts = $derived.by<Part[]>(() => {
    const task = this.#session.facts?.task;
    const all = this.#session.catalog.families.baselines;
    return all.filter((part) => (part.facts['tasks'] as string[]).includes(task ?? ''));
  });

  /** The newest job of a baseline, whatever its options, on the data set as it is now. */
  of(type: string): BaselineRecord | null {
    const { dataset, catalog } = this.#session;
    const set = catalog.datasets.get(dataset.type);
    const fits = (one: BaselineRecord) =>
      one.spec.baseline.type === type &&
      one.spec.dataset.type === dataset.type &&
      samePart(set, dataset, one.spec.dataset);
    return this.records.find(fits) ?? null;
  }

  /** What would learn next: the options chosen, else those of the last result, else the usual ones. */
  options(part: Part): PartValue {
    return this.chosen[part.type] ?? this.of(part.type)?.spec.baseline ?? defaultsOf(part);
  }

  choose(value: PartValue): void {
    this.chosen = { ...this.chosen, [value.type]: value };
  }

  /** Whether the options chosen are others than those of the result that is shown. */
  differs(part: Part): boolean {
    const record = this.of(part.type);
    return !!record && !samePart(part, this.options(part), record.spec.baseline);
  }

  async load(): Promise<void> {
    this.records = await this.#session.api.baselines();
    this.now = Date.now() / 1000;
    this.#look();
  }

  async learn(baseline: PartValue): Promise<void> {
    const { api, dataset } = this.#session;
    const known = this.of(baseline.type);
    if (known && !GOING.includes(known.state)) await api.forgetBaseline(known.id);
    await api.learn({ dataset, baseline });
    await this.load();
  }

  async cancel(id: string): Promise<void> {
    await this.#session.api.forgetBaseline(id);
    await this.load();
  }

  /** Look no more; what learns goes on at the server. */
  stop(): void {
    this.#stopped = true;
    if (this.#timer) clearTimeout(this.#timer);
  }

  #look(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#stopped || !this.records.some((one) => GOING.includes(one.state))) return;
    this.#timer = setTimeout(() => void this.#session.guard(() => this.load()), LOOK_MS);
  }
}
