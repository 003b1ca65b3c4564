// The terms of a number laid out by their places.
import { describe, expect, it } from 'vitest';
import type { CellAsked, Term } from '../../protocol/microscope';
import { cellSize, MOST_SLICES, pictureOf, tiling } from './grids';
import { convolved, explanation, factor, place, term } from './testing';

const here: CellAsked = { role: 'activation', node: 'x', sample: 0, index: [0] };

function at(node: string, index: number[], value: number): Term {
  return term(factor(value, { role: 'activation', node, sample: 0, index }), factor(0.25));
}

describe('the picture of a sum', () => {
  it('puts patch, kernel and products side by side, map by map, and the bias apart', () => {
    const answer = convolved(5, 7);
    const picture = pictureOf(answer);
    expect(picture?.panels.map(({ of }) => of?.node ?? null)).toEqual(['pool1', 'conv2', null]);
    for (const panel of picture?.panels ?? []) {
      expect(panel.slices.map(({ rows, columns }) => [rows, columns])).toEqual([
        [3, 3],
        [3, 3],
      ]);
      expect(panel.slices.flatMap(({ spots }) => spots)).toHaveLength(18);
    }
    expect(picture?.panels[0]?.slices.map(({ lead }) => lead)).toEqual([
      [0, 0],
      [0, 1],
    ]);
    expect(picture?.apart).toEqual([18]);
    expect(picture?.turned).toBe(false);
  });

  it('has every cell where its place says, with its value and its term', () => {
    const answer = convolved(5, 7);
    const [patch, kernel, products] = pictureOf(answer)?.panels ?? [];
    answer.terms.slice(0, 18).forEach((one, i) => {
      const [x, weight] = one.factors;
      const [map = 0, row = 0, column = 0] = x?.place?.index ?? [];
      const found = patch?.slices[map]?.spots.find((spot) => spot.terms.includes(i));
      expect([found?.row, found?.column, found?.value]).toEqual([row - 5, column - 7, x?.value]);
      const product = products?.slices[map]?.spots.find((spot) => spot.terms.includes(i));
      expect([product?.row, product?.column, product?.value]).toEqual([
        row - 5,
        column - 7,
        one.value,
      ]);
      const under = kernel?.slices[map]?.spots.find((spot) => spot.terms.includes(i));
      expect(under?.place).toEqual(weight?.place);
    });
  });

  it('sees a kernel that is met turned by 180°', () => {
    expect(pictureOf(convolved(2, 3, true))?.turned).toBe(true);
  });

  it('draws no products where a plain number is the other factor', () => {
    const answer = explanation(here, [at('r', [0, 0, 0], 1), at('r', [0, 0, 1], 2)]);
    expect(pictureOf(answer)?.panels).toHaveLength(1);
  });

  it('breaks a long vector into lines', () => {
    const terms = Array.from({ length: 100 }, (_, i) => at('flat1', [i + 300], i + 1));
    const slice = pictureOf(explanation(here, terms))?.panels[0]?.slices[0];
    expect([slice?.rows, slice?.columns]).toEqual([7, 16]);
    const last = slice?.spots.find(({ value }) => value === 100);
    expect([last?.row, last?.column]).toEqual([6, 3]);
  });

  it('shows the maps that hold most of the sum where there are many', () => {
    const terms = Array.from({ length: 40 }, (_, map) => at('x', [map, 0, 0], map + 1));
    const picture = pictureOf(explanation(here, terms));
    expect(picture?.slices).toEqual({ shown: MOST_SLICES, all: 40 });
    expect(picture?.panels[0]?.slices.map(({ lead }) => lead[1])).toEqual(
      Array.from({ length: MOST_SLICES }, (_, i) => 40 - MOST_SLICES + i),
    );
  });

  it('puts the winner of a choice among the losers', () => {
    const index = (row: number, column: number) => ({
      role: 'activation' as const,
      node: 'relu1',
      sample: 0,
      index: [2, row, column],
    });
    const winner = term(factor(0.9, index(7, 9)));
    const losers = [
      { value: 0.5, place: place(index(6, 8)) },
      { value: 0.7, place: place(index(6, 9)) },
      { value: 0, place: place(index(7, 8)) },
    ];
    const slice = pictureOf(explanation(here, [winner], { kind: 'selection', losers }))?.panels[0]
      ?.slices[0];
    expect([slice?.rows, slice?.columns]).toEqual([2, 2]);
    expect(slice?.spots.find(({ terms }) => terms.length)).toMatchObject({ row: 1, column: 1 });
  });

  it('is none where a single cell is all there is', () => {
    expect(pictureOf(explanation(here, [at('conv1', [0, 1, 1], 2)]))).toBeNull();
    expect(pictureOf(explanation(here, []))).toBeNull();
  });
});

describe('the size of its cells', () => {
  it('fits all panels into the room, within what can be seen and what is pleasant', () => {
    const picture = pictureOf(convolved(5, 7));
    if (!picture) throw new Error('no picture');
    expect(tiling(picture.panels[0]?.slices ?? [])).toEqual({ columns: 2, rows: 1 });
    const size = cellSize(picture, 400, 190);
    expect(size * 3 * 2 * 3).toBeLessThanOrEqual(400);
    expect(cellSize(picture, 4000, 4000)).toBe(30);
    expect(cellSize(picture, 10, 10)).toBe(3);
  });
});
