// Data sets as the server describes them, and own data. Data only; no behaviour.
import type { PartValue, Problem, Text } from './types';

/** An input of a table, or its target: a network sees (value − centre) / scale. */
export interface Feature {
  name: Text;
  centre: number;
  scale: number;
  category: string | null;
}

/** What the page needs of a data set, from the part's facts or with its options. */
export interface DatasetFacts {
  kind: 'image' | 'points' | 'tabular' | 'sequence' | 'text';
  task: 'classification' | 'regression';
  classes: Text[];
  input_shape: number[];
  sizes: [number, number];
  licence: string;
  source: string;
  available: boolean;
  download_bytes: number;
  varies: boolean;
  features: Feature[];
  value: Feature | null;
  /** Size of the vocabulary; 0 of what is no text. */
  tokens: number;
  vocabulary: string[];
  joint: string;
  per_step: boolean;
  next_token: boolean;
}

export interface UploadState {
  id: string;
  state: 'receiving' | 'reading' | 'done' | 'failed';
  progress: number;
  digest: string | null;
  error: Problem | null;
}

export interface OwnSet {
  digest: string;
  form: 'table' | 'pictures' | 'text';
  name: string;
  licence: string;
  source: string;
  created: number;
  samples: number;
  bytes: number;
  dataset: PartValue;
}

export interface Remark {
  row: number | null;
  column: string | null;
  file: string | null;
  message: Text;
  repair: Text;
}

export interface Column {
  name: string;
  kind: 'number' | 'category' | 'text';
  present: number;
  classes: number;
  examples: string[];
  usable: boolean;
}

export interface OwnDetail extends OwnSet {
  columns: Column[];
  classes: string[];
  shape: number[];
  report: {
    filename: string;
    bytes: number;
    encoding: string | null;
    delimiter: string | null;
    header: boolean | null;
    preview: string[][];
    remarks: Remark[];
    remark_count: number;
  };
}
