// Lines, states and scales of the health of derivatives.
import { describe, expect, it } from 'vitest';
import { linesOf, nearest, pathOf, pointsOf, scaleOf, stateOf, stepTicks } from './health';

const bounds = { low: 1e-4, high: 10 };
const none = [null, null, null];
const layer = (node: string, gradient: (number | null)[]) => ({
  node,
  gradient,
  sensitivity: none,
  update: none,
  dead: none,
  saturated: none,
});

describe('health', () => {
  it('tells nothing from nought, and both from what is too small', () => {
    expect(stateOf(null, bounds)).toBe('none');
    expect(stateOf(0, bounds)).toBe('zero');
    expect(stateOf(9e-5, bounds)).toBe('low');
    expect(stateOf(1, bounds)).toBe('ok');
    expect(stateOf(11, bounds)).toBe('high');
    expect(stateOf(NaN, bounds)).toBe('broken');
    expect(stateOf(0, { low: null, high: 0.5 })).toBe('ok');
  });

  it('leaves out layers that have none of it', () => {
    const lines = linesOf([layer('fc1', [1, null, 2]), layer('relu1', none)], 'gradient');
    expect(lines).toEqual([{ node: 'fc1', values: [1, null, 2] }]);
  });

  it('spans the bounds by powers of ten and keeps nought apart, at the bottom', () => {
    const scale = scaleOf([{ node: 'a', values: [0, 1e-6, null, NaN] }], bounds, 'gradient');
    expect(scale.at(0)).toBe(0);
    expect(scale.at(1e-6)).toBeGreaterThan(0.05);
    expect(scale.at(10)).toBeLessThanOrEqual(1);
    expect(scale.at(NaN)).toBe(1);
    const step = scale.at(1e-4) - scale.at(1e-5);
    expect(scale.at(1) - scale.at(0.1)).toBeCloseTo(step, 9);
    expect(scale.ticks[0]).toEqual({ value: 0, at: 0 });
  });

  it('draws shares from 0 to 1', () => {
    const scale = scaleOf([], { low: null, high: 0.5 }, 'dead');
    expect([scale.at(0), scale.at(0.5), scale.at(1)]).toEqual([0, 0.5, 1]);
  });

  it('breaks a line where there is nothing, and marks a point alone', () => {
    const points = pointsOf(
      [1, 2, null, 3, null],
      (i) => i,
      (v) => v,
      bounds,
    );
    expect(pathOf(points)).toBe('M0.0 1.0L1.0 2.0M3.0 3.0');
    expect(points.map((point) => point?.alone)).toEqual([false, false, undefined, true, undefined]);
  });

  it('finds steps', () => {
    expect(nearest([0, 16, 200], 100)).toBe(1);
    expect(stepTicks(0, 3)).toEqual([0, 1, 2, 3]);
  });
});
