// A small network for any data: where none of the presets fits, the page can offer it.
import type { DatasetFacts, ModelSpec, PartValue, Phase } from '../protocol/types';

const SMALLEST_PICTURE = 8;

function layers(facts: DatasetFacts): [id: string, layer: PartValue][] {
  const outputs = facts.task === 'classification' ? facts.classes.length : 1;
  const out: [string, PartValue] = ['fc2', { type: 'dense', units: outputs }];
  const [, height = 0, width = 0] = facts.input_shape;
  if (facts.input_shape.length === 3 && Math.min(height, width) >= SMALLEST_PICTURE) {
    return [
      ['conv1', { type: 'conv2d', filters: 8, kernel: 3, padding: 1 }],
      ['relu1', { type: 'relu' }],
      ['pool1', { type: 'max_pool2d' }],
      ['flat1', { type: 'flatten' }],
      ['fc1', { type: 'dense', units: 32 }],
      ['relu2', { type: 'relu' }],
      out,
    ];
  }
  const hidden: [string, PartValue][] = [
    ['fc1', { type: 'dense', units: 16 }],
    ['tanh1', { type: 'tanh' }],
    out,
  ];
  return facts.input_shape.length > 1 ? [['flat1', { type: 'flatten' }], ...hidden] : hidden;
}

/** The network, and the loss and batches that suit the data. */
export function plain(facts: DatasetFacts): { model: ModelSpec; phase: Partial<Phase> } {
  const all = layers(facts);
  const nodes = all.map(([id, layer], i) => ({ id, layer, inputs: [all[i - 1]?.[0] ?? 'input'] }));
  const loss = { type: facts.task === 'classification' ? 'cross_entropy' : 'squared_error' };
  const few = facts.sizes[0] < 1000;
  const phase = { loss, batch_size: few ? 16 : 64, epochs: few ? 40 : 8 };
  return { model: { version: 1, nodes, outputs: [all.at(-1)?.[0] ?? 'input'] }, phase };
}
