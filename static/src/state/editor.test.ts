// The editor with undo, redo, checks and repairs. The answers of the server stand in the test.
import { describe, expect, it, vi } from 'vitest';
import { ApiError } from '../protocol/errors';
import { Api } from '../protocol/rest';
import type { Problem, Report, RunSpec } from '../protocol/types';
import { EMPTY } from './boot';
import { Editor } from './editor.svelte';

const ORIGIN = 'http://glassnet.test';

function report(problems: Problem[] = []): Report {
  return {
    nodes: [],
    order: [],
    input_shape: [1, 28, 28],
    input_time_first: false,
    output_shape: [10],
    samples: [4000, 1000],
    totals: TOTALS,
    rates: { steps: [0], factors: [1], total: 1, watches: false },
    problems,
  };
}

function problem(code: string): Problem {
  return {
    code,
    message: { en: code, zh: code },
    severity: 'error',
    pointer: '/model/nodes/0',
    node: null,
    params: {},
    repairs: [],
  };
}

function editor(answer: () => Response) {
  const changes: RunSpec[] = [];
  const fetcher = vi.fn(() => Promise.resolve(answer()));
  const api = new Api(ORIGIN, fetcher);
  return { editor: new Editor(api, EMPTY, (_, to) => changes.push(to)), changes, fetcher };
}

const fine = () => new Response(JSON.stringify(report()));
const seed = (value: number) => (spec: RunSpec) => ({ ...spec, seed: value });

const TOTALS: Report['totals'] = {
  parameters: 0,
  macs: 0,
  activations: 0,
  kept: 0,
  memory: { weights: 0, gradients: 0, optimizer: 0, activations: 0 },
  memory_bytes: 0,
  fixed_bytes: 0,
  sample_bytes: 0,
  limit_bytes: 0,
};

describe('the editor', () => {
  it('undoes and redoes every edit; a new one ends the redo', () => {
    const { editor: one, changes } = editor(fine);
    one.edit(seed(1));
    one.edit(seed(2));
    one.undo();
    expect([one.spec.seed, one.canUndo, one.canRedo]).toEqual([1, true, true]);
    one.redo();
    one.redo();
    expect(one.spec.seed).toBe(2);
    one.undo();
    one.undo();
    one.undo();
    expect([one.spec.seed, one.canUndo]).toEqual([0, false]);
    one.edit(seed(9));
    expect(one.canRedo).toBe(false);
    expect(changes.map((spec) => spec.seed)).toEqual([1, 2, 1, 2, 1, 0, 9]);
  });

  it('takes a dragged slider as one step of undo', () => {
    const { editor: one } = editor(fine);
    for (let value = 1; value < 9; value++) one.edit(seed(value), 'seed');
    one.edit((spec) => spec, 'nothing');
    one.undo();
    expect(one.spec.seed).toBe(0);
  });

  it('asks at once, once more after a burst of edits, and then is sure', async () => {
    const { editor: one, fetcher } = editor(fine);
    one.edit(seed(1));
    one.edit(seed(2));
    expect(one.ok).toBe(false);
    await vi.waitFor(() => expect(one.ok).toBe(true));
    expect(fetcher).toHaveBeenCalledTimes(2);
  });

  it('has the problems of the network, and those of fields the server refuses', async () => {
    const wrong = editor(() => new Response(JSON.stringify(report([problem('shape_mismatch')]))));
    await wrong.editor.check();
    expect([wrong.editor.ok, wrong.editor.problems[0]?.code]).toEqual([false, 'shape_mismatch']);
    const refused = { status: 422, code: 'invalid', problems: [problem('too_small')] };
    const misfit = editor(() => new Response(JSON.stringify(refused), { status: 422 }));
    await misfit.editor.check();
    expect(misfit.editor.problems[0]?.code).toBe('too_small');
    const bare = editor(() => new Response('{}', { status: 413 }));
    await bare.editor.check();
    expect([bare.editor.ok, bare.editor.problems.length]).toEqual([false, 1]);
  });

  it('says when the server does not answer', async () => {
    const api = new Api(ORIGIN, () => Promise.reject(new TypeError('lost')));
    const one = new Editor(api, EMPTY, () => undefined);
    await expect(one.check()).rejects.toBeInstanceOf(ApiError);
  });

  it('carries out a repair as one edit', () => {
    const { editor: one } = editor(fine);
    one.repair({
      text: { en: '', zh: '' },
      patch: [{ op: 'replace', path: '/training/phases/0/batch_size', value: 7 }],
    });
    expect(one.spec.training.phases[0]?.batch_size).toBe(7);
    one.undo();
    expect(one.spec.training.phases[0]?.batch_size).toBe(64);
  });

  it('asks again where the server did not answer', async () => {
    vi.useFakeTimers();
    const { editor: one, fetcher } = editor(fine);
    fetcher.mockRejectedValueOnce(new TypeError('Failed to fetch'));
    one.edit(seed(1));
    await vi.advanceTimersByTimeAsync(100);
    expect(one.ok).toBe(false);
    await vi.advanceTimersByTimeAsync(3000);
    expect(fetcher).toHaveBeenCalledTimes(2);
    expect(one.ok).toBe(true);
    vi.useRealTimers();
  });
});
