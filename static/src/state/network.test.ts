// Edits, cards, live settings: the pure half of the state.
import { describe, expect, it } from 'vitest';
import type { Families, ModelSpec, Part, Report, RunSpec } from '../protocol/types';
import { cards, showShape } from './cards';
import { freeId, inserted, moved, ordered, removed, sources, withField, withInputs } from './edits';
import { liveCommands, structure, withSettings } from './live';

function chain(...ids: string[]): ModelSpec {
  const nodes = ids.map((id, i) => ({
    id,
    layer: { type: id.replace(/\d+$/, '') },
    inputs: [ids[i - 1] ?? 'input'],
  }));
  return { version: 1, nodes, outputs: [ids.at(-1) ?? 'input'] };
}

function wires(model: ModelSpec): string {
  return `${model.nodes.map((node) => `${node.inputs.join('+')}>${node.id}`).join(' ')} =${model.outputs[0]}`;
}

function part(type: string, facts: Record<string, unknown>, live: string[] = []): Part {
  const text = { en: type, zh: type };
  return {
    type,
    title: text,
    summary: text,
    group: text,
    formula: null,
    aliases: [],
    examples: [],
    live,
    plot: false,
    facts,
    schema: {},
  };
}

const LAYER: Families['layers'][number]['facts'] = {
  id_prefix: '',
  arity: [1, 1],
  pointwise: false,
  time_first: false,
  remembers: false,
  flattens: false,
  token_vectors: '',
  window: null,
  picture: '',
  inner: [],
  cell: '',
  dies: false,
  flat: null,
};
const LOSS: Families['losses'][number]['facts'] = {
  tasks: ['classification'],
  readout: 'softmax',
  per_step: false,
};

const net = chain('conv1', 'relu1', 'pool1', 'fc1');

describe('edits of a network', () => {
  it('insert a layer behind another, in front of all that read from it', () => {
    const { model, id } = inserted(net, { type: 'relu' }, 'relu', 'pool1');
    expect(id).toBe('relu2');
    expect(wires(model)).toBe('input>conv1 conv1>relu1 relu1>pool1 pool1>relu2 relu2>fc1 =fc1');
    expect(wires(inserted(net, { type: 'x' }, 'x', 'input').model)).toContain('input>x1 x1>conv1');
    expect(wires(inserted(net, { type: 'x' }, 'x', 'fc1').model)).toContain('fc1>x1 =x1');
  });

  it('remove layers and join what is left', () => {
    expect(wires(removed(net, ['conv1', 'relu1']))).toBe('input>pool1 pool1>fc1 =fc1');
    expect(wires(removed(net, ['fc1']))).toBe('input>conv1 conv1>relu1 relu1>pool1 =pool1');
    expect(removed(net, ['nobody'])).toBe(net);
  });

  it('move a card with what is folded into it', () => {
    const next = moved(net, ['conv1', 'relu1'], 'pool1');
    expect(wires(next)).toBe('input>pool1 pool1>conv1 conv1>relu1 relu1>fc1 =fc1');
    expect(wires(moved(net, ['fc1'], 'input'))).toBe(
      'input>fc1 fc1>conv1 conv1>relu1 relu1>pool1 =pool1',
    );
    expect(moved(net, ['pool1'], 'relu1')).toBe(net);
    expect(moved(net, ['pool1'], 'pool1')).toBe(net);
  });

  it('give names that are free, change one field, and keep their argument', () => {
    const before = JSON.stringify(net);
    expect(freeId(net, 'conv')).toBe('conv2');
    expect(withField(net, 'fc1', 'units', 7).nodes[3]?.layer['units']).toBe(7);
    expect(JSON.stringify(net)).toBe(before);
  });

  it('join several inputs, none of which reads from the node itself', () => {
    expect(sources(net, 'pool1')).toEqual(['input', 'conv1', 'relu1']);
    expect(wires(withInputs(net, 'pool1', ['relu1', 'conv1']))).toContain('relu1+conv1>pool1');
  });

  it('order nodes by what they read, what lies on a cycle last', () => {
    const mixed = { ...net, nodes: [...net.nodes].reverse() };
    expect(ordered(mixed).map((node) => node.id)).toEqual(['conv1', 'relu1', 'pool1', 'fc1']);
    const loop = {
      ...net,
      nodes: [{ id: 'a', layer: { type: 'x' }, inputs: ['a'] }, ...net.nodes],
    };
    expect(ordered(loop).at(-1)?.id).toBe('a');
  });
});

describe('cards', () => {
  const parts = new Map([
    ['relu', part('relu', { pointwise: true })],
    ['conv', part('conv', { pointwise: false })],
  ]);

  it('fold activations into the card of the layer before them', () => {
    const found = cards(net, parts, null);
    expect(found.map((card) => [card.id, card.last])).toEqual([
      ['input', 'input'],
      ['conv1', 'relu1'],
      ['pool1', 'pool1'],
      ['fc1', 'fc1'],
    ]);
    expect(found.at(-1)?.isOutput).toBe(true);
  });

  it('give an activation a card of its own behind the input, or where others read what it reads', () => {
    expect(cards(chain('relu1', 'fc1'), parts, null).map((card) => card.id)).toContain('relu1');
    const shared = inserted(net, { type: 'fc' }, 'fc', 'pool1').model;
    const nodes = shared.nodes.map((node) =>
      node.id === 'fc2' ? { ...node, inputs: ['conv1'] } : node,
    );
    expect(cards({ ...shared, nodes }, parts, null).map((card) => card.id)).toContain('relu1');
  });

  it('say which layer only changes the shape', () => {
    const report = {
      nodes: [
        { id: 'fc1', inputs: [[2, 3, 3]], shape: [18], activations: 18, parameters: [] },
        { id: 'pool1', inputs: [[2, 6, 6]], shape: [2, 3, 3], activations: 18, parameters: [] },
      ],
    } as unknown as Report;
    const found = cards(net, parts, report);
    expect(found.filter((card) => card.reshapes).map((card) => card.id)).toEqual(['fc1']);
  });

  it('write shapes as the server does', () => {
    expect([[6, 28, 28], [10], [], null].map(showShape)).toEqual(['6×28×28', '10', '1', '?']);
  });
});

describe('what may change while a run goes on', () => {
  const families: Families = {
    layers: [
      { ...part('drop', {}, ['rate']), facts: { ...LAYER, pointwise: true } },
      { ...part('fc', {}), facts: LAYER },
    ],
    datasets: [],
    losses: [{ ...part('l', {}, ['smoothing']), facts: LOSS }],
    optimizers: [part('sgd', {}, ['learning_rate', 'momentum'])],
    initializers: [],
    baselines: [],
    schedules: [],
    augmentations: [],
  };
  const spec: RunSpec = {
    version: 1,
    name: 'a',
    model: chain('fc1', 'drop1'),
    training: {
      version: 1,
      dataset: { type: 'd' },
      augmentations: [],
      phases: [
        {
          type: 'supervised',
          target: 'label',
          loss: { type: 'l' },
          optimizer: { type: 'sgd', learning_rate: 0.1, momentum: 0 },
          schedule: { type: 'constant' },
          groups: [],
          clip_norm: null,
          clip_value: null,
          batch_size: 64,
          epochs: 8,
        },
      ],
    },
    seed: 0,
    device: 'auto',
    weights: null,
  };
  const phase = spec.training.phases[0];
  const withPhase = (change: object): RunSpec => ({
    ...spec,
    training: { ...spec.training, phases: phase ? [{ ...phase, ...change }] : [] },
  });

  it('becomes commands, and leaves the structure the same', () => {
    const faster = withPhase({
      optimizer: { momentum: 0, type: 'sgd', learning_rate: 0.2 },
      batch_size: 32,
      epochs: 9,
    });
    const next = { ...faster, name: 'b', model: withField(spec.model, 'drop1', 'rate', 0.3) };
    expect(structure(next, families)).toBe(structure(spec, families));
    expect(liveCommands(spec, next, families)).toEqual([
      { type: 'set_optimizer', values: { learning_rate: 0.2 } },
      { type: 'set_batch_size', batch_size: 32 },
      { type: 'set_epochs', epochs: 9 },
      { type: 'set_layer', node: 'drop1', values: { rate: 0.3 } },
    ]);
    expect(liveCommands(next, next, families)).toEqual([]);
  });

  it('has the numbers of the loss among them, also where the spec leaves them out', () => {
    const schema = { properties: { smoothing: { default: 0 } } };
    const losses = families.losses.map((one) => ({ ...one, schema }));
    const all = { ...families, losses };
    const next = withPhase({ loss: { type: 'l', smoothing: 0.1 } });
    expect(structure(next, all)).toBe(structure(spec, all));
    const there = { type: 'set_loss', values: { smoothing: 0.1 } };
    const back = { type: 'set_loss', values: { smoothing: 0 } };
    expect(liveCommands(spec, next, all)).toEqual([there]);
    expect(liveCommands(next, spec, all)).toEqual([back]);
  });

  it('has the rules of learning among them', () => {
    const schedule = { type: 'cosine', floor: 0 };
    const groups = [{ of: 'fc1', learning_rate: 0 }];
    const next = withPhase({ schedule, groups, clip_norm: 1 });
    expect(structure(next, families)).toBe(structure(spec, families));
    expect(liveCommands(spec, next, families)).toEqual([
      { type: 'set_schedule', schedule },
      { type: 'set_clipping', clip_norm: 1, clip_value: null },
      { type: 'set_groups', groups },
    ]);
    expect(liveCommands(next, next, families)).toEqual([]);
  });

  it('leaves out what makes another run', () => {
    const changes: RunSpec[] = [
      { ...spec, seed: 1 },
      { ...spec, model: withField(spec.model, 'fc1', 'units', 3) },
      withPhase({ optimizer: { type: 'adam', learning_rate: 0.1 } }),
      withPhase({ loss: { type: 'm' } }),
    ];
    const own = structure(spec, families);
    for (const changed of changes) expect(structure(changed, families)).not.toBe(own);
  });

  it('is read back from the settings of a run', () => {
    const settings = {
      optimizer: { learning_rate: 0.4, momentum: 0.5 },
      loss: { smoothing: 0.2 },
      batch_size: 16,
      epochs: 3,
      layers: { drop1: { rate: 0.9 } },
    };
    const now = withSettings(spec, settings);
    expect(now.training.phases[0]).toMatchObject({
      batch_size: 16,
      loss: { type: 'l', smoothing: 0.2 },
      optimizer: { momentum: 0.5 },
    });
    expect(now.model.nodes[1]?.layer['rate']).toBe(0.9);
  });
});
