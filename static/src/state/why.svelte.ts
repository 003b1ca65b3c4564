// Asks why an answer is what it is, and which samples excite a map; keeps the newest answer. Draws nothing.
import { Frame, Maps } from '../protocol/frames';
import { AS_TENSORS } from '../protocol/requests';
import { ofRun } from '../protocol/rest';
import type { Sent, Written } from '../protocol/types';
import type { Text } from '../i18n';
import { decode } from './samples.svelte';
import { said } from './said';
import type { Session } from './session.svelte';

export type Method = Written<Sent['MethodInfo']>;
export type Exciting = Written<Sent['Exciting']>;
export type ExcitingSample = Written<Sent['ExcitingSample']>;

const NONE = new Float32Array(0);

/** One answer: a number for every input. */
export class Attributed {
  /** How it was found. */
  readonly method: string;
  readonly values: Maps;
  readonly input: Maps;
  readonly outputs: number[];
  readonly signed: boolean;
  readonly target: number;
  readonly step: number;
  readonly score: number;
  /** Of integrated gradients. */
  readonly delta: number | null;
  readonly baseline: number | null;
  readonly layer: string | null;

  constructor(buffer: ArrayBuffer, method: string) {
    this.method = method;
    const frame = new Frame(buffer);
    const maps = (name: string) =>
      frame.maps(name) ?? new Maps({ dtype: 'F32', shape: [0], data: NONE }, NONE, NONE);
    this.values = maps('attribution');
    this.input = maps('input');
    this.outputs = frame.numbers('outputs') ?? [];
    this.signed = frame.metadata['signed'] === 'true';
    this.target = frame.number('target') ?? 0;
    this.step = frame.number('step') ?? 0;
    this.score = frame.number('score') ?? NaN;
    this.delta = frame.number('completeness_delta');
    this.baseline = frame.number('baseline_score');
    this.layer = frame.metadata['layer'] ?? null;
  }

  /** Σ of all numbers. */
  get sum(): number {
    return (this.values.values as Float32Array).reduce((a, b) => a + b, 0);
  }
}

/** The channels of a picture added up: one map. */
export function flattened(maps: Maps): Maps {
  if (maps.shape.length !== 3 || maps.count === 1) return maps;
  const data = new Float32Array(maps.size);
  for (let channel = 0; channel < maps.count; channel++) {
    for (let i = 0; i < maps.size; i++) data[i] = (data[i] ?? 0) + maps.value(channel, i);
  }
  const shape = [1, maps.height, maps.width];
  return new Maps({ dtype: 'F32', shape, data }, NONE, NONE);
}

export class Why {
  methods = $state.raw<readonly Method[]>([]);
  method = $state('saliency');
  /** Null: the network's own answer. */
  target = $state<number | null>(null);
  /** Grad-CAM's layer; null is the last convolution. */
  layer = $state<string | null>(null);
  answer = $state.raw<Attributed | null>(null);
  busy = $state(false);
  error = $state.raw<Text | null>(null);
  readonly #session: Session;
  #request: AbortController | null = null;

  constructor(session: Session) {
    this.#session = session;
  }

  async ask(): Promise<void> {
    const { api, run, samples } = this.#session;
    this.#request?.abort();
    const request = new AbortController();
    this.#request = request;
    this.busy = true;
    this.error = null;
    try {
      if (!this.methods.length) this.methods = (await api.methods()).methods;
      if (!(await this.#session.ensure()) || !run.id) return;
      const method = {
        type: this.method,
        ...(this.method === 'grad_cam' ? { layer: this.layer } : {}),
      };
      const body = { method, sample: samples.shown, target: this.target };
      const { signal } = request;
      const asked = { params: ofRun(run.id), body, signal, ...AS_TENSORS };
      const found = await api.http.POST('/api/v1/runs/{run}/attributions', asked);
      if (!request.signal.aborted) this.answer = new Attributed(found, method.type);
    } catch (error) {
      if (request.signal.aborted) return;
      this.answer = null;
      this.error = said(error).text;
    } finally {
      if (this.#request === request) this.busy = false;
    }
  }

  close(): void {
    this.#request?.abort();
  }
}

export interface Excited {
  readonly sample: ExcitingSample;
  readonly picture: Maps | null;
}

/** The samples that excite one map, with their pictures. */
export async function excitedBy(
  session: Session,
  wanted: { node: string; unit: number; by: 'maximum' | 'mean'; count: number },
  signal: AbortSignal,
): Promise<{ answer: Exciting; samples: Excited[] } | null> {
  const { api, run } = session;
  if (!(await session.ensure()) || !run.id) return null;
  const asked = { params: ofRun(run.id), body: wanted, signal };
  const answer = await api.http.POST('/api/v1/runs/{run}/exciting', asked);
  const samples = await Promise.all(
    answer.samples.map(async (sample) => {
      const at = sample.sample.index ?? 0;
      const batch = decode(await api.samples(session.dataset, 'train', at, 1, signal));
      const shape = batch.shape;
      const picture = new Maps({ dtype: 'F32', shape, data: batch.inputs }, NONE, NONE);
      return { sample, picture: shape.length === 3 ? picture : null };
    }),
  );
  return { answer, samples };
}
