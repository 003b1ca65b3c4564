// Hand-made kernels with a name, and two pictures that are made rather than photographed.
import type { Grid } from './convolve';

export interface NamedKernel extends Grid {
  readonly id: string;
  /** Meant to be divided by the sum of its numbers. */
  readonly normalise: boolean;
}

function kernel(id: string, rows: readonly (readonly number[])[], normalise = false): NamedKernel {
  return { id, width: rows[0]?.length ?? 0, height: rows.length, values: rows.flat(), normalise };
}

const GAUSSIAN = [1, 4, 6, 4, 1];

// prettier-ignore
export const KERNELS: readonly NamedKernel[] = [
  kernel('identity', [[0, 0, 0], [0, 1, 0], [0, 0, 0]]),
  kernel('box', [[1, 1, 1], [1, 1, 1], [1, 1, 1]], true),
  kernel('gaussian', [[1, 2, 1], [2, 4, 2], [1, 2, 1]], true),
  kernel('gaussian5', GAUSSIAN.map((a) => GAUSSIAN.map((b) => a * b)), true),
  kernel('sharpen', [[0, -1, 0], [-1, 5, -1], [0, -1, 0]]),
  kernel('edge', [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]]),
  kernel('laplacian', [[0, 1, 0], [1, -4, 1], [0, 1, 0]]),
  kernel('sobelX', [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]),
  kernel('sobelY', [[-1, -2, -1], [0, 0, 0], [1, 2, 1]]),
  kernel('emboss', [[-2, -1, 0], [-1, 1, 1], [0, 1, 2]]),
  kernel('motion', [[1, 0, 0, 0, 0], [0, 1, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0, 1, 0], [0, 0, 0, 0, 1]], true),
];

/** The kernel with other sides; what is there stays about its middle, the rest is zero. */
export function resized(grid: Grid, width: number, height: number): Grid {
  const left = Math.floor((width - grid.width) / 2);
  const top = Math.floor((height - grid.height) / 2);
  const values = new Array<number>(width * height).fill(0);
  for (let i = 0; i < grid.height; i++) {
    for (let j = 0; j < grid.width; j++) {
      const [row, column] = [i + top, j + left];
      if (row < 0 || row >= height || column < 0 || column >= width) continue;
      values[row * width + column] = grid.values[i * grid.width + j] ?? 0;
    }
  }
  return { width, height, values };
}

/** Bars, a slope, a disc and a cross: every kind of edge. */
export function shapes(side: number): Grid {
  const values = Array.from({ length: side * side }, (_, at) => {
    const x = ((at % side) + 0.5) / side;
    const y = (Math.floor(at / side) + 0.5) / side;
    if (Math.hypot(x - 0.28, y - 0.3) < 0.17) return 1;
    if (x > 0.55 && x < 0.92 && y > 0.12 && y < 0.46) return Math.floor(x * 20) % 2 ? 0.9 : 0.1;
    if (y > 0.58 && y < 0.9 && x > 0.1 && x < 0.45) return (x - 0.1) / 0.35;
    if (Math.abs(x - y) < 0.035 && x > 0.55 && x < 0.92) return 1;
    if (Math.abs(x - 0.735) < 0.02 && y > 0.55 && y < 0.92) return 0.8;
    return 0.25;
  });
  return { width: side, height: side, values };
}

/** One bright pixel: its convolution is the kernel itself, its cross-correlation the kernel turned. */
export function impulse(side: number): Grid {
  const middle = Math.floor(side / 2);
  const values = new Array<number>(side * side).fill(0);
  values[middle * side + middle] = 1;
  return { width: side, height: side, values };
}
