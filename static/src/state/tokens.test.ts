import { describe, expect, it } from 'vitest';
import { lengthOf, likeliest, readText, visible } from './tokens';

describe('texts', () => {
  it('names the likeliest tokens of a step, the first first', () => {
    const rows = [0.1, 0.2, 0.7, 0.5, 0.1, 0.4];
    expect(likeliest(rows, 3, 0, 2).map(({ id }) => id)).toEqual([2, 1]);
    expect(likeliest(rows, 3, 1, 5).map(({ id }) => id)).toEqual([0, 2, 1]);
    expect(likeliest([NaN, NaN], 2, 0, 2)).toEqual([]);
  });

  it('reads characters as ids, and says what it cannot read', () => {
    const vocabulary = ['', '床', '前', '明', '月'];
    expect(readText('明月', vocabulary, 4)).toEqual({ ids: [3, 4, 0, 0] });
    expect(readText('明日光日', vocabulary, 4)).toEqual({ unknown: ['日', '光'] });
    expect(readText('床前明月床', vocabulary, 4)).toEqual({ tooLong: 5 });
    expect(readText('', vocabulary, 4)).toEqual({ empty: true });
    expect(lengthOf([3, 4, 0, 0])).toBe(2);
    expect(visible('\n') + visible(' ') + visible('月')).toBe('⏎␣月');
  });
});
