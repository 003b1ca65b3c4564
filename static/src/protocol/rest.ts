// The typed client of /api/v1. One method a route; every failure is an ApiError.
import type { components } from './api.generated';
import { Requests } from './requests';
import type { BaselineRecord, BaselineSpec, SweepAnswer, SweepWanted } from './labs';
import type {
  Applied,
  Command,
  DatasetFacts,
  DatasetState,
  DeviceInfo,
  ExportInfo,
  Example,
  Families,
  Measures,
  MetricsHistory,
  ModelSpec,
  OwnDetail,
  OwnSet,
  PartValue,
  Place,
  Plot,
  Prediction,
  Presets,
  RangeTest,
  RangeWanted,
  Report,
  RunInfo,
  RunSpec,
  Sample,
  SnapshotInfo,
  TrainingSpec,
  UploadState,
  WeightsInfo,
} from './types';

type Schemas = components['schemas'];

const rangeTest = (id: string): string => `/runs/${encodeURIComponent(id)}/range-test`;

export class Api extends Requests {
  catalog(): Promise<{ families: Families; health: Measures }> {
    return this.json('/catalog');
  }

  presets(): Promise<Presets> {
    return this.json<Presets>('/presets');
  }

  plot(family: string, part: PartValue, place: Place | null, signal?: AbortSignal): Promise<Plot> {
    const body = { family, part, ...(place ? { place } : {}) };
    return this.json('/catalog:plot', { method: 'POST', body, signal });
  }

  /** A run that shows a part; `name` is its family and type, `layers/conv1d`. */
  example(name: string): Promise<Example> {
    return this.json(`/examples/${name.split('/').map(encodeURIComponent).join('/')}`);
  }

  async devices(): Promise<{ devices: DeviceInfo[]; default: string }> {
    return this.json('/devices');
  }

  check(model: ModelSpec, training: TrainingSpec, signal?: AbortSignal): Promise<Report> {
    return this.json('/models:check', { method: 'POST', body: { model, training }, signal });
  }

  /** A whole spec of unknown origin, with every default written out, and its report. */
  checkSpec(spec: unknown): Promise<{ spec: RunSpec; report: Report }> {
    return this.json('/specs:check', { method: 'POST', body: spec });
  }

  /** Keep a file of weights; a spec names it by its hash. */
  addWeights(file: Blob): Promise<WeightsInfo> {
    return this.json('/weights', { method: 'POST', body: file });
  }

  async exports(id: string): Promise<ExportInfo[]> {
    const path = `/runs/${encodeURIComponent(id)}/exports`;
    return (await this.json<{ exports: ExportInfo[] }>(path)).exports;
  }

  /** A file by its whole address on this server. */
  async file(href: string): Promise<Blob> {
    const path = href.startsWith(this.base) ? href.slice(this.base.length) : href;
    return (await this.send(path, { accept: '*/*' })).blob();
  }

  tokens(dataset: PartValue, text: string): Promise<Schemas['TokenList']> {
    return this.json('/datasets:tokens', { method: 'POST', body: { dataset, text } });
  }

  samples(
    dataset: PartValue,
    split: 'train' | 'val',
    start: number,
    count: number,
    signal?: AbortSignal,
  ): Promise<ArrayBuffer> {
    const body = { dataset, split, start, count };
    return this.bytes('/datasets:samples', { method: 'POST', body, signal });
  }

  fetchDataset(dataset: PartValue): Promise<{ state: string }> {
    return this.json('/datasets:fetch', { method: 'POST', body: { dataset } });
  }

  describe(dataset: PartValue, signal?: AbortSignal): Promise<DatasetFacts> {
    return this.json('/datasets:describe', { method: 'POST', body: { dataset }, signal });
  }

  /** `options` are those of the address: size, colour, header, delimiter. */
  upload(file: File, options: Readonly<Record<string, string>>): Promise<UploadState> {
    const query = new URLSearchParams({ filename: file.name.slice(0, 200), ...options });
    return this.json(`/uploads?${query}`, { method: 'POST', file });
  }

  uploadState(id: string): Promise<UploadState> {
    return this.json(`/uploads/${encodeURIComponent(id)}`);
  }

  async ownData(): Promise<OwnSet[]> {
    return (await this.json<{ sets: OwnSet[] }>('/own-data')).sets;
  }

  ownDetail(digest: string): Promise<OwnDetail> {
    return this.json(`/own-data/${digest}`);
  }

  changeOwn(
    digest: string,
    texts: Partial<Record<'name' | 'licence' | 'source', string>>,
  ): Promise<OwnDetail> {
    return this.json(`/own-data/${digest}`, { method: 'PATCH', body: texts });
  }

  async removeOwn(digest: string): Promise<void> {
    await this.send(`/own-data/${digest}`, { method: 'DELETE' });
  }

  /** The sample as training will see it in the next `count` steps. */
  augmented(id: string, sample: Sample, count: number): Promise<ArrayBuffer> {
    const path = `/runs/${encodeURIComponent(id)}/augmented`;
    return this.bytes(path, { method: 'POST', body: { sample, count } });
  }

  datasetState(type: string): Promise<DatasetState> {
    return this.json(`/datasets/${encodeURIComponent(type)}`);
  }

  create(spec: RunSpec): Promise<RunInfo> {
    return this.json('/runs', { method: 'POST', body: spec });
  }

  runs(cursor?: string, limit = 20): Promise<{ runs: RunInfo[]; next: string | null }> {
    const query = new URLSearchParams({ limit: String(limit) });
    if (cursor) query.set('cursor', cursor);
    return this.json(`/runs?${query}`);
  }

  run(id: string): Promise<RunInfo> {
    return this.json(`/runs/${encodeURIComponent(id)}`);
  }

  async remove(id: string): Promise<void> {
    await this.send(`/runs/${encodeURIComponent(id)}`, { method: 'DELETE' });
  }

  command(id: string, command: Command): Promise<Applied> {
    const path = `/runs/${encodeURIComponent(id)}/commands`;
    return this.json(path, { method: 'POST', body: command });
  }

  metrics(id: string, branch?: number): Promise<MetricsHistory> {
    const query = branch === undefined ? '' : `?branch=${branch}`;
    return this.json(`/runs/${encodeURIComponent(id)}/metrics${query}`);
  }

  async snapshots(id: string): Promise<SnapshotInfo[]> {
    const path = `/runs/${encodeURIComponent(id)}/snapshots`;
    return (await this.json<{ snapshots: SnapshotInfo[] }>(path)).snapshots;
  }

  predict(id: string, sample: Sample): Promise<Prediction> {
    const path = `/runs/${encodeURIComponent(id)}/predictions`;
    return this.json(path, { method: 'POST', body: { sample } });
  }

  /** A test of learning rates on a copy of the run: begun, looked at, given up. */
  startRangeTest(id: string, wanted: RangeWanted): Promise<RangeTest> {
    return this.json(rangeTest(id), { method: 'POST', body: wanted });
  }

  rangeTest(id: string): Promise<RangeTest> {
    return this.json(rangeTest(id));
  }

  cancelRangeTest(id: string): Promise<RangeTest> {
    return this.json(rangeTest(id), { method: 'DELETE' });
  }

  /** All activations of one sample, float32, as a tensor frame. */
  activations(id: string, sample: Sample, signal?: AbortSignal): Promise<ArrayBuffer> {
    const path = `/runs/${encodeURIComponent(id)}/predictions`;
    return this.bytes(path, { method: 'POST', body: { sample }, signal });
  }

  /** The answers for a sample along a movement, all in one call. */
  sweep(id: string, wanted: SweepWanted, signal?: AbortSignal): Promise<SweepAnswer> {
    const path = `/runs/${encodeURIComponent(id)}/sweeps`;
    return this.json(path, { method: 'POST', body: wanted, signal });
  }

  learn(spec: Partial<BaselineSpec>): Promise<BaselineRecord> {
    return this.json('/baselines', { method: 'POST', body: spec });
  }

  async baselines(): Promise<BaselineRecord[]> {
    return (await this.json<{ baselines: BaselineRecord[] }>('/baselines')).baselines;
  }

  async forgetBaseline(id: string): Promise<void> {
    await this.send(`/baselines/${encodeURIComponent(id)}`, { method: 'DELETE' });
  }

  /** Any other route; a file of its own knows which. */
  call<T>(path: string, method = 'GET', body?: unknown): Promise<T> {
    return this.json(path, { method, body });
  }

  /** Methods of attribution. */
  methods(): Promise<Schemas['MethodList']> {
    return this.json('/attributions');
  }

  /** Ask something of a run that is answered in JSON; a file of its own knows what. */
  ask<T>(id: string, what: string, body: unknown, signal?: AbortSignal): Promise<T> {
    return this.json(`/runs/${encodeURIComponent(id)}/${what}`, { method: 'POST', body, signal });
  }

  /** Ask something of a run that is answered in tensors. */
  askTensors(id: string, what: string, body: unknown, signal?: AbortSignal): Promise<ArrayBuffer> {
    return this.bytes(`/runs/${encodeURIComponent(id)}/${what}`, { method: 'POST', body, signal });
  }

  tensors(id: string): Promise<ArrayBuffer> {
    return this.bytes(`/runs/${encodeURIComponent(id)}/tensors`);
  }
}
