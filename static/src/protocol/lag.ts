// The lag experiment on the wire: begun, looked at, stopped, forgotten; and the run that one of its cells is.
import type { Api } from './rest';
import type { RunSpec, Sent, Written } from './types';

export type LagSpec = Written<Sent['LagSpec']>;
export type LagRecord = Written<Sent['LagRecord']>;
export type LagFinding = Written<Sent['LagFinding']>;
export type LagCell = LagFinding['cell'];
export type LagTask = LagSpec['task'];

export class LagExperiments {
  readonly #http: Api['http'];

  constructor(api: Api) {
    this.#http = api.http;
  }

  async all(): Promise<LagRecord[]> {
    return (await this.#http.GET('/api/v1/lag-experiments')).experiments;
  }

  begin(spec: Sent['LagSpec']): Promise<LagRecord> {
    return this.#http.POST('/api/v1/lag-experiments', { body: spec });
  }

  stop(experiment: string): Promise<LagRecord> {
    const params = { path: { experiment } };
    return this.#http.DELETE('/api/v1/lag-experiments/{experiment}/training', { params });
  }

  run(experiment: string, lag: number, cell: LagCell): Promise<RunSpec> {
    const params = { path: { experiment, lag, cell } };
    return this.#http.GET('/api/v1/lag-experiments/{experiment}/runs/{lag}/{cell}', { params });
  }
}
