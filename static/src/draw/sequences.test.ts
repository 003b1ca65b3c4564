import { describe, expect, it } from 'vitest';
import { lettersOf, lookOf, parsed, symbolsOf, written } from './sequences';

describe('made sequences', () => {
  const letters = lettersOf(['A', 'B'], 4);

  it('are told by their values', () => {
    expect(lookOf({ values: [1, -1, 1], steps: 3, features: 1 })).toBe('bits');
    expect(lookOf({ values: [0.3, 0, 0.9, 1], steps: 2, features: 2 })).toBe('marked');
    expect(lookOf({ values: [0, 1, 0, 0, 0, 1], steps: 2, features: 3 })).toBe('symbols');
    expect(lookOf({ values: [0.1, -0.4], steps: 2, features: 1 })).toBe('values');
    expect(symbolsOf({ values: [0, 1, 0, 0, 0, 1], steps: 2, features: 3 })).toEqual([1, 2]);
  });

  it('are written and read again', () => {
    const cases = [
      ['bits', [1, -1, 1], 1, '101'],
      ['symbols', [0, 1, 0, 0, 0, 0, 1, 0], 4, 'Ba'],
      ['marked', [0.25, 0, 0.5, 1], 2, '0.25 0.5*'],
      ['values', [0.125, -0.5], 1, '0.125 -0.5'],
    ] as const;
    for (const [look, values, features, line] of cases) {
      const steps = values.length / features;
      expect(written({ values, steps, features }, look, letters)).toBe(line);
      expect(parsed(line, look, { steps, features }, letters)).toEqual({
        values: Float32Array.from(values),
      });
    }
  });

  it('say what is wrong', () => {
    const sizes = { steps: 3, features: 1 };
    expect(parsed('1x1', 'bits', sizes, letters)).toEqual({ wrong: 'x', place: 2 });
    expect(parsed('11', 'bits', sizes, letters)).toEqual({ count: 2 });
    expect(parsed('1 b 3', 'values', sizes, letters)).toEqual({ wrong: 'b', place: 2 });
    expect(parsed('0.5,1 1 1', 'values', sizes, letters)).toEqual({ wrong: '0.5,1', place: 1 });
  });
});
