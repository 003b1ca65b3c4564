// The wire's data types, as app/spec and app/protocol declare them. Data only; no behaviour.
import type { components } from './api.generated';

export interface Text {
  en: string;
  zh: string;
}

/** A number as JSON from the server has it: what is not finite is a string. */
export type WireNumber = number | 'NaN' | 'Infinity' | '-Infinity';
export type Shape = number[];

/** One part of a spec: its type and its fields. */
export interface PartValue {
  type: string;
  [field: string]: unknown;
}

export interface Node {
  id: string;
  layer: PartValue;
  inputs: string[];
}

export interface ModelSpec {
  version: 1;
  nodes: Node[];
  outputs: string[];
}

export type Target = 'label' | 'input';

export interface Phase {
  type: 'supervised';
  /** What the output is compared with; absent where it is the data set's target. */
  target?: Target;
  loss: PartValue;
  optimizer: PartValue;
  batch_size: number;
  epochs: number;
  /** What is not given is constant, no group and no clipping. */
  schedule?: PartValue;
  groups?: ParameterGroup[];
  clip_norm?: number | null;
  clip_value?: number | null;
}

/** Rates of one layer (`conv1`) or one of its parameters (`conv1.bias`). */
export interface ParameterGroup {
  of: string;
  /** What η is multiplied with; 0 freezes. */
  learning_rate?: number | null;
  weight_decay?: number | null;
}

export interface TrainingSpec {
  version: 1;
  dataset: PartValue;
  augmentations?: PartValue[];
  phases: Phase[];
}

export type DeviceChoice = 'auto' | 'cpu' | 'cuda';

export interface RunSpec {
  version: 1;
  name: string;
  model: ModelSpec;
  training: TrainingSpec;
  seed: number;
  device: DeviceChoice;
  /** SHA-256 of a file of weights to start from. */
  weights?: string | null;
}

/** One file that can be taken out of a run. */
export interface ExportInfo {
  name: 'spec' | 'code' | 'notebook' | 'weights' | 'onnx' | 'picture';
  title: Text;
  summary: Text;
  file: string;
  href: string;
}

/** A file of weights that the server keeps. */
export interface WeightsInfo {
  sha256: string;
  bytes: number;
  tensors: { name: string; dtype: string; shape: Shape }[];
}

export interface Operation {
  op: 'add' | 'remove' | 'replace' | 'move' | 'copy' | 'test';
  path: string;
  value?: unknown;
  from?: string;
}

export interface Repair {
  text: Text;
  patch: Operation[];
}

export interface Problem {
  code: string;
  message: Text;
  severity: 'error' | 'warning';
  pointer: string;
  node: string | null;
  params: Record<string, unknown>;
  repairs: Repair[];
}

export interface Parameter {
  name: string;
  shape: Shape;
}

/** Where a part stands: what its picture depends on. */
export interface Place {
  fan_in: number;
  fan_out: number;
  units: number;
  gain: number;
}

/** The picture that a part draws of itself. */
export interface Plot {
  x_name: Text;
  x: number[];
  lines: { name: Text; y: number[]; filled: boolean }[];
  spikes: { x: number; y: number }[];
  note: Text | null;
}

/** Bytes of a training step, by kind. */
export interface LayerMemory {
  weights: number;
  gradients: number;
  optimizer: number;
  activations: number;
}

export interface NodeReport {
  id: string;
  type: string;
  inputs: (Shape | null)[];
  shape: Shape | null;
  time_first: boolean;
  parameters: Parameter[];
  count: number;
  arithmetic: string;
  macs: number;
  activations: number;
  kept: number;
  place: Place | null;
  memory: LayerMemory;
  problems: Problem[];
}

export interface Report {
  nodes: NodeReport[];
  order: string[];
  input_shape: Shape;
  input_time_first: boolean;
  output_shape: Shape | null;
  samples: [number, number];
  totals: {
    parameters: number;
    macs: number;
    activations: number;
    kept: number;
    memory: LayerMemory;
    memory_bytes: number;
    fixed_bytes: number;
    sample_bytes: number;
    limit_bytes: number;
  };
  rates: RatePlan;
  problems: Problem[];
}

/** The share of η over the training: `factors[i]` is in force for step `steps[i]`. */
export interface RatePlan {
  steps: number[];
  factors: number[];
  total: number;
  /** It follows the validation loss. */
  watches: boolean;
}

/** A part of the catalogue, as `describe()` of app/catalog/family.py gives it. */
export interface Part {
  type: string;
  title: Text;
  summary: Text;
  group: Text;
  formula: { forward: string; backward: string } | null;
  aliases: string[];
  examples: PartValue[];
  live: string[];
  plot: boolean;
  facts: Record<string, unknown>;
  schema: JsonSchema;
}

/** What a layer says of itself beside its fields. */
export type LayerFacts = components['schemas']['LayerFacts'];

export interface JsonSchema {
  [keyword: string]: unknown;
}

export interface Families {
  layers: Part[];
  datasets: Part[];
  losses: Part[];
  optimizers: Part[];
  initializers: Part[];
  baselines: Part[];
  schedules: Part[];
  augmentations: Part[];
}

/** Of every measure of a layer's health, between which values it is healthy; null: no bound on that side. */
export type Measures = components['schemas']['Measures'];

/** What a preset reaches on its validation set: one of the figures, whatever the seed. */
export interface Goal {
  epochs: number;
  accuracy: number | null;
  loss: number | null;
  perplexity: number | null;
  stays_below: number | null;
}

export interface Preset {
  id: string;
  group: string;
  title: Text;
  summary: Text;
  reaches: Goal;
  spec: RunSpec;
}

/** The presets with the headings they stand under. */
export interface Presets {
  groups: { id: string; title: Text }[];
  presets: Preset[];
}

/** How outputs are shown as a prediction: as shares that sum to one, each for itself, or as they are. */
export type Readout = 'softmax' | 'sigmoid' | 'raw';

/** A run that shows one part. */
export interface Example {
  title: Text;
  spec: RunSpec;
}

/** A number from the wire as a JavaScript number. */
export function finite(value: WireNumber | null | undefined): number {
  return value === null || value === undefined ? NaN : Number(value);
}

export type * from './data';
export type * from './runs';
