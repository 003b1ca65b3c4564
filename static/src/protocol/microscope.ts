// The microscope on the wire: the trace of a step, its operations, one number explained, gradients checked.
import type { components } from './api.generated';
import type { Api } from './rest';
import type { ThroughTimeWanted } from './through';

type Schemas = components['schemas'];
export type Cell = Schemas['Cell'];
/** A cell as it is asked for: what has a default may be left out. */
export type CellAsked = Pick<Cell, 'role'> & Partial<Cell>;
export type Explanation = Schemas['Explanation'];
export type Term = Schemas['Term'];
export type Factor = Schemas['Factor'];
export type Operations = Schemas['Operations'];
export type OperationStep = Schemas['OperationStep'];
export type Gradcheck = Schemas['Gradcheck'];
export type DerivativeHealth = Schemas['DerivativeHealth'];
export type LayerHealth = Schemas['LayerHealth'];
/** Which pass: no `step` is the coming one, no `samples` the step's own batch. */
export type Traced = Partial<Schemas['Traced']>;
export type TraceWanted = Partial<Schemas['TraceWanted']>;
export type ExplainWanted = Traced & { cell: CellAsked; form?: 'mean' | 'sum' };
export type GradcheckWanted = Partial<Schemas['GradcheckWanted']>;

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
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  /** Tensors named `node.activation`, `node.weight.gradient`, … as a tensor frame. */
  trace(run: string, wanted: TraceWanted, signal?: AbortSignal): Promise<ArrayBuffer> {
    return this.#api.askTensors(run, 'trace', wanted, signal);
  }

  /** A recurrent layer through time; see `Through`. */
  throughTime(run: string, wanted: ThroughTimeWanted, signal?: AbortSignal): Promise<ArrayBuffer> {
    return this.#api.askTensors(run, 'through_time', wanted, signal);
  }

  operations(run: string, wanted: Traced, signal?: AbortSignal): Promise<Operations> {
    return this.#api.ask(run, 'operations', wanted, signal);
  }

  explain(run: string, wanted: ExplainWanted, signal?: AbortSignal): Promise<Explanation> {
    return this.#api.ask(run, 'explain', wanted, signal);
  }

  gradcheck(run: string, wanted: GradcheckWanted, signal?: AbortSignal): Promise<Gradcheck> {
    return this.#api.ask(run, 'gradcheck', wanted, signal);
  }

  health(
    run: string,
    wanted: { points?: number },
    signal?: AbortSignal,
  ): Promise<DerivativeHealth> {
    return this.#api.ask(run, 'health', wanted, signal);
  }
}
