// The spec that is being edited: undo and redo without limit, checked by the server after every change.
import { ApiError } from '../protocol/errors';
import { patched } from '../protocol/patch';
import type { Api } from '../protocol/rest';
import type { ModelSpec, Problem, Repair, Report, RunSpec, TrainingSpec } from '../protocol/types';
import { followed } from './rates';

const CHECK_DELAY_MS = 30;
const SAME_EDIT_MS = 800;
const RETRY_MS = 2000;

export class Editor {
  spec = $state.raw<RunSpec>() as RunSpec;
  report = $state.raw<Report | null>(null);
  /** Misfits of single fields, which the server answers instead of a report. */
  misfits = $state.raw<Problem[]>([]);
  /** The report does not yet belong to the spec. */
  stale = $state(true);
  past = $state.raw<RunSpec[]>([]);
  future = $state.raw<RunSpec[]>([]);
  readonly problems = $derived<Problem[]>([...(this.report?.problems ?? []), ...this.misfits]);
  readonly ok = $derived(
    !this.stale && !this.problems.some((problem) => problem.severity === 'error'),
  );
  /** It has been checked and does not fit together. */
  readonly broken = $derived(!this.stale && !this.ok);
  readonly canUndo = $derived(this.past.length > 0);
  readonly canRedo = $derived(this.future.length > 0);

  readonly #api: Api;
  readonly #changed: (from: RunSpec, to: RunSpec) => void;
  #lastKey = '';
  #lastTime = 0;
  #checked = -Infinity;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #request: AbortController | null = null;

  constructor(api: Api, spec: RunSpec, changed: (from: RunSpec, to: RunSpec) => void) {
    this.#api = api;
    this.spec = spec;
    this.#changed = changed;
  }

  /** Another spec altogether: a preset, or that of a run. Forgets the edits. */
  open(spec: RunSpec): Promise<void> {
    this.spec = spec;
    this.past = [];
    this.future = [];
    this.#lastKey = '';
    return this.check();
  }

  /**
   * Change the spec. Edits with the same `key` within a moment are one step of undo: a slider that is dragged.
   */
  edit(change: (spec: RunSpec) => RunSpec, key = ''): void {
    const from = this.spec;
    const to = change(from);
    if (to === from) return;
    const now = performance.now();
    const again = key !== '' && key === this.#lastKey && now - this.#lastTime < SAME_EDIT_MS;
    if (!again) this.past = [...this.past, from];
    this.#lastKey = key;
    this.#lastTime = now;
    this.future = [];
    this.#become(to, from);
  }

  editModel(change: (model: ModelSpec) => ModelSpec, key = ''): void {
    this.edit((spec) => {
      const model = change(spec.model);
      return model === spec.model ? spec : following(spec, model);
    }, key);
  }

  editTraining(change: (training: TrainingSpec) => TrainingSpec, key = ''): void {
    this.edit((spec) => ({ ...spec, training: change(spec.training) }), key);
  }

  repair(repair: Repair): void {
    this.edit((spec) => {
      const part = { model: spec.model, training: spec.training };
      return { ...spec, ...patched(part, repair.patch) };
    });
  }

  undo(): void {
    const back = this.past.at(-1);
    if (!back) return;
    const from = this.spec;
    this.past = this.past.slice(0, -1);
    this.future = [from, ...this.future];
    this.#lastKey = '';
    this.#become(back, from);
  }

  redo(): void {
    const [next, ...rest] = this.future;
    if (!next) return;
    const from = this.spec;
    this.future = rest;
    this.past = [...this.past, from];
    this.#lastKey = '';
    this.#become(next, from);
  }

  /** The same network with the numbers that its run has now; no step of undo. */
  adopt(spec: RunSpec): Promise<void> {
    this.spec = spec;
    return this.check();
  }

  #become(to: RunSpec, from: RunSpec): void {
    this.spec = to;
    this.stale = true;
    this.#changed(from, to);
    if (this.#timer) clearTimeout(this.#timer);
    // The first of a row of edits is asked about at once, before anything is drawn.
    const soon = performance.now() - this.#checked > CHECK_DELAY_MS;
    if (soon) this.#ask();
    else this.#timer = setTimeout(() => this.#ask(), CHECK_DELAY_MS);
  }

  /** Check; a server that does not answer is asked again. */
  #ask(): void {
    this.check().catch((error: unknown) => {
      if (!(error instanceof ApiError)) throw error;
      this.#timer = setTimeout(() => this.#ask(), RETRY_MS);
    });
  }

  /** Ask the server for shapes, counts and problems of the spec as it is. */
  async check(): Promise<void> {
    this.#request?.abort();
    const request = new AbortController();
    this.#request = request;
    this.#checked = performance.now();
    const { model, training } = this.spec;
    const over = () =>
      request.signal.aborted || this.spec.model !== model || this.spec.training !== training;
    try {
      const report = await this.#api.check(model, training, request.signal);
      if (over()) return;
      this.report = report;
      this.misfits = [];
      this.stale = false;
    } catch (error) {
      if (over()) return;
      if (!(error instanceof ApiError) || error.status === 0) throw error;
      this.misfits = error.problems.length ? error.problems : [whole(error)];
      this.stale = false;
    }
  }
}

/** The spec with another model; the rates of single layers go with their layers. */
function following(spec: RunSpec, model: ModelSpec): RunSpec {
  const phases = spec.training.phases.map((phase) =>
    phase.groups?.length ? { ...phase, groups: followed(phase.groups, spec.model, model) } : phase,
  );
  return { ...spec, model, training: { ...spec.training, phases } };
}

function whole(error: ApiError): Problem {
  return {
    code: error.code,
    message: error.text,
    severity: 'error',
    pointer: '',
    node: null,
    params: error.params,
    repairs: [],
  };
}
