import { describe, expect, it } from 'vitest';
import { CURVES, curvePath, DRAWINGS, openedAs, rangeOf, valueOf, WIDTH } from './cells';

const lstm = {
  i: [0.5, 0.25],
  f: [0.9, 0.5],
  g: [0.4, -0.8],
  o: [0.6, 0.7],
  c: [0.2, -0.1],
  h: [0.1, -0.07],
};

describe('values in the cell', () => {
  it('makes c from what the gates let through', () => {
    const kept = valueOf(lstm, { name: 'f∘c', at: 0 }, 1, false);
    const taken = valueOf(lstm, { name: 'i∘g', at: 0 }, 1, false);
    expect(kept + taken).toBeCloseTo(-0.1, 12);
    expect(valueOf(lstm, { name: 'tanh c', at: 0 }, 1, false)).toBeCloseTo(Math.tanh(-0.1), 12);
    expect(valueOf(lstm, { name: 'c', at: -1 }, 1, false)).toBe(0.2);
  });

  it('starts from nothing, at the side where it reads from', () => {
    expect(valueOf(lstm, { name: 'c', at: -1 }, 0, false)).toBe(0);
    expect(valueOf(lstm, { name: 'h', at: -1 }, 1, true)).toBe(0);
    expect(valueOf(lstm, { name: 'h', at: -1 }, 0, true)).toBe(-0.07);
    expect(valueOf({}, { name: 'i', at: 0 }, 0, false)).toBeNaN();
  });

  it('mixes the GRU’s past and proposal', () => {
    const gru = { z: [0.25, 0.25], n: [0.8, 0.4], h: [0.6, 0.45] };
    const past = valueOf(gru, { name: 'z∘h', at: 0 }, 1, false);
    expect(past + valueOf(gru, { name: '(1−z)∘n', at: 0 }, 1, false)).toBeCloseTo(0.45, 12);
  });

  it('opens a product where it is summed', () => {
    expect(openedAs('lstm', { name: 'i∘g', at: 0 })).toEqual({ name: 'c', at: 0 });
    expect(openedAs('lstm', { name: 'c', at: -1 })).toEqual({ name: 'c', at: -1 });
    expect(openedAs('jordan', { name: 'Wo', at: 0 })).toEqual({ name: 'u_s', at: 0 });
    expect(openedAs('jordan', { name: 'c', at: 0 })).toEqual({ name: 'u_o', at: 0 });
    expect(openedAs('jordan', { name: 'o', at: -1 })).toEqual({ name: 'o', at: -1 });
  });
});

describe('drawings', () => {
  it('stay in their box, every wire along the axes', () => {
    for (const { height, wires, knots, chips } of Object.values(DRAWINGS)) {
      for (const { x, y } of [...knots, ...chips]) {
        expect(x > 0 && x < WIDTH && y > 0 && y < height).toBe(true);
      }
      for (const { points } of wires) {
        points.slice(1).forEach(([x, y], k) => {
          const [a, b] = points[k] ?? [NaN, NaN];
          expect(x === a || y === b).toBe(true);
        });
      }
    }
  });

  it('show every value of which there is a curve', () => {
    for (const kind of ['lstm', 'gru', 'elman', 'jordan'] as const) {
      const shown = new Set(DRAWINGS[kind].chips.map((chip) => chip.name));
      for (const { name } of CURVES[kind]) expect(shown).toContain(name);
    }
  });

  it('draws a curve through the middle of its columns, with a gap where it is not finite', () => {
    expect(curvePath([0, 1], [0, 1], 20, 10)).toBe('M5.0 10.0L15.0 0.0');
    expect(curvePath([0, NaN, 1], [0, 1], 30, 10)).toBe('M5.0 10.0M25.0 0.0');
    expect(rangeOf({ name: 'c', range: null }, [0.5, -2, NaN])).toEqual([-2, 2]);
    expect(rangeOf({ name: 'c', range: null }, [0, 0])).toEqual([-1, 1]);
  });
});
