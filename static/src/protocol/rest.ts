// The calls to the server that several views share. Every failure is an ApiError.
import { AS_TENSORS, httpOf, SAFETENSORS, sending, strictly } from './requests';
import type { Fetch, Http } from './requests';
import type {
  Applied,
  BaselineRecord,
  Catalog,
  Command,
  DatasetFacts,
  DatasetState,
  Devices,
  Example,
  ExportInfo,
  MethodList,
  MetricsHistory,
  ModelSpec,
  OwnDetail,
  OwnSet,
  PartValue,
  Place,
  Plot,
  PlotWanted,
  Prediction,
  Presets,
  RangeTest,
  RangeWanted,
  Report,
  RunInfo,
  RunPage,
  RunSpec,
  Sample,
  Sent,
  SnapshotInfo,
  SpecReport,
  SweepAnswer,
  SweepWanted,
  TokenList,
  TrainingSpec,
  UploadOptions,
  UploadState,
  WeightsInfo,
} from './types';

/** The parameters of a call about a run. */
export const ofRun = (run: string) => ({ path: { run } });
const ofSet = (digest: string) => ({ path: { digest } });

export class Api {
  /** Any call of the document. */
  readonly http: Http;
  readonly #fetch: Fetch;
  readonly #origin: string;

  constructor(
    origin = typeof location === 'undefined' ? '' : location.origin,
    fetcher: Fetch = (request) => fetch(request),
  ) {
    this.#origin = origin;
    this.#fetch = strictly(fetcher);
    this.http = httpOf(origin, this.#fetch);
  }

  catalog(): Promise<Catalog> {
    return this.http.GET('/api/v1/catalog');
  }

  presets(): Promise<Presets> {
    return this.http.GET('/api/v1/presets');
  }

  plot(
    family: PlotWanted['family'],
    part: PartValue,
    place: Place | null,
    signal?: AbortSignal,
  ): Promise<Plot> {
    const body = { family, part, ...(place ? { place } : {}) };
    return this.http.POST('/api/v1/catalog:plot', { body, signal });
  }

  /** A run that shows a part; `name` is its family and type, `layers/conv1d`. */
  example(name: string): Promise<Example> {
    const [family = '', kind = ''] = name.split('/');
    const params = { path: { family, kind } };
    return this.http.GET('/api/v1/examples/{family}/{kind}', { params });
  }

  devices(): Promise<Devices> {
    return this.http.GET('/api/v1/devices');
  }

  check(model: ModelSpec, training: TrainingSpec, signal?: AbortSignal): Promise<Report> {
    const body = { model, training };
    return this.http.POST('/api/v1/models:check', { body, signal });
  }

  /** A whole spec of unknown origin, with every default written out, and its report. */
  checkSpec(spec: unknown): Promise<SpecReport> {
    return this.http.POST('/api/v1/specs:check', { body: spec as Sent['RunSpec'] });
  }

  /** Keep a file of weights; a spec names it by its hash. */
  addWeights(file: Blob): Promise<WeightsInfo> {
    return this.http.POST('/api/v1/weights', sending(file, SAFETENSORS));
  }

  async exports(id: string): Promise<ExportInfo[]> {
    const params = ofRun(id);
    return (await this.http.GET('/api/v1/runs/{run}/exports', { params })).exports;
  }

  /** A file by its whole address on this server. */
  async file(href: string): Promise<Blob> {
    return (await this.#fetch(new Request(this.#origin + href))).blob();
  }

  tokens(dataset: PartValue, text: string): Promise<TokenList> {
    return this.http.POST('/api/v1/datasets:tokens', { body: { dataset, text } });
  }

  samples(
    dataset: PartValue,
    split: 'train' | 'val',
    start: number,
    count: number,
    signal?: AbortSignal,
  ): Promise<ArrayBuffer> {
    const body = { dataset, split, start, count };
    return this.http.POST('/api/v1/datasets:samples', { body, signal, ...AS_TENSORS });
  }

  fetchDataset(dataset: PartValue): Promise<DatasetState> {
    return this.http.POST('/api/v1/datasets:fetch', { body: { dataset } });
  }

  describe(dataset: PartValue, signal?: AbortSignal): Promise<DatasetFacts> {
    return this.http.POST('/api/v1/datasets:describe', { body: { dataset }, signal });
  }

  upload(file: File, options: UploadOptions): Promise<UploadState> {
    const params = { query: { filename: file.name.slice(0, 200), ...options } };
    const sent = sending(file, 'application/octet-stream');
    return this.http.POST('/api/v1/uploads', { params, ...sent });
  }

  uploadState(id: string): Promise<UploadState> {
    const params = { path: { upload: id } };
    return this.http.GET('/api/v1/uploads/{upload}', { params });
  }

  async ownData(): Promise<OwnSet[]> {
    return (await this.http.GET('/api/v1/own-data')).sets;
  }

  ownDetail(digest: string): Promise<OwnDetail> {
    return this.http.GET('/api/v1/own-data/{digest}', { params: ofSet(digest) });
  }

  changeOwn(digest: string, texts: Sent['OwnChange']): Promise<OwnDetail> {
    const params = ofSet(digest);
    return this.http.PATCH('/api/v1/own-data/{digest}', { params, body: texts });
  }

  async removeOwn(digest: string): Promise<void> {
    await this.http.DELETE('/api/v1/own-data/{digest}', { params: ofSet(digest) });
  }

  /** The sample as training will see it in the next `count` steps. */
  augmented(id: string, sample: Sample, count: number): Promise<ArrayBuffer> {
    const asked = { params: ofRun(id), body: { sample, count }, ...AS_TENSORS };
    return this.http.POST('/api/v1/runs/{run}/augmented', asked);
  }

  datasetState(type: string): Promise<DatasetState> {
    return this.http.GET('/api/v1/datasets/{kind}', { params: { path: { kind: type } } });
  }

  create(spec: RunSpec): Promise<RunInfo> {
    return this.http.POST('/api/v1/runs', { body: spec });
  }

  runs(cursor?: string, limit = 20): Promise<RunPage> {
    const query = { limit, ...(cursor ? { cursor } : {}) };
    return this.http.GET('/api/v1/runs', { params: { query } });
  }

  run(id: string): Promise<RunInfo> {
    return this.http.GET('/api/v1/runs/{run}', { params: ofRun(id) });
  }

  async remove(id: string): Promise<void> {
    await this.http.DELETE('/api/v1/runs/{run}', { params: ofRun(id) });
  }

  command(id: string, command: Command): Promise<Applied> {
    const asked = { params: ofRun(id), body: command };
    return this.http.POST('/api/v1/runs/{run}/commands', asked);
  }

  metrics(id: string, branch?: number): Promise<MetricsHistory> {
    const params = { ...ofRun(id), query: branch === undefined ? {} : { branch } };
    return this.http.GET('/api/v1/runs/{run}/metrics', { params });
  }

  async snapshots(id: string): Promise<SnapshotInfo[]> {
    const params = ofRun(id);
    return (await this.http.GET('/api/v1/runs/{run}/snapshots', { params })).snapshots;
  }

  predict(id: string, sample: Sample): Promise<Prediction> {
    const asked = { params: ofRun(id), body: { sample } };
    return this.http.POST('/api/v1/runs/{run}/predictions', asked);
  }

  /** A test of learning rates on a copy of the run: begun, looked at, given up. */
  startRangeTest(id: string, wanted: RangeWanted): Promise<RangeTest> {
    const asked = { params: ofRun(id), body: wanted };
    return this.http.POST('/api/v1/runs/{run}/range-test', asked);
  }

  rangeTest(id: string): Promise<RangeTest> {
    return this.http.GET('/api/v1/runs/{run}/range-test', { params: ofRun(id) });
  }

  cancelRangeTest(id: string): Promise<RangeTest> {
    return this.http.DELETE('/api/v1/runs/{run}/range-test', { params: ofRun(id) });
  }

  /** All activations of one sample, float32, as a tensor frame. */
  activations(id: string, sample: Sample, signal?: AbortSignal): Promise<ArrayBuffer> {
    const asked = { params: ofRun(id), body: { sample }, signal, ...AS_TENSORS };
    return this.http.POST('/api/v1/runs/{run}/predictions', asked);
  }

  /** The answers for a sample along a movement, all in one call. */
  sweep(id: string, wanted: SweepWanted, signal?: AbortSignal): Promise<SweepAnswer> {
    const asked = { params: ofRun(id), body: wanted, signal };
    return this.http.POST('/api/v1/runs/{run}/sweeps', asked);
  }

  learn(spec: Sent['BaselineSpec']): Promise<BaselineRecord> {
    return this.http.POST('/api/v1/baselines', { body: spec });
  }

  async baselines(): Promise<BaselineRecord[]> {
    return (await this.http.GET('/api/v1/baselines')).baselines;
  }

  async forgetBaseline(id: string): Promise<void> {
    await this.http.DELETE('/api/v1/baselines/{baseline}', { params: { path: { baseline: id } } });
  }

  /** Methods of attribution. */
  methods(): Promise<MethodList> {
    return this.http.GET('/api/v1/attributions');
  }

  tensors(id: string): Promise<ArrayBuffer> {
    const asked = { params: ofRun(id), ...AS_TENSORS };
    return this.http.GET('/api/v1/runs/{run}/tensors', asked);
  }
}
