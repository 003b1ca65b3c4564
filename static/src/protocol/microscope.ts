// The microscope on the wire: the trace of a step, its operations, one number explained, gradients checked.
import { AS_TENSORS } from './requests';
import { ofRun, type Api } from './rest';
import type { ThroughTimeWanted } from './through';
import type { Sent, Written } from './types';

export type Cell = Written<Sent['Cell']>;
/** A cell as it is asked for: what has a default may be left out. */
export type CellAsked = Sent['Cell'];
export type Explanation = Written<Sent['Explanation']>;
export type Term = Written<Sent['Term']>;
export type Factor = Written<Sent['Factor']>;
export type Operations = Written<Sent['Operations']>;
export type OperationStep = Written<Sent['OperationStep']>;
export type Gradcheck = Written<Sent['Gradcheck']>;
export type DerivativeHealth = Written<Sent['DerivativeHealth']>;
export type LayerHealth = Written<Sent['LayerHealth']>;
/** Which pass: no `step` is the coming one, no `samples` the step's own batch. */
export type Traced = Sent['Traced'];
export type TraceWanted = Sent['TraceWanted'];
export type ExplainWanted = Sent['ExplainWanted'];
export type GradcheckWanted = Sent['GradcheckWanted'];

/** A call as text can show it; `tensors`: it is answered by a safetensors file. */
export interface RunCall {
  method: 'POST';
  path: string;
  body: unknown;
  tensors?: boolean;
}

/** The call behind a view, to be copied. */
export function callOf(
  run: string,
  what: 'trace' | 'operations' | 'explain' | 'gradcheck',
  body: TraceWanted | Traced | ExplainWanted | GradcheckWanted,
): RunCall {
  const path = `/api/v1/runs/${encodeURIComponent(run)}/${what}`;
  return { method: 'POST', path, body, ...(what === 'trace' ? { tensors: true } : {}) };
}

/** The loss as a node. */
export const LOSS_NODE = '@loss';

/** The questions of one server about its runs. Each may be given up by its signal. */
export class Microscope {
  readonly #http: Api['http'];

  constructor(api: Api) {
    this.#http = api.http;
  }

  /** Tensors named `node.activation`, `node.weight.gradient`, … as a tensor frame. */
  trace(run: string, wanted: TraceWanted, signal?: AbortSignal): Promise<ArrayBuffer> {
    const asked = { params: ofRun(run), body: wanted, signal, ...AS_TENSORS };
    return this.#http.POST('/api/v1/runs/{run}/trace', asked);
  }

  /** A recurrent layer through time; see `Through`. */
  throughTime(run: string, wanted: ThroughTimeWanted, signal?: AbortSignal): Promise<ArrayBuffer> {
    const asked = { params: ofRun(run), body: wanted, signal, ...AS_TENSORS };
    return this.#http.POST('/api/v1/runs/{run}/through_time', asked);
  }

  operations(run: string, wanted: Traced, signal?: AbortSignal): Promise<Operations> {
    const asked = { params: ofRun(run), body: wanted, signal };
    return this.#http.POST('/api/v1/runs/{run}/operations', asked);
  }

  explain(run: string, wanted: ExplainWanted, signal?: AbortSignal): Promise<Explanation> {
    const asked = { params: ofRun(run), body: wanted, signal };
    return this.#http.POST('/api/v1/runs/{run}/explain', asked);
  }

  gradcheck(run: string, wanted: GradcheckWanted, signal?: AbortSignal): Promise<Gradcheck> {
    const asked = { params: ofRun(run), body: wanted, signal };
    return this.#http.POST('/api/v1/runs/{run}/gradcheck', asked);
  }

  health(
    run: string,
    wanted: Sent['HealthWanted'],
    signal?: AbortSignal,
  ): Promise<DerivativeHealth> {
    const asked = { params: ofRun(run), body: wanted, signal };
    return this.#http.POST('/api/v1/runs/{run}/health', asked);
  }
}
