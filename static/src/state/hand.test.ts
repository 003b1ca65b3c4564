// Marks of units on the page: read, and made by commands.
import { describe, expect, it } from 'vitest';
import type { Marks } from '../protocol/types';
import { byHand, isMarked, markCommand, markedUnits } from './hand';

const freeze = (unit: number | null) => ({ type: 'freeze', node: 'conv1', unit }) as const;

describe('marks', () => {
  it('know the whole layer but for one unit', () => {
    const one: Marks = { conv1: { whole: true, units: [1] } };
    expect(markedUnits(one, 'conv1', 4)).toEqual([0, 2, 3]);
    expect(isMarked(one, 'conv1', null)).toBe(false);
    expect(isMarked(one, 'conv1', 1)).toBe(false);
    expect(isMarked({ conv1: { whole: true, units: [] } }, 'conv1', null)).toBe(true);
    expect(isMarked(undefined, 'conv1', 0)).toBe(false);
  });

  it('are made by these commands', () => {
    expect(markCommand('silenced', true, 'relu1', 4)).toEqual({
      type: 'silence',
      node: 'relu1',
      unit: 4,
    });
    expect(markCommand('frozen', false, 'fc1', null).type).toBe('unfreeze');
  });

  it('are changes by hand, steps are not', () => {
    expect(byHand(freeze(null))).toBe(true);
    expect(byHand({ type: 'edit_weight', node: 'a', tensor: 'bias', index: [0], value: 1 })).toBe(
      true,
    );
    expect(byHand({ type: 'step', unit: 'batch', count: 1 })).toBe(false);
  });
});
