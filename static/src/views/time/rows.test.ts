// Tokens along the edge of the view through time, and which rows carry a cut.
import { describe, expect, it } from 'vitest';
import { forwardRows, inputRow, tokensOf } from './rows';

const VOCABULARY = ['', ' ', 'a', 'long', '月'];

describe('tokens along the edge', () => {
  it('stand at their steps; the filling is empty', () => {
    const found = tokensOf([2, 1, 3, 9, 0, 0], VOCABULARY, ' ');
    expect(found.steps).toEqual(['a', '␣', 'long', '·', '', '']);
    expect(found).toMatchObject({ said: 'a ␣ long ·', end: 4, room: 34 });
    expect(tokensOf([2, 2], VOCABULARY, '').room).toBe(13);
    expect(tokensOf([4], VOCABULARY, '').room).toBe(18);
  });

  it('stand below the numbers that are read', () => {
    const x = { rows: 2, columns: 1, values: [1, 2] };
    const rows = inputRow(x, tokensOf([2, 3], VOCABULARY, ' '));
    expect(rows.map(({ track }) => track.id)).toEqual(['input', 'words']);
    expect(rows[1]?.name).toContain('a long');
    expect(inputRow(x, null).map(({ track }) => track.id)).toEqual(['input']);
  });

  it('are cut where the state was carried in', () => {
    const [axis] = forwardRows([], [], null, null, [0], 96);
    expect(axis?.track).toMatchObject({ kind: 'axis', cuts: [0] });
  });
});
