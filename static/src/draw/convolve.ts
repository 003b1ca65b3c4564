// One grey picture under one kernel: the result, and the terms of any of its cells. Numbers only; as PyTorch
// has it (cross-correlation, zeros outside), or as mathematics has it (convolution: the kernel turned by 180°).

/** Numbers row by row. */
export interface Grid {
  readonly width: number;
  readonly height: number;
  readonly values: ArrayLike<number>;
}

export interface Convolving {
  readonly stride: number;
  readonly padding: number;
  /** Turn the kernel by 180° first. */
  readonly convolution: boolean;
  /** Divide the kernel by the sum of its numbers, where that is not zero. */
  readonly normalise: boolean;
  /** Added to every cell. */
  readonly offset: number;
}

/** A product of the sum: a pixel (null outside the picture, where it counts zero) and its weight. */
export interface Term {
  readonly row: number;
  readonly column: number;
  readonly pixel: number;
  readonly inside: boolean;
  readonly weight: number;
  readonly product: number;
}

export function outputSide(side: number, kernel: number, stride: number, padding: number): number {
  return Math.floor((side + 2 * padding - kernel) / stride) + 1;
}

/** The kernel turned by 180°. */
export function turned(kernel: Grid): Grid {
  return { ...kernel, values: Array.from(kernel.values).reverse() };
}

/** What the kernel's numbers are divided by. */
export function divisor(kernel: Grid, normalise: boolean): number {
  if (!normalise) return 1;
  const sum = Array.from(kernel.values).reduce((a, b) => a + b, 0);
  return Math.abs(sum) < 1e-9 ? 1 : sum;
}

/** The kernel as it lies on the picture: turned and divided as the settings say. */
export function laid(kernel: Grid, settings: Convolving): Grid {
  const by = divisor(kernel, settings.normalise);
  const { values } = settings.convolution ? turned(kernel) : kernel;
  return { ...kernel, values: Float64Array.from(values, (value) => value / by) };
}

/** The result; null where the kernel is larger than the padded picture. */
export function convolve(picture: Grid, kernel: Grid, settings: Convolving): Grid | null {
  const { stride, padding, offset } = settings;
  const width = outputSide(picture.width, kernel.width, stride, padding);
  const height = outputSide(picture.height, kernel.height, stride, padding);
  if (width < 1 || height < 1) return null;
  const weights = laid(kernel, settings).values;
  const values = new Float64Array(width * height);
  for (let i = 0; i < height; i++) {
    for (let j = 0; j < width; j++) {
      let sum = offset;
      for (let p = 0; p < kernel.height; p++) {
        const row = i * stride - padding + p;
        if (row < 0 || row >= picture.height) continue;
        for (let q = 0; q < kernel.width; q++) {
          const column = j * stride - padding + q;
          if (column < 0 || column >= picture.width) continue;
          sum +=
            (weights[p * kernel.width + q] ?? 0) *
            (picture.values[row * picture.width + column] ?? 0);
        }
      }
      values[i * width + j] = sum;
    }
  }
  return { width, height, values };
}

/** The products that sum, with the offset, to cell (i, j) of the result; row by row of the kernel. */
export function terms(
  picture: Grid,
  kernel: Grid,
  settings: Convolving,
  i: number,
  j: number,
): Term[] {
  const weights = laid(kernel, settings).values;
  return Array.from({ length: kernel.width * kernel.height }, (_, at) => {
    const row = i * settings.stride - settings.padding + Math.floor(at / kernel.width);
    const column = j * settings.stride - settings.padding + (at % kernel.width);
    const inside = row >= 0 && row < picture.height && column >= 0 && column < picture.width;
    const pixel = inside ? (picture.values[row * picture.width + column] ?? 0) : 0;
    const weight = weights[at] ?? 0;
    return { row, column, pixel, inside, weight, product: inside ? pixel * weight : 0 };
  });
}

function rows(grid: Grid): string {
  const lines = Array.from({ length: grid.height }, (_, i) => {
    const line = Array.from(grid.values).slice(i * grid.width, (i + 1) * grid.width);
    return `    [${line.map((value) => Number(value.toPrecision(8))).join(', ')}],`;
  });
  return `[\n${lines.join('\n')}\n]`;
}

/** The PyTorch call that computes the same; `x` is the picture (1, 1, height, width). */
export function asTorch(picture: Grid, kernel: Grid, settings: Convolving): string {
  const lines = [
    'import torch',
    'from torch.nn import functional as F',
    '',
    `# your picture: grey values 0 to 1, shape (1, 1, ${picture.height}, ${picture.width})`,
    `x = torch.rand(1, 1, ${picture.height}, ${picture.width}, dtype=torch.float64)`,
    `kernel = torch.tensor(${rows(kernel)}, dtype=torch.float64)`,
  ];
  if (divisor(kernel, settings.normalise) !== 1) lines.push('kernel = kernel / kernel.sum()');
  if (settings.convolution) {
    lines.push(
      'kernel = kernel.flip(0, 1)  # convolution: turned by 180°; conv2d cross-correlates',
    );
  }
  const { stride, padding, offset } = settings;
  lines.push(
    `bias = torch.tensor([${offset}], dtype=torch.float64)`,
    `y = F.conv2d(x, kernel[None, None], bias, stride=${stride}, padding=${padding})`,
  );
  return `${lines.join('\n')}\n`;
}
