// The kernel lab's arithmetic against PyTorch's results, and against itself where it explains itself.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { asTorch, convolve, terms, type Grid } from './convolve';
import { impulse, KERNELS, resized, shapes } from './kernels';

interface Case {
  name: string;
  picture: number[][];
  kernel: number[][];
  stride: number;
  padding: number;
  offset: number;
  convolution: boolean;
  normalise: boolean;
  result: number[][];
}
const CASES = JSON.parse(readFileSync('tests/golden/convolve.json', 'utf8')) as Case[];
const grid = (rows: number[][]): Grid => ({
  width: rows[0]?.length ?? 0,
  height: rows.length,
  values: rows.flat(),
});
const PLAIN = { stride: 1, padding: 0, convolution: false, normalise: false, offset: 0 };

describe('convolve', () => {
  it.each(CASES)('gives what PyTorch gives: $name', (one) => {
    const found = convolve(grid(one.picture), grid(one.kernel), one);
    const expected = grid(one.result);
    expect([found?.width, found?.height]).toEqual([expected.width, expected.height]);
    Array.from(expected.values).forEach((value, at) =>
      expect(found?.values[at]).toBeCloseTo(value, 12),
    );
  });

  it.each(CASES)('has terms that sum to every cell: $name', (one) => {
    const [picture, kernel] = [grid(one.picture), grid(one.kernel)];
    one.result.forEach((line, i) =>
      line.forEach((value, j) => {
        const found = terms(picture, kernel, one, i, j);
        expect(found).toHaveLength(kernel.width * kernel.height);
        const sum = found.reduce((all, term) => all + term.product, one.offset);
        expect(sum).toBeCloseTo(value, 12);
        for (const term of found.filter((each) => !each.inside)) expect(term.product).toBe(0);
      }),
    );
  });

  it('has no result where the kernel is larger than the picture', () => {
    expect(convolve(shapes(4), resized(impulse(3), 7, 7), PLAIN)).toBeNull();
  });

  it('shows the kernel itself under one bright pixel if it convolves, turned if it does not', () => {
    const kernel = { width: 3, height: 3, values: [1, 2, 3, 4, 5, 6, 7, 8, 9] };
    const centre = (convolution: boolean) =>
      Array.from(convolve(impulse(5), kernel, { ...PLAIN, convolution })?.values ?? []);
    expect(centre(true)).toEqual(kernel.values);
    expect(centre(false)).toEqual([...kernel.values].reverse());
  });
});

describe('hand-made kernels', () => {
  it('keep a grey area grey or make it vanish', () => {
    const grey = { width: 9, height: 9, values: new Array<number>(81).fill(0.5) };
    for (const kernel of KERNELS) {
      const middle = convolve(grey, kernel, { ...PLAIN, normalise: kernel.normalise });
      const value = middle?.values[0] ?? NaN;
      expect(
        [0, 0.5].some((wanted) => Math.abs(value - wanted) < 1e-12),
        kernel.id,
      ).toBe(true);
    }
  });

  it('keep their middle when they grow and shrink', () => {
    const [sobel] = KERNELS.filter((kernel) => kernel.id === 'sobelX');
    if (!sobel) throw new Error('no Sobel kernel');
    const large = resized(sobel, 5, 7);
    expect([large.width, large.height]).toEqual([5, 7]);
    expect(Array.from(resized(large, 3, 3).values)).toEqual(Array.from(sobel.values));
  });
});

describe('asTorch', () => {
  it('says every setting that is not the plain one', () => {
    const settings = { stride: 2, padding: 1, convolution: true, normalise: true, offset: 0.5 };
    const code = asTorch(shapes(8), { width: 2, height: 1, values: [1, 3] }, settings);
    expect(code).toContain('[1, 3],');
    expect(code).toContain('kernel = kernel / kernel.sum()');
    expect(code).toContain('kernel.flip(0, 1)');
    expect(code).toContain('stride=2, padding=1');
    expect(code).toContain('torch.tensor([0.5]');
    expect(asTorch(shapes(8), { width: 1, height: 1, values: [1] }, PLAIN)).not.toContain('flip');
  });
});
