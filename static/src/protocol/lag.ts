// The lag experiment on the wire: begun, looked at, stopped, forgotten; and the run that one of its cells is.
import type { components } from './api.generated';
import type { Api } from './rest';
import type { RunSpec } from './types';

type Schemas = components['schemas'];
export type LagSpec = Schemas['LagSpec'];
export type LagRecord = Schemas['LagRecord'];
export type LagFinding = Schemas['LagFinding'];
export type LagCell = LagFinding['cell'];
export type LagTask = NonNullable<LagSpec['task']>;

const at = (id: string) => `/lag-experiments/${encodeURIComponent(id)}`;

export class LagExperiments {
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  async all(): Promise<LagRecord[]> {
    return (await this.#api.call<{ experiments: LagRecord[] }>('/lag-experiments')).experiments;
  }

  begin(spec: Partial<LagSpec>): Promise<LagRecord> {
    return this.#api.call('/lag-experiments', 'POST', spec);
  }

  stop(id: string): Promise<LagRecord> {
    return this.#api.call(`${at(id)}/training`, 'DELETE');
  }

  run(id: string, lag: number, cell: LagCell): Promise<RunSpec> {
    return this.#api.call(`${at(id)}/runs/${lag}/${cell}`);
  }
}
