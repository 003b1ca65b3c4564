// The unfolded pass: where it begins, how it goes on, what a card shows on the way. The server stands in the test.
import { flushSync } from 'svelte';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { OperationStep } from '../protocol/microscope';
import type { Card } from './cards';
import { Scope } from './scope.svelte';
import type { Session } from './session.svelte';
import { Traces } from './traces.svelte';
import { safetensors } from '../protocol/testing';

function operation(number: number, phase: OperationStep['phase'], node: string): OperationStep {
  const role = phase === 'loss' ? 'loss' : phase === 'backward' ? 'sensitivity' : 'activation';
  const caption = { en: `${phase} ${node}`, zh: `${phase} ${node}` };
  return {
    number,
    phase,
    node,
    role: phase === 'update' ? 'update' : role,
    tensor: phase === 'update' ? 'weight' : null,
    shape: [2],
    caption,
    formula: '',
    inside: [],
  };
}

const OPERATIONS = [
  operation(0, 'forward', 'fc1'),
  operation(1, 'forward', 'tanh1'),
  operation(2, 'loss', '@loss'),
  operation(3, 'backward', '@loss'),
  operation(4, 'backward', 'tanh1'),
  operation(5, 'backward', 'fc1'),
  operation(6, 'update', 'fc1'),
];

const TENSORS = {
  'fc1.activation': { shape: [1, 2], values: [1, 2] },
  'tanh1.activation': { shape: [1, 2], values: [0.5, 0.75] },
  'tanh1.sensitivity': { shape: [1, 2], values: [-1, 1] },
  'fc1.sensitivity': { shape: [1, 2], values: [-0.5, 0.5] },
  'fc1.weight.parameter': { shape: [2, 1], values: [1, 2] },
  'fc1.weight.update': { shape: [2, 1], values: [1.5, 1] },
  'fc1.weight.momentum.state': { shape: [2, 1], values: [0, 0] },
};

class FakeRun {
  id = 'a';
  branch = 0;
  step = $state(3);
  running = $state(false);
  settings = $state.raw<object | null>(null);
  ticks = $state.raw<object[]>([]);
  commands: string[] = [];
  command(command: { type: string }): Promise<object> {
    this.commands.push(command.type);
    if (command.type === 'pause') this.running = false;
    if (command.type === 'step') this.step++;
    return Promise.resolve({});
  }
}

let stop = () => {};
afterEach(() => stop());

function unfolded(activations = 2) {
  const run = new FakeRun();
  const microscope = {
    operations: vi.fn(() =>
      Promise.resolve({
        step: run.step,
        branch: 0,
        samples: 4,
        batch: [9, 8, 7, 6],
        operations: OPERATIONS,
      }),
    ),
    trace: vi.fn((_run: string, _wanted: { nodes?: string[] }) =>
      Promise.resolve(safetensors(TENSORS)),
    ),
  };
  const session = {
    run,
    microscope,
    edited: false,
    phase: { batch_size: 4 },
    reports: new Map([['fc1', { activations, count: 2 }]]),
    samples: { watched: { kind: 'stored', split: 'val', index: 5 } },
    app: { announce: vi.fn(), failed: vi.fn() },
    ensure: () => Promise.resolve(true),
    guard: <T>(action: () => Promise<T>) => action(),
  };
  const scope = new Scope(session as unknown as Session);
  stop = $effect.root(() => {
    $effect(() => scope.follow());
  });
  const settled = async () => {
    for (let i = 0; i < 12; i++) {
      flushSync();
      await Promise.resolve();
    }
  };
  return { scope, run, microscope, session, settled };
}

const card = {
  id: 'fc1',
  nodes: [{ id: 'fc1' }, { id: 'tanh1' }],
  inputs: ['input'],
  last: 'tanh1',
  isOutput: true,
} as unknown as Card;

describe('the unfolded pass', () => {
  it('pauses the run and begins at the first operation', async () => {
    const { scope, run, settled } = unfolded();
    run.running = true;
    await scope.next();
    await settled();
    expect(run.commands).toEqual(['pause']);
    expect(scope.operation?.caption.en).toBe('forward fc1');
    expect(scope.pass).toEqual({ step: 3, precision: 'float64' });
  });

  it('goes through all operations, then trains the batch and unfolds the next step', async () => {
    const { scope, run, settled } = unfolded();
    await scope.next();
    await settled();
    for (let i = 1; i < OPERATIONS.length; i++) {
      await scope.next();
      expect(scope.index).toBe(i);
    }
    await scope.next();
    await settled();
    expect(run.commands).toEqual(['step']);
    expect(scope.step).toBe(4);
    expect(scope.index).toBe(0);
    scope.back();
    expect(scope.index).toBe(0);
  });

  it('skips to the next phase and seeks a layer', async () => {
    const { scope, settled } = unfolded();
    await scope.next();
    await settled();
    await scope.skip();
    expect(scope.operation?.phase).toBe('loss');
    await scope.skip();
    scope.seek('backward', ['fc1']);
    expect(scope.index).toBe(5);
    scope.seek('backward', ['nobody']);
    expect(scope.index).toBe(5);
  });

  it('shows in a card what the pass has come to', async () => {
    const { scope, settled } = unfolded();
    await scope.next();
    await settled();
    const at = (index: number) => {
      scope.go(index);
      return scope.reached(card);
    };
    expect(at(0)).toEqual({ node: 'fc1', role: 'activation' });
    expect(at(2)).toEqual({ node: 'tanh1', role: 'activation' });
    expect(scope.lights(card)).toBe(true);
    expect(at(3)).toEqual({ node: 'tanh1', role: 'sensitivity' });
    expect(at(5)).toEqual({ node: 'fc1', role: 'sensitivity' });
    expect(
      scope.reached({ ...card, nodes: [{ id: 'other' }], isOutput: false } as unknown as Card),
    ).toBeNull();
    expect(scope.maps('fc1', 'sensitivity')?.value(0, 1)).toBe(0.5);
    scope.go(6);
    expect(scope.updated).toBe('fc1.weight');
  });

  it('keeps its place at an earlier step, and folds up when the run trains', async () => {
    const { scope, run, settled } = unfolded();
    await scope.next();
    await settled();
    scope.go(4);
    run.step = 1;
    await settled();
    expect([scope.step, scope.index]).toEqual([1, 4]);
    run.running = true;
    await settled();
    expect(scope.open).toBe(false);
    expect(scope.traces).toBeNull();
  });

  it('asks for one sample, of the batch or on its own', async () => {
    const { scope, microscope, settled } = unfolded();
    scope.position = 2;
    await scope.next();
    await settled();
    expect(microscope.trace.mock.calls.at(-1)?.[1]).toMatchObject({ step: 3, sample: 2 });
    scope.whose = 'sample';
    await settled();
    const wanted = microscope.trace.mock.calls.at(-1)?.[1];
    expect(wanted).toMatchObject({
      sample: 0,
      samples: [{ kind: 'stored', split: 'val', index: 5 }],
    });
    scope.whose = 'batch';
    await settled();
    expect(microscope.trace).toHaveBeenCalledTimes(2); // the first pass was kept
  });

  it('asks once for what a command changed, whether its answer or its event comes first', async () => {
    const { scope, run, microscope, settled } = unfolded();
    const silenced = { relu1: { whole: false, units: [0] } };
    const tick = { kind: 'command', step: 3, branch: 0 };
    run.settings = { silenced: {} };
    await scope.next();
    await settled();
    run.settings = { silenced };
    await settled();
    run.ticks = [{ ...tick, command: { type: 'silence', node: 'relu1', unit: 0 } }];
    await settled();
    expect(microscope.operations).toHaveBeenCalledTimes(2);
    run.settings = { silenced: {} };
    await settled();
    expect(microscope.operations).toHaveBeenCalledTimes(2); // the pass before was kept
    run.ticks = [...run.ticks, { ...tick, command: { type: 'edit_weight' } }];
    await settled();
    expect(microscope.operations).toHaveBeenCalledTimes(3);
  });

  it('asks for a large network layer by layer', async () => {
    const { scope, microscope, settled } = unfolded(3_000_000);
    await scope.next();
    await settled();
    expect(scope.pass.precision).toBe('float32');
    expect(microscope.trace.mock.calls[0]?.[1]).not.toHaveProperty('nodes');
    scope.want(['fc1']);
    scope.want(['fc1']);
    await settled();
    expect(microscope.trace).toHaveBeenCalledTimes(2);
    expect(microscope.trace.mock.calls[1]?.[1]).toMatchObject({
      nodes: ['fc1'],
      roles: ['activation', 'sensitivity', 'derivative', 'inside'],
    });
  });

  it('says what went wrong and folds up', async () => {
    const { scope, microscope, session, settled } = unfolded();
    const error = new Error('gone');
    microscope.operations.mockRejectedValueOnce(error);
    await scope.next();
    await settled();
    expect(session.app.failed).toHaveBeenCalledWith(error);
    expect(scope.open).toBe(false);
  });
});

describe('the tensors of a pass', () => {
  it('are named by node, parameter and role', async () => {
    const microscope = { trace: () => Promise.resolve(safetensors(TENSORS)) };
    const traces = new Traces(microscope as never, 'a', {}, 0);
    await traces.want(null, ['flow', 'learn']);
    expect(traces.parameters('fc1')).toEqual(['weight']);
    expect(traces.states('fc1.weight')).toEqual(['momentum']);
    expect(traces.maps('fc1.activation')?.shape).toEqual([2]);
    expect(Array.from(traces.change('fc1.weight')?.values ?? [])).toEqual([0.5, -1]);
    traces.drop();
    expect(traces.maps('fc1.activation')).toBeNull();
  });
});
