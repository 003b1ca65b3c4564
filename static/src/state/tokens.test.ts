import { describe, expect, it } from 'vitest';
import { lengthOf, likeliest, visible } from './tokens';

describe('texts', () => {
  it('names the likeliest tokens of a step, the first first', () => {
    const rows = [0.1, 0.2, 0.7, 0.5, 0.1, 0.4];
    expect(likeliest(rows, 3, 0, 2).map(({ id }) => id)).toEqual([2, 1]);
    expect(likeliest(rows, 3, 1, 5).map(({ id }) => id)).toEqual([0, 2, 1]);
    expect(likeliest([NaN, NaN], 2, 0, 2)).toEqual([]);
  });

  it('end before their filling, and show what cannot be seen', () => {
    expect(lengthOf([3, 4, 0, 0])).toBe(2);
    expect(visible('\n') + visible(' ') + visible('月')).toBe('⏎␣月');
  });
});
