// A recurrent layer through time, as its frame has it: which tensors there are and what they are of.
import { Frame, type Tensor } from './frames';
import type { Sent } from './types';

export type ThroughTimeWanted = Sent['ThroughTimeWanted'];

/** A matrix (rows, columns) of floats. */
export interface Grid {
  readonly rows: number;
  readonly columns: number;
  readonly values: ArrayLike<number>;
}

/** One parameter's gradient as a sum over time. */
export interface Summed {
  /** Full name: `lstm1.weight_hh_l0`. */
  readonly name: string;
  /** Norm of what every step gives. */
  readonly norms: ArrayLike<number>;
  /** Norm of the sum. */
  readonly total: number;
}

function gridOf(tensor: Tensor | null): Grid | null {
  if (!tensor) return null;
  const [rows = 1, columns = 1] =
    tensor.shape.length > 1 ? tensor.shape : [tensor.shape[0] ?? 1, 1];
  return { rows, columns, values: tensor.data as ArrayLike<number> };
}

export class Through {
  readonly frame: Frame;
  readonly node: string;
  /** Names of what a state holds, the output first. */
  readonly states: readonly string[];
  /** Those that the next step takes. */
  readonly memory: readonly string[];
  readonly sums: readonly Summed[];
  /** The τ of each row of a matrix. */
  readonly rows: readonly number[];

  constructor(buffer: ArrayBuffer) {
    this.frame = new Frame(buffer);
    const { metadata } = this.frame;
    this.node = metadata['node'] ?? '';
    this.states = (metadata['states'] ?? '').split(',');
    this.memory = (metadata['memory'] ?? '').split(',');
    this.rows = this.frame.numbers('rows') ?? [];
    this.sums = this.frame.names
      .filter((name) => name.endsWith('.contribution'))
      .map((name) => {
        const full = name.slice(0, -'.contribution'.length);
        const norms = (this.frame.tensor(name)?.data ?? []) as ArrayLike<number>;
        return { name: full, norms, total: this.frame.numbers(`${full}.gradient.norm`)?.[0] ?? 0 };
      });
  }

  number(key: string): number | null {
    return this.frame.number(key);
  }

  /** Whether there is a loss at every step. */
  get each(): boolean {
    return this.frame.metadata['losses'] === 'each';
  }

  /** What the layer reads, (T, features). */
  get x(): Grid | null {
    return gridOf(this.frame.tensor(`${this.node}.x`));
  }

  state(name: string): Grid | null {
    return gridOf(this.frame.tensor(`${this.node}.${name}`));
  }

  /** ∂E/∂(state), all that flows back in time included. */
  sensitivity(name: string): Grid | null {
    return gridOf(this.frame.tensor(`${this.node}.${name}.sensitivity`));
  }

  norms(name: string): ArrayLike<number> | null {
    const tensor = this.frame.tensor(`${this.node}.${name}.sensitivity.norm`);
    return tensor ? (tensor.data as ArrayLike<number>) : null;
  }

  /** δ at the net inputs (T, rows), all gates side by side: of the weights that meet the input. */
  get delta(): Grid | null {
    const first = this.frame.names.find((name) => name.endsWith('.delta'));
    return gridOf(first ? this.frame.tensor(first) : null);
  }

  matrix(name: string): Grid | null {
    return gridOf(this.frame.tensor(`matrix.${name}`));
  }

  /** One step's term of a gradient. */
  term(name: string): Grid | null {
    return gridOf(this.frame.tensor(`${name}.contribution`));
  }
}
