// The curve over a movement: which lines are drawn, where decisions change, how far sliders reach.
import { describe, expect, it } from 'vitest';
import type { Sweep } from '../../state/sweeps.svelte';
import { AXES } from '../../protocol/labs';
import { STILL } from '../../state/samples.svelte';
import { column, extent, path, rangeOf, rivals, shareOf, stretches, watchedClass } from './sweep';

const SWEEP: Sweep = {
  run: 'r',
  name: 'CNN',
  values: [-1, 0, 1, 2],
  answers: [
    [0.1, 0.2, 0.7],
    [0.05, 0.9, 0.05],
    [0.1, 0.8, 0.1],
    [0.05, 0.55, 0.4],
  ],
  labels: [2, 1, 1, 1],
  target: 1,
  readout: 'softmax',
};

describe('a curve over a movement', () => {
  it('is about the right class, else the one decided in the middle', () => {
    expect(watchedClass(SWEEP)).toBe(1);
    expect(watchedClass({ ...SWEEP, target: null, labels: [2, 2, 0, 1] })).toBe(0);
    expect(column(SWEEP, 1)).toEqual([0.2, 0.9, 0.8, 0.55]);
  });

  it('shows the rivals that come to something', () => {
    expect(rivals(SWEEP, 1)).toEqual([2]);
  });

  it('says over which stretches a decision stays', () => {
    expect(stretches([2, 1, 1, 1])).toEqual([
      { label: 2, from: 0, to: 0.25 },
      { label: 1, from: 0.25, to: 1 },
    ]);
    expect(shareOf(SWEEP.labels, 1)).toBe(0.75);
    expect(shareOf(null, 1)).toBeNaN();
  });

  it('draws probabilities between 0 and 1, outputs between their extremes', () => {
    expect(extent([SWEEP])).toEqual([0, 1]);
    expect(extent([{ ...SWEEP, readout: 'raw', answers: [[-3], [5], [NaN]] }])).toEqual([-3, 5]);
    expect(path([0, 1, NaN, 0.5], [0, 1], 30, 10)).toBe('M0.0 10.0L10.0 0.0M30.0 5.0');
  });

  it('can always be moved both ways from where the picture lies', () => {
    for (const axis of AXES) {
      const { low, high, step } = rangeOf(axis, 8);
      expect(low).toBeLessThan(STILL[axis]);
      expect(high).toBeGreaterThan(STILL[axis]);
      const steps = (STILL[axis] - low) / step;
      expect(Math.abs(steps - Math.round(steps))).toBeLessThan(1e-9);
    }
  });
});
