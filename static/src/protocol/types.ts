// The wire's data types: names for those of the server's OpenAPI document. What the server writes has every
// field (`Written`); what is sent may leave out a field that has a default (`Sent`).
import type { components, operations } from './api.generated';

/** What is sent, by the document's names. */
export type Sent = components['schemas'];

/** As the server writes it: with every field, and a network as a graph, never as a bare list of layers. */
export type Written<T> = T extends Operation
  ? T
  : T extends object
    ? { [K in keyof T]-?: Written<Graph<T[K]>> }
    : T;
type Graph<T> = Sent['ModelSpec'] extends T ? Exclude<T, Sent['PartValue'][]> : T;
type Made<Name extends keyof Sent> = Written<Sent[Name]>;

/** A number as JSON from the server has it: what is not finite is a string. */
export type WireNumber = Sent['Validation']['loss'];
export type Shape = Made<'TensorInfo'>['shape'];
export type Text = Made<'Text'>;

/** One part of a spec: its type and its fields. */
export type PartValue = Made<'PartValue'>;
export type Node = Made<'Node'>;
export type ModelSpec = Made<'ModelSpec'>;
export type Phase = Made<'SupervisedPhase'>;
export type Target = Phase['target'];
/** Rates of one layer (`conv1`) or one of its parameters (`conv1.bias`). */
export type ParameterGroup = Made<'ParameterGroup'>;
export type TrainingSpec = Made<'TrainingSpec'>;
export type RunSpec = Made<'RunSpec'>;
export type DeviceChoice = RunSpec['device'];
/** One file that can be taken out of a run. */
export type ExportInfo = Made<'ExportInfo'>;
/** A file of weights that the server keeps. */
export type WeightsInfo = Made<'WeightsInfo'>;

export type Repair = Made<'Repair'>;
/** One operation of a patch (RFC 6902). */
export type Operation = Sent['Repair']['patch'][number];
export type Problem = Made<'Problem'>;
export type Parameter = Made<'Parameter'>;
/** Where a part stands: what its picture depends on. */
export type Place = Made<'Place'>;
/** The picture that a part draws of itself. */
export type Plot = Made<'Plot'>;
export type PlotWanted = Sent['PlotWanted'];
/** Bytes of a training step, by kind. */
export type LayerMemory = Made<'Memory'>;
export type NodeReport = Made<'NodeReport'>;
export type Report = Made<'Report'>;
export type SpecReport = Made<'SpecReport'>;
/** The share of η over the training: `factors[i]` is in force for step `steps[i]`. */
export type RatePlan = Made<'RatePlan'>;

export type Catalog = Made<'Catalog'>;
export type Families = Made<'Families'>;
/** A part of the catalogue, of whichever family. */
export type Part = Made<'PartInfo'>;
export type JsonSchema = Part['schema'];
/** Of every measure of a layer's health, between which values it is healthy; null: no bound on that side. */
export type Measures = Made<'Measures'>;
/** What a preset reaches on its validation set: one of the figures, whatever the seed. */
export type Goal = Made<'Goal'>;
export type Preset = Made<'Preset'>;
/** The presets with the headings they stand under. */
export type Presets = Made<'Presets'>;
/** A run that shows one part. */
export type Example = Made<'Example'>;

export type RunInfo = Made<'RunInfo'>;
export type RunState = RunInfo['state'];
export type RunPage = Made<'RunPage'>;
export type BranchInfo = Made<'Branch'>;
/** The numbers in force at a run's newest step. */
export type Settings = Made<'Settings'>;
export type Numbers = Settings['optimizer'];
/** The marked units of one layer: `units`, or all of them but `units`. */
export type Marked = Made<'Marked'>;
export type Marks = Settings['frozen'];
export type Command = Sent['AnyCommand'];
export type Applied = Made<'Applied'>;

export type AnyEvent = Made<'AnyEvent'>;
export type StateChanged = Made<'StateChanged'>;
export type CommandApplied = Made<'CommandApplied'>;
export type Rewound = Made<'Rewound'>;
export type Metrics = Made<'Metrics'>;
export type Validation = Made<'Validation'>;
export type SnapshotTaken = Made<'SnapshotTaken'>;
export type PostMortem = Made<'PostMortem'>;
export type Note = Made<'Note'>;
export type StoredEvent = Made<'StoredEvent'>;

export type Sample = Made<'AnySample'>;
/** A sample of the data, or the values of one. */
export type FixedSample = Exclude<Sample, { kind: 'warped' | 'text' }>;
export type Tap = Sent['Tap'];
export type Role = NonNullable<Tap['roles']>[number];
export type ClientMessage = Sent['ClientMessage'];
export type ServerMessage = Made<'ServerMessage'>;

export type MetricsHistory = Made<'MetricsSeries'>;
export type RangeWanted = Made<'RangeWanted'>;
/** A test of learning rates on a copy of a run, under way or at its end. */
export type RangeTest = Made<'RangeTest'>;
export type SnapshotInfo = Made<'SnapshotInfo'>;
export type Devices = Made<'Devices'>;
export type DeviceInfo = Made<'Device'>;
/** The answer at one step of a sequence; the likeliest classes with their probabilities. */
export type StepPrediction = Made<'StepPrediction'>;
export type Prediction = Made<'Prediction'>;
/** How outputs are shown as a prediction: as shares that sum to one, each for itself, or as they are. */
export type Readout = Prediction['readout'];

export type DatasetState = Made<'DatasetState'>;
/** What the page needs of a data set, from the part's facts or with its options. */
export type DatasetFacts = Made<'DatasetFacts'>;
/** An input of a table, or its target: a network sees (value − centre) / scale. */
export type Feature = Made<'FeatureFacts'>;
export type UploadState = Made<'UploadState'>;
export type UploadOptions = NonNullable<operations['upload_data']['parameters']['query']>;
export type OwnSet = Made<'OwnInfo'>;
export type OwnDetail = Made<'OwnDetail'>;
export type Remark = Made<'Remark'>;
export type Column = Made<'ColumnInfo'>;
export type TokenList = Made<'TokenList'>;

export type Warp = Made<'Warp'>;
export type Axis = Sent['Sweep']['axis'];
export type SweepWanted = Sent['SweepWanted'];
export type SweepAnswer = Made<'SweepAnswer'>;
export type BaselineSpec = Made<'BaselineSpec'>;
export type BaselineResult = Made<'BaselineResult'>;
export type BaselineRecord = Made<'BaselineRecord'>;
export type MethodList = Made<'MethodList'>;

/** A number from the wire as a JavaScript number. */
export function finite(value: WireNumber | null | undefined): number {
  return value === null || value === undefined ? NaN : Number(value);
}

/** What a layer says of itself beside its fields. */
export type LayerFacts = Made<'LayerFacts'>;
