// The curves of a run along its branches, and the health of layers.
import { describe, expect, it } from 'vitest';
import { Maps } from '../protocol/frames';
import type { Metrics, Validation } from '../protocol/types';
import { health } from './health';
import { History } from './history';

function metrics(
  branch: number,
  steps: number[],
  loss: (number | 'NaN')[],
  count: number[] = steps.map(() => 1),
): Metrics {
  return {
    type: 'metrics',
    branch,
    step: steps.at(-1) ?? 0,
    steps,
    count,
    loss,
    accuracy: null,
    gradient: {},
    learning_rate: null,
    rates: steps.map((step) => 1 / step),
    epoch: 0,
    samples_per_second: 1,
    seconds_left: null,
  };
}

describe('the curves', () => {
  it('grow, never show a step twice, and keep what is not a number visible as NaN', () => {
    const history = new History();
    history.metrics(metrics(0, [1, 2], [3, 2]));
    history.metrics(metrics(0, [2, 3], [9, 'NaN']));
    expect(history.curve(0, 'loss')).toEqual({ x: [1, 2, 3], y: [3, 2, NaN] });
    expect(history.curve(0, 'accuracy').x).toEqual([]);
    expect(history.curve(7, 'loss').x).toEqual([]);
  });

  it('replace a point that has grown', () => {
    const history = new History();
    history.metrics(metrics(0, [2, 3], [3, 2], [2, 1]));
    history.metrics(metrics(0, [4, 6, 7], [1.5, 1, 0.5], [2, 2, 1]));
    history.metrics(metrics(0, [3], [2], [1]));
    expect(history.curve(0, 'loss')).toEqual({ x: [2, 4, 6, 7], y: [3, 1.5, 1, 0.5] });
    expect(history.curve(0, 'rate')).toEqual({ x: [2, 4, 6, 7], y: [1 / 2, 1 / 4, 1 / 6, 1 / 7] });
  });

  it('follow a branch that begins in the middle of a point', () => {
    const history = new History();
    history.metrics(metrics(0, [4, 5], [4, 3], [4, 1]));
    history.metrics(metrics(0, [6, 8], [3.5, 2], [2, 2]));
    history.branch(1, 0, 7);
    history.metrics(metrics(1, [7], [2.5], [1]));
    expect(history.curve(1, 'loss')).toEqual({ x: [4, 6, 7], y: [4, 3.5, 2.5] });
    history.metrics(metrics(1, [8], [2.2], [2]));
    expect(history.curve(1, 'loss')).toEqual({ x: [4, 6, 8], y: [4, 3.5, 2.2] });
    history.branch(2, 0, 5);
    history.metrics(metrics(2, [6, 7], [1, 0], [2, 1]));
    expect(history.curve(2, 'loss')).toEqual({ x: [4, 6, 7], y: [4, 1, 0] });
    expect(history.curve(0, 'loss')).toEqual({ x: [4, 6, 8], y: [4, 3.5, 2] });
  });

  it('follow a branch to where it left its parent, and show what was left behind', () => {
    const history = new History();
    history.metrics(metrics(0, [1, 2, 3, 4], [4, 3, 2, 1]));
    history.branch(1, 0, 2);
    history.metrics(metrics(1, [3], [2.5]));
    expect(history.curve(1, 'loss')).toEqual({ x: [1, 2, 3], y: [4, 3, 2.5] });
    expect(history.abandoned(1, 'loss')).toEqual({ x: [3, 4], y: [2, 1] });
    history.branch(2, 1, 0);
    expect(history.curve(2, 'loss').x).toEqual([]);
    expect(history.abandoned(0, 'loss').x).toEqual([]);
  });

  it('keep showing what was left when a run goes back a second time before it goes on', () => {
    const history = new History();
    history.branch(0, null, 0);
    history.metrics(metrics(0, [1, 2, 3, 4], [4, 3, 2, 1]));
    history.branch(1, 0, 3);
    history.branch(2, 1, 2);
    expect(history.abandoned(2, 'loss')).toEqual({ x: [3, 4], y: [2, 1] });
    history.metrics(metrics(2, [3, 4], [2.5, 1.5]));
    history.branch(3, 2, 3);
    expect(history.abandoned(3, 'loss')).toEqual({ x: [4], y: [1.5] });
  });

  it('take over the past that the server has and go on from there', () => {
    const history = new History();
    history.branches([
      { branch: 0, parent: null, step: 0 },
      { branch: 1, parent: 0, step: 1 },
    ]);
    history.load({
      branch: 1,
      steps: [1, 2],
      count: [1, 1],
      loss: [2, 1],
      accuracy: [0.1, 0.2],
      validation: { steps: [0, 2], loss: [2.3, 1.1], accuracy: [0.1, 0.3] },
      rates: { steps: [], learning_rate: [] },
    });
    const validation: Validation = {
      type: 'validation',
      branch: 1,
      step: 4,
      epoch: 1,
      loss: 0.5,
      accuracy: 0.9,
      train_loss: null,
      train_accuracy: null,
    };
    history.validation(validation);
    history.metrics(metrics(1, [2, 3], [9, 0.5]));
    expect(history.curve(1, 'loss')).toEqual({ x: [1, 2, 3], y: [2, 1, 0.5] });
    expect(history.curve(1, 'valAccuracy')).toEqual({ x: [0, 2, 4], y: [0.1, 0.3, 0.9] });
  });
});

describe('health', () => {
  const none = new Float32Array(0);
  const maps = (shape: number[], values: number[]) =>
    new Maps({ dtype: 'F32', shape, data: Float32Array.from(values) }, none, none);

  const bounds = {
    sensitivity: { low: 1e-6, high: 10 },
    gradient: { low: 1e-3, high: 20 },
    update: { low: null, high: null },
    dead: { low: null, high: 0.4 },
    saturated: { low: null, high: 0.6 },
  };
  const relu = { dies: true };
  const tanh = { dies: false, flat: [-0.9, 0.8] } as const;

  it.each([
    ['dead', maps([3, 1, 2], [0, 0, 0, 0, 1, 0]), relu, 0.1],
    ['dead', maps([2], [0, 2]), relu, undefined],
    ['ok', maps([3], [0, 2, 2]), relu, 0.1],
    ['ok', maps([2], [0, 2]), { dies: false }, 0.1],
    ['saturated', maps([3], [0.85, -0.95, 0]), tanh, 0.1],
    ['ok', maps([5], [0.85, -0.95, 0.85, 0.7, -0.8]), tanh, 0.1],
    ['ok', maps([4], [0, 0, 0, 0]), {}, 0.1],
    ['vanishing', maps([2], [1, 2]), {}, 9e-4],
    ['ok', maps([2], [1, 2]), {}, 19],
    ['exploding', maps([2], [1, 2]), {}, 21],
    ['broken', maps([2], [NaN, 2]), {}, 0.1],
    ['broken', null, {}, NaN],
    ['unknown', null, {}, undefined],
  ] as const)('is %s', (expected, given, about, gradient) => {
    expect(health(given, about, gradient, bounds).health).toBe(expected);
  });

  it('counts the units of a sequence along its second axis', () => {
    const [still, quiet] = [maps([2, 3], [0, 1, 0, 0, 2, 0]), maps([2, 3], [0, 0, 0, 3, 1, 2])];
    expect(health(still, { ...relu, timed: true }, 0.1, bounds)).toEqual({
      health: 'dead',
      amount: 2 / 3,
    });
    expect(health(quiet, { ...relu, timed: true }, 0.1, bounds).health).toBe('ok');
  });

  it('calls nothing dead that is silent by hand', () => {
    const given = maps([4], [0, 0, 0, 2]);
    expect(health(given, { ...relu, silenced: [0, 2] }, 0.1, bounds).health).toBe('dead');
    expect(health(given, { ...relu, silenced: [0, 1, 2] }, 0.1, bounds).health).toBe('ok');
    expect(health(maps([1], [0]), { ...relu, silenced: [0] }, 0.1, bounds).health).toBe('ok');
  });
});
