// The exact tensors of one pass, asked for as they are looked at and kept until the pass is let go of.
import { Frame, Maps, type Tensor } from '../protocol/frames';
import type { Microscope, Traced, TraceWanted } from '../protocol/microscope';

type Role = NonNullable<NonNullable<TraceWanted['roles']>>[number];
/** What every sample has of its own, and what belongs to the parameters. */
export type Group = 'flow' | 'learn';

const ROLES: Record<Group, Role[]> = {
  flow: ['activation', 'sensitivity', 'derivative', 'inside'],
  learn: ['parameter', 'gradient', 'update', 'state'],
};
const EMPTY = new Float32Array(0);

function floats(tensor: Tensor): Float32Array | Float64Array {
  const { data } = tensor;
  if (data instanceof Float32Array || data instanceof Float64Array) return data;
  return Float64Array.from(data as ArrayLike<number | bigint>, Number);
}

/** A tensor as maps; `batched` takes away the axis of samples, of which there is one. */
function mapsOf(tensor: Tensor, batched: boolean): Maps {
  const shape = batched ? tensor.shape.slice(1) : tensor.shape;
  return new Maps({ dtype: tensor.dtype, shape, data: floats(tensor) }, EMPTY, EMPTY);
}

export class Traces {
  readonly pass: Traced;
  /** Place in the batch of the sample whose cells are held. */
  readonly sample: number;
  /** The frame that holds a tensor, by the tensor's name. */
  #frames = $state.raw<Readonly<Record<string, Frame>>>({});
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- made from the frames, drawn from them
  readonly #maps = new Map<string, Maps>();
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- what was asked for, never drawn
  readonly #asked = new Set<string>();
  readonly #gone = new AbortController();
  readonly #microscope: Microscope;
  readonly #run: string;

  constructor(microscope: Microscope, run: string, pass: Traced, sample: number) {
    this.#microscope = microscope;
    this.#run = run;
    this.pass = pass;
    this.sample = sample;
  }

  /** Ask for what is not there yet; nodes null are all of them. */
  async want(nodes: readonly string[] | null, groups: readonly Group[]): Promise<void> {
    const key = (group: Group, node: string) => `${group} ${node}`;
    const open = groups.filter((group) => !this.#asked.has(key(group, '*')));
    const lacking = nodes?.filter((node) => open.some((one) => !this.#asked.has(key(one, node))));
    if (!open.length || lacking?.length === 0) return;
    const asked = open.flatMap((group) => (lacking ?? ['*']).map((node) => key(group, node)));
    for (const one of asked) this.#asked.add(one);
    const wanted: TraceWanted = {
      ...this.pass,
      roles: open.flatMap((group) => ROLES[group]),
      sample: this.sample,
      ...(lacking ? { nodes: [...lacking] } : {}),
    };
    try {
      this.#take(new Frame(await this.#microscope.trace(this.#run, wanted, this.#gone.signal)));
    } catch (error) {
      for (const one of asked) this.#asked.delete(one);
      if (!this.#gone.signal.aborted) throw error;
    }
  }

  #take(frame: Frame): void {
    if (this.#gone.signal.aborted) return;
    const held = Object.fromEntries(frame.names.map((name) => [name, frame]));
    this.#frames = { ...this.#frames, ...held };
  }

  tensor(name: string): Tensor | null {
    return this.#frames[name]?.tensor(name) ?? null;
  }

  /** `conv1.activation`, `conv1.weight.gradient`, …; null while it is not there. */
  maps(name: string): Maps | null {
    const tensor = this.tensor(name);
    if (!tensor) return null;
    let found = this.#maps.get(name);
    if (!found) {
      found = mapsOf(tensor, /\.(activation|sensitivity|derivative|inside)$/.test(name));
      this.#maps.set(name, found);
    }
    return found;
  }

  /** Names of the parameters of a node that are there: `weight`, `bias`. */
  parameters(node: string): string[] {
    return this.#named(`${node}.`, '.parameter');
  }

  /** What the optimiser keeps of a parameter: `momentum_buffer`, `exp_avg`, … */
  states(parameter: string): string[] {
    return this.#named(`${parameter}.`, '.state');
  }

  /** What a layer holds inside: `mask`, `mean`, … */
  insides(node: string): string[] {
    return this.#named(`${node}.`, '.inside');
  }

  #named(start: string, end: string): string[] {
    return Object.keys(this.#frames)
      .filter((name) => name.startsWith(start) && name.endsWith(end))
      .map((name) => name.slice(start.length, -end.length));
  }

  /** How much a step changes a parameter. */
  change(parameter: string): Maps | null {
    const known = this.#maps.get(`${parameter}.change`);
    const [before, after] = [this.maps(`${parameter}.parameter`), this.maps(`${parameter}.update`)];
    if (known || !before?.values || !after?.values) return known ?? null;
    const old = before.values;
    const data = Float64Array.from(after.values, (value, i) => value - (old[i] ?? 0));
    const made = mapsOf({ dtype: 'F64', shape: before.shape, data }, false);
    this.#maps.set(`${parameter}.change`, made);
    return made;
  }

  /** Let go of everything. */
  drop(): void {
    this.#gone.abort();
    this.#frames = {};
    this.#maps.clear();
  }
}
