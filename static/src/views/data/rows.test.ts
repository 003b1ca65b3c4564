// What a person reads and types of a table's row.
import { describe, expect, it } from 'vitest';
import { shown } from './rows';

describe('a number of a row', () => {
  it.each([
    [0.30000001192, 1, 0.3],
    [123456.789, 1e5, 123460],
    [1796070030.0000012, 530.8, 1796070030],
    [100000000.7342, 0.288, 100000000.7342],
    [1.5e39, 7.5e38, 1.5e39],
    [0, 1, 0],
    [7, 0, 7],
    [-0.000123456, 1e-4, -0.00012346],
  ])('%d of scale %d is shown as %d', (value, scale, text) => {
    expect(shown(value, scale)).toBe(text);
  });
});
