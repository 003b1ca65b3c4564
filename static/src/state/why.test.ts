// An answer to "why" as the server sends it, and what is counted of it.
import { describe, expect, it } from 'vitest';
import { Attributed, flattened } from './why.svelte';
import { safetensors } from '../protocol/testing';

const metadata = {
  target: '3',
  step: '412',
  score: '1.5',
  signed: 'true',
  completeness_delta: '-0.001',
  baseline_score: '0.25',
};

describe('an answer', () => {
  const answer = new Attributed(
    safetensors(
      {
        attribution: { shape: [2, 1, 2], values: [1, -2, 0.5, 4] },
        input: { shape: [2, 1, 2], values: [0, 1, 0, 1] },
        outputs: { shape: [2], values: [1.5, -0.5] },
      },
      metadata,
    ),
    'saliency',
  );

  it('is of one output at one step, and adds up', () => {
    expect(answer).toMatchObject({ target: 3, step: 412, score: 1.5, signed: true, layer: null });
    expect(answer).toMatchObject({ delta: -0.001, baseline: 0.25, outputs: [1.5, -0.5] });
    expect(answer.sum).toBe(3.5);
  });

  it('is one map of the sums over the channels', () => {
    const map = flattened(answer.values);
    expect(map.shape).toEqual([1, 1, 2]);
    expect([map.value(0, 0), map.value(0, 1)]).toEqual([1.5, 2]);
    expect(flattened(map)).toBe(map);
  });

  it('of another method names neither baseline nor what is missing', () => {
    const other = new Attributed(
      safetensors({ attribution: { shape: [2], values: [1, 1] } }, { signed: 'false' }),
      'grad_cam',
    );
    expect(other).toMatchObject({
      method: 'grad_cam',
      delta: null,
      baseline: null,
      signed: false,
      target: 0,
    });
    expect(other.input.shape).toEqual([0]);
  });
});
