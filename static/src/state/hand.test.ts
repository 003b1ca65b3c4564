// Marks of units on the page are those that the server folds from the same commands.
import { describe, expect, it } from 'vitest';
import type { Marks } from '../protocol/types';
import { byHand, isMarked, markCommand, marked, markedUnits } from './hand';

const freeze = (unit: number | null) => ({ type: 'freeze', node: 'conv1', unit }) as const;
const unfreeze = (unit: number | null) => ({ type: 'unfreeze', node: 'conv1', unit }) as const;

describe('marks', () => {
  it('are the same once or twice', () => {
    const once = marked({}, freeze(3));
    expect(marked(once, freeze(3))).toEqual(once);
    expect(marked(once, unfreeze(3))).toEqual({});
  });

  it('know the whole layer but for one unit', () => {
    const whole: Marks = marked(marked({}, freeze(2)), freeze(null));
    expect(isMarked(whole, 'conv1', null)).toBe(true);
    const one = marked(whole, unfreeze(1));
    expect(markedUnits(one, 'conv1', 4)).toEqual([0, 2, 3]);
    expect(isMarked(one, 'conv1', null)).toBe(false);
    expect(marked(one, freeze(1))).toEqual({ conv1: { whole: true, units: [] } });
    expect(marked(one, unfreeze(null))).toEqual({});
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
