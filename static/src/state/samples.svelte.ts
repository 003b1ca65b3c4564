// The data set's samples that are on the page, and the one that the network is shown.
import { Frame, Maps } from '../protocol/frames';
import type { Api } from '../protocol/rest';
import { AXES } from '../protocol/labs';
import type { Axis, Warp } from '../protocol/types';
import type { FixedSample, PartValue, Sample } from '../protocol/types';

const FIRST = 15;
const MOST = 240;
const POINTS = 256;

/** Samples of one split: values row after row, targets as numbers. */
export interface Batch {
  readonly count: number;
  readonly shape: readonly number[];
  readonly inputs: Float32Array;
  readonly targets: readonly number[];
}

export const AXIS_NAMES = AXES;
/** Where a picture is not moved. */
export const STILL: Warp = {
  turn: 0,
  scale: 1,
  shift_x: 0,
  shift_y: 0,
  shear: 0,
  bend: 0,
  elastic: 0,
  seed: 0,
};

export const NONE: Batch = { count: 0, shape: [], inputs: new Float32Array(0), targets: [] };

export function decode(buffer: ArrayBuffer): Batch {
  const frame = new Frame(buffer);
  const inputs = frame.tensor('inputs');
  if (!inputs || !(inputs.data instanceof Float32Array)) return NONE;
  const [count = 0, ...shape] = inputs.shape;
  return { count, shape, inputs: inputs.data, targets: frame.numbers('targets') ?? [] };
}

export function joined(a: Batch, b: Batch): Batch {
  if (!a.count) return b;
  if (!b.count) return a;
  const inputs = new Float32Array(a.inputs.length + b.inputs.length);
  inputs.set(a.inputs);
  inputs.set(b.inputs, a.inputs.length);
  return { ...a, count: a.count + b.count, inputs, targets: [...a.targets, ...b.targets] };
}

export class Samples {
  val = $state.raw<Batch>(NONE);
  train = $state.raw<Batch>(NONE);
  watched = $state.raw<FixedSample>({ kind: 'stored', split: 'val', index: 0 });
  /** How the watched picture is moved; null: it is shown as it is. */
  warp = $state.raw<Warp | null>(null);
  /** What the network is shown. */
  readonly shown = $derived.by<Sample>(() =>
    this.warp ? { kind: 'warped', of: this.watched, warp: this.warp } : this.watched,
  );
  /** What was drawn last, kept while another sample is watched. */
  drawn = $state.raw<Float32Array | null>(null);
  loading = $state(false);
  readonly #api: Api;
  #dataset = '';
  #request: AbortController | null = null;

  constructor(api: Api) {
    this.#api = api;
  }

  /** Load the first samples of a data set, unless they are those on the page. */
  async open(dataset: PartValue, points: boolean): Promise<void> {
    const key = JSON.stringify(dataset);
    if (key === this.#dataset) return;
    this.#dataset = key;
    this.#request?.abort();
    const request = new AbortController();
    this.#request = request;
    this.loading = true;
    try {
      const [val, train] = await Promise.all([
        this.#get(dataset, 'val', 0, points ? POINTS : FIRST, request.signal),
        points ? this.#get(dataset, 'train', 0, POINTS, request.signal) : NONE,
      ]);
      if (request.signal.aborted) return;
      if (this.val.shape.join() !== val.shape.join()) {
        this.watched = { kind: 'stored', split: 'val', index: 0 };
        this.drawn = null;
        this.warp = null;
      }
      this.val = val;
      this.train = train;
    } catch (error) {
      if (request.signal.aborted) return;
      this.#dataset = '';
      this.val = NONE;
      this.train = NONE;
      throw error;
    } finally {
      if (this.#request === request) this.loading = false;
    }
  }

  async more(): Promise<void> {
    if (this.val.count >= MOST) return;
    const dataset = JSON.parse(this.#dataset) as PartValue;
    const next = await this.#get(dataset, 'val', this.val.count, FIRST);
    this.val = joined(this.val, next);
  }

  async #get(
    dataset: PartValue,
    split: 'train' | 'val',
    start: number,
    count: number,
    signal?: AbortSignal,
  ): Promise<Batch> {
    return decode(await this.#api.samples(dataset, split, start, count, signal));
  }

  watch(sample: FixedSample): void {
    this.watched = sample;
  }

  /** Move the watched picture along one axis; a picture that lies as it was is not moved at all. */
  move(axis: Axis, value: number): void {
    const next = { ...(this.warp ?? STILL), [axis]: value };
    this.warp = AXES.every((name) => next[name] === STILL[name]) ? null : next;
  }

  /** Bend along another random field. */
  reseed(): void {
    if (this.warp) this.warp = { ...this.warp, seed: this.warp.seed + 1 };
  }

  draw(values: Float32Array): void {
    this.drawn = values;
    this.watched = { kind: 'given', values: Array.from(values) };
  }

  /** The right answer for the watched sample, where it is known. */
  readonly target = $derived.by<number | null>(() => {
    const sample = this.watched;
    if (sample.kind !== 'stored') return null;
    return (sample.split === 'val' ? this.val : this.train).targets[sample.index] ?? null;
  });

  /** The watched sample itself, where it is on the page: shown before any frame has come. */
  readonly input = $derived.by<Maps | null>(() => {
    const sample = this.watched;
    const batch = sample.kind === 'stored' && sample.split === 'train' ? this.train : this.val;
    if (!batch.count) return null;
    const size = batch.inputs.length / batch.count;
    const data =
      sample.kind === 'given'
        ? Float32Array.from(sample.values)
        : batch.inputs.subarray(sample.index * size, (sample.index + 1) * size);
    if (data.length !== size) return null;
    const none = new Float32Array(0);
    return new Maps({ dtype: 'F32', shape: batch.shape, data }, none, none);
  });
}
