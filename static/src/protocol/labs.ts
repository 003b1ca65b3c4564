// Baselines and movements of a picture on the wire. Data only; no behaviour.
import type { FixedSample } from './runs';
import type { PartValue, Readout, Text, WireNumber } from './types';

export const AXES = ['turn', 'scale', 'shift_x', 'shift_y', 'shear', 'bend', 'elastic'] as const;
export type Axis = (typeof AXES)[number];
/** `seed` says which random field the elastic bend follows. */
export type Warp = Record<Axis, number> & { seed: number };

export interface SweepWanted {
  sample: FixedSample;
  sweep: { warp: Warp; axis: Axis; low: number; high: number; points: number };
}

export interface SweepAnswer {
  step: number;
  axis: Axis;
  values: number[];
  answers: WireNumber[][];
  /** Null where an output is NaN. */
  labels: (number | null)[] | null;
  target: number | null;
  readout: Readout;
}

export interface BaselineSpec {
  dataset: PartValue;
  baseline: PartValue;
  seed: number;
  samples: number;
}

export interface BaselineResult {
  accuracy: number | null;
  train_accuracy: number | null;
  error: number | null;
  train_error: number | null;
  parameters: number;
  inputs: number;
  train_samples: number;
  val_samples: number;
  seconds: number;
  converged: boolean;
  library: string;
}

export interface BaselineRecord {
  id: string;
  state: 'queued' | 'running' | 'finished' | 'failed' | 'stopped' | 'interrupted';
  spec: BaselineSpec;
  created: number;
  started: number | null;
  reason: Text | null;
  result: BaselineResult | null;
}
