import { describe, expect, it } from 'vitest';
import { sides } from './fit';

describe('the pictures of a pane', () => {
  it('fill the room and never more than it', () => {
    for (const room of [700, 796, 1272, 2200]) {
      for (const row of [
        { maps: 3, stacks: 4, narrow: 1 },
        { maps: 7, stacks: 0, narrow: 2 },
        { maps: 2, stacks: 0, narrow: 0 },
      ]) {
        const { map, stack, cells } = sides(room, 168, row);
        const count = row.maps + row.stacks + row.narrow;
        const used = row.maps * map + row.stacks * stack + 64 * row.narrow + 27 * count;
        if (map > 52) expect(used).toBeLessThanOrEqual(room - 48 + 0.001);
        expect(map).toBeLessThanOrEqual(168);
        expect(map).toBeGreaterThanOrEqual(52);
        expect(cells * 0.75).toBeLessThanOrEqual(Math.max(map, 126) + 0.001);
      }
    }
  });

  it('are as large as they may be where there is room', () => {
    expect(sides(1272, 168, { maps: 2, stacks: 0, narrow: 1 })).toMatchObject({
      map: 168,
      cells: 168,
    });
  });
});
