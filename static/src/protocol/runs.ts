// Runs on the wire: their state, commands, events, taps and stream messages. Data only; no behaviour.
import type { components } from './api.generated';
import type { Warp } from './labs';
import type {
  ParameterGroup,
  PartValue,
  Problem,
  Readout,
  RunSpec,
  Text,
  WireNumber,
} from './types';

export type RunState =
  'queued' | 'starting' | 'running' | 'paused' | 'finished' | 'parked' | 'interrupted' | 'failed';

export interface BranchInfo {
  branch: number;
  parent: number | null;
  step: number;
}

export type Numbers = Record<string, number | boolean>;

/** The numbers in force at a run's newest step. */
export interface Settings {
  optimizer: Numbers;
  /** Changed numbers of the loss. */
  loss?: Numbers;
  batch_size: number;
  epochs: number;
  speed: number | null;
  layers: Record<string, Numbers>;
  schedule: PartValue;
  clip_norm: number | null;
  clip_value: number | null;
  groups: ParameterGroup[];
  /** Frozen and silenced units by node. */
  frozen?: Marks;
  silenced?: Marks;
}

/** The marked units of one layer: `units`, or all of them but `units`. */
export interface Marked {
  whole: boolean;
  units: number[];
}
export type Marks = Record<string, Marked>;

export interface RunInfo {
  id: string;
  name: string;
  state: RunState;
  reason: Text | null;
  spec: RunSpec;
  device: string;
  branch: number;
  step: number;
  epoch: number;
  created: number;
  updated: number;
  last_seq: number;
  queue_position: number | null;
  settings: Settings;
  branches: BranchInfo[];
  /** What of it cannot be read any more: it can only be deleted then. */
  unreadable: Text | null;
  viewers: number;
}

export type Command =
  | { type: 'play'; until?: number | null }
  | { type: 'pause' }
  | { type: 'step'; unit: 'batch' | 'epoch'; count: number }
  | { type: 'rewind'; step: number }
  | { type: 'set_optimizer' | 'set_loss'; values: Numbers }
  | { type: 'set_layer'; node: string; values: Numbers }
  | { type: 'set_batch_size'; batch_size: number }
  | { type: 'set_epochs'; epochs: number }
  | { type: 'set_schedule'; schedule: PartValue }
  | { type: 'set_clipping'; clip_norm: number | null; clip_value: number | null }
  | { type: 'set_groups'; groups: ParameterGroup[] }
  | { type: 'set_speed'; steps_per_second: number | null }
  | { type: 'edit_weight'; node: string; tensor: string; index: number[]; value: number }
  | { type: 'freeze' | 'unfreeze' | 'silence' | 'restore'; node: string; unit: number | null };

export interface Applied {
  step: number;
  branch: number;
  seq: number;
  waiting: boolean;
}

interface Placed {
  branch: number;
  step: number;
}

export interface StateChanged extends Placed {
  type: 'state';
  state: RunState;
  reason: Text | null;
  device: string | null;
  kept?: Command[];
}

export interface CommandApplied extends Placed {
  type: 'command';
  command: Command;
  settings: Settings | null;
  until_epoch?: number | null;
}

export interface Rewound extends Placed {
  type: 'rewound';
  parent: number;
  epoch: number | null;
  settings: Settings | null;
}

export interface Metrics extends Placed {
  type: 'metrics';
  steps: number[];
  count: number[];
  loss: WireNumber[];
  accuracy: WireNumber[] | null;
  gradient: Record<string, WireNumber>;
  learning_rate: WireNumber | null;
  /** η of the last step of each point. */
  rates: WireNumber[] | null;
  epoch: number;
  samples_per_second: number;
  seconds_left: number | null;
}

export interface Validation extends Placed {
  type: 'validation';
  epoch: number;
  loss: WireNumber;
  accuracy: WireNumber | null;
  train_loss: WireNumber | null;
  train_accuracy: WireNumber | null;
}

export interface SnapshotTaken extends Placed {
  type: 'snapshot';
  sha256: string;
  bytes: number;
}

export type PostMortem = components['schemas']['PostMortem'];

export interface Note extends Placed {
  type: 'note';
  code: string;
  message: Text;
  node: string | null;
  params: Record<string, unknown>;
  /** What broke first, and what led to it, where training left the numbers. */
  post_mortem: PostMortem | null;
}

export type AnyEvent =
  StateChanged | CommandApplied | Rewound | Metrics | Validation | SnapshotTaken | Note;

export interface StoredEvent {
  run: string;
  seq: number;
  time: number;
  event: AnyEvent;
  /** The first number of the metrics that this event took the place of. */
  since?: number | null;
}

export type Role = 'activation' | 'kernel' | 'decision' | 'gate' | 'unit';
export type FixedSample =
  { kind: 'stored'; split: 'train' | 'val'; index: number } | { kind: 'given'; values: number[] };
export type Sample = FixedSample | { kind: 'warped'; of: FixedSample; warp: Warp };

export interface Tap {
  roles: Role[];
  nodes?: string[] | null;
  sample: Sample;
  rate: number;
  unit?: number;
}

export type ClientMessage =
  | { type: 'subscribe'; run: string; after: number }
  | { type: 'unsubscribe'; run: string }
  | { type: 'watch'; run: string; taps: Tap[] }
  | { type: 'ack'; frame: number }
  | { type: 'visibility'; visible: boolean };

export type ServerMessage =
  | { type: 'hello'; version: string }
  | { type: 'events'; run: string; events: StoredEvent[] }
  | { type: 'refused'; code: string; message: Text; run: string | null }
  | { type: 'reset'; run: string; last: number }
  | { type: 'held'; run: string; reason: Text | null };

export interface MetricsHistory {
  branch: number;
  steps: number[];
  /** Over how many steps each point is the mean. */
  count: number[];
  loss: WireNumber[];
  accuracy: WireNumber[] | null;
  validation: { steps: number[]; loss: WireNumber[]; accuracy: WireNumber[] | null };
  rates?: { steps: number[]; learning_rate: WireNumber[] };
}

export interface RangeWanted {
  low: number;
  high: number;
  batches: number;
}

/** A test of learning rates on a copy of a run, under way or at its end. */
export interface RangeTest {
  state: 'running' | 'finished' | 'cancelled';
  branch: number;
  step: number;
  wanted: RangeWanted;
  done: number;
  rates: number[];
  losses: WireNumber[];
  smoothed: WireNumber[];
  verdict:
    | 'suggested'
    | 'nothing_to_train'
    | 'diverges_at_once'
    | 'flat'
    | 'noisy'
    | 'still_falling'
    | 'failed'
    | 'out_of_memory'
    | null;
  suggestion: number | null;
  steepest: number | null;
  lowest: number | null;
  reason: Text | null;
}

export interface SnapshotInfo {
  branch: number;
  step: number;
  bytes: number;
  sha256: string;
  time: number;
}

export interface DeviceInfo {
  id: string;
  name: string;
  memory: number | null;
  /** What a training step of one run may take of it, in bytes. */
  limit: number;
  threads: number | null;
}

/** The answer at one step of a sequence; the likeliest classes with their probabilities. */
export interface StepPrediction {
  /** Null where an output is NaN. */
  label: number | null;
  target: number | null;
  top: [number, number | string][];
}

export interface Prediction {
  step: number;
  outputs: number[];
  probabilities: number[] | null;
  /** Null for a regression, and where an output is NaN. */
  label: number | null;
  readout: Readout;
  /** Of a sample that is to be reconstructed. */
  loss: number | null;
  steps: StepPrediction[] | null;
}

export interface DatasetState {
  available: boolean;
  fetching: { done: number; total: number | null } | null;
  error: Problem | null;
}
