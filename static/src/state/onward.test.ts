// Where numbers go, and the walk along them.
import { describe, expect, it } from 'vitest';
import type { CellAsked } from '../protocol/microscope';
import { explanation, factor, place, term } from '../views/cell/testing';
import { Cells, isPinned, passOfTerms } from './cells.svelte';
import { feeds, kin, LOSS_NODE, next, twin } from './onward';

const pixel: CellAsked = { role: 'activation', node: 'input', sample: 2, index: [0, 3, 4] };
const delta = (node: string, index: number[]): CellAsked => ({
  role: 'sensitivity',
  node,
  sample: 2,
  index,
});
const weight: CellAsked = {
  role: 'parameter',
  node: 'conv1',
  tensor: 'weight',
  index: [1, 0, 2, 2],
};

describe('what a number feeds', () => {
  it('is named on the way to the loss by the δ’s that its own δ is made of', () => {
    expect(twin(pixel)).toEqual({ ...pixel, role: 'sensitivity' });
    const answer = explanation(delta('input', [0, 3, 4]), [
      term(factor(0.5, delta('conv1', [1, 2, 2]), 'sensitivity'), factor(-2, weight)),
      term(factor(0.1, delta('conv1', [0, 2, 2]), 'sensitivity'), factor(3, weight)),
    ]);
    expect(feeds(pixel, answer)).toEqual([
      {
        to: place({ role: 'activation', node: 'conv1', sample: 2, index: [1, 2, 2] }),
        through: -2,
        share: -1,
      },
      expect.objectContaining({ through: 3 }),
    ]);
  });

  it('ends in the loss, from where the way back begins', () => {
    const answer = explanation(delta('fc', [1]), [
      term(factor(1, { role: 'sensitivity', node: LOSS_NODE }, 'sensitivity'), factor(0.25)),
    ]);
    const last: CellAsked = { role: 'activation', node: 'fc', sample: 2, index: [1] };
    expect(feeds(last, answer)[0]?.to).toEqual({ role: 'loss' });
    expect(twin({ role: 'loss' })).toEqual({ role: 'loss' });
    const inside: CellAsked = { role: 'activation', node: LOSS_NODE, operation: 4, index: [2] };
    const loss = explanation({ role: 'loss' }, [term(factor(2, inside), factor(0.5))]);
    expect(feeds({ role: 'loss' }, loss)).toEqual([
      { to: place({ ...inside, role: 'sensitivity' }), through: 0.5, share: null },
    ]);
  });

  it('goes back as δ to the δ’s below and to the gradients of the weights', () => {
    const here = delta('conv1', [1, 2, 2]);
    expect(twin(here)).toEqual({ ...here, role: 'activation' });
    const answer = explanation(here, [term(factor(0.5, pixel), factor(-2, weight))]);
    expect(feeds(here, answer).map(({ to, through }) => [to.role, to.node, through])).toEqual([
      ['sensitivity', 'input', -2],
      ['gradient', 'conv1', 0.5],
    ]);
  });

  it('is the rule’s next number where no question is needed', () => {
    const gradient = { ...weight, role: 'gradient' as const };
    expect(next(gradient, 3, 5)[0]?.to).toEqual({ ...weight, role: 'update', step: 3 });
    const update = { ...weight, role: 'update' as const };
    expect(next(update, 3, 5)[0]?.to).toEqual({ ...weight, step: 4 });
    expect(next(update, 5, 5)).toEqual([]);
    expect(twin(update)).toBeNull();
  });

  it('is said once where several terms lead to it', () => {
    const one = term(factor(1, pixel), factor(2));
    expect(feeds(delta('conv1', [0]), explanation(pixel, [one, one]))).toHaveLength(1);
  });
});

describe('the numbers of one place', () => {
  it('are value and δ, or weight, gradient, update and what the optimiser remembers', () => {
    expect(kin(pixel, 3, null).map(({ kind }) => kind)).toEqual(['activation', 'sensitivity']);
    const state = { ...weight, role: 'state' as const, state: 'exp_avg', step: 3 };
    const rule = explanation({ ...weight, role: 'update' }, [term(factor(1, state))]);
    const found = kin({ ...weight, role: 'update' }, 3, rule);
    expect(found.map(({ kind, cell }) => [kind, cell.state ?? null])).toEqual([
      ['parameter', null],
      ['gradient', null],
      ['update', null],
      ['state', 'exp_avg'],
    ]);
    expect(found.every(({ cell }) => cell.step === 3)).toBe(true);
    expect(kin({ role: 'loss' }, 3, null)).toEqual([]);
  });
});

describe('the trail', () => {
  it('keeps every number that was walked through, and what lies ahead of where one is', () => {
    const cells = new Cells();
    cells.show(pixel, { step: 3 });
    cells.follow(delta('conv1', [1]));
    cells.follow(weight);
    cells.go(0);
    expect([cells.open?.cell, cells.trail.length]).toEqual([pixel, 3]);
    cells.follow(delta('conv1', [1]));
    expect([cells.at, cells.trail.length]).toEqual([1, 3]);
    cells.follow(pixel);
    expect([cells.at, cells.trail.length]).toEqual([2, 3]);
    cells.close();
    expect(cells.open).toBeNull();
  });

  it('takes the step of a place for that of the pass', () => {
    const cells = new Cells();
    cells.show({ ...weight, role: 'update' }, { step: 6, precision: 'float32' });
    cells.follow({ ...weight, step: 5 });
    expect(cells.open).toEqual({ cell: weight, pass: { step: 5, precision: 'float32' } });
    cells.follow({ ...weight, role: 'gradient' });
    expect(cells.open?.pass.step).toBe(4);
  });

  it('knows that a weight was made by the step before, on that step’s own batch', () => {
    const samples = [{ kind: 'stored' as const, split: 'val' as const, index: 0 }];
    expect(passOfTerms({ cell: weight, pass: { step: 3, samples } })).toEqual({ step: 2 });
    expect(passOfTerms({ cell: weight, pass: { step: 0, samples } })).toEqual({ step: 0, samples });
    expect(passOfTerms({ cell: pixel, pass: { step: 3, samples } })).toEqual({ step: 3, samples });
  });

  it('stays in its step while the run goes on, and begins anew with another run', () => {
    const cells = new Cells();
    cells.show(pixel);
    cells.pin(7);
    cells.pin(9);
    expect(cells.open?.pass).toEqual({ step: 7 });
    cells.unpin();
    expect(cells.open && isPinned(cells.open)).toBe(false);
    cells.pin(0);
    cells.turn({ pass: { precision: 'float32' } });
    expect(cells.open?.pass).toEqual({ step: 0, precision: 'float32' });
  });
});
