// A small catalogue in the form that pydantic gives schemas, for the tests of the forms and the palette.
import type { Part } from '../../protocol/types';

const text = (en: string, zh: string) => ({ en, zh });
const named = (en: string, zh: string) => ({
  title: en,
  'x-title': text(en, zh),
  'x-help': text(`${en}?`, `${zh}？`),
});
const kind = (type: string) => ({ const: type, default: type, title: 'Type', type: 'string' });

function part(type: string, en: string, zh: string, schema: Part['schema']): Part {
  return {
    type,
    title: text(en, zh),
    summary: text(`About ${en}.`, `关于${zh}。`),
    group: text('Convolution', '卷积类'),
    formula: null,
    aliases: ['kernel'],
    examples: [],
    live: [],
    plot: false,
    facts: {},
    schema,
  };
}

const standard = {
  title: 'Default',
  type: 'object',
  properties: { type: kind('default') },
};
const normal = {
  title: 'Normal',
  type: 'object',
  properties: {
    type: kind('normal'),
    std: { type: 'number', default: 0.1, minimum: 0, maximum: 10, ...named('σ', 'σ') },
  },
};

export const catalogue: Part[] = [
  part('default', 'As PyTorch', '默认', standard),
  part('normal', 'Normal', '正态分布', normal),
];

export const conv: Part = part('conv2d', 'Conv2d', '卷积', {
  $defs: { DefaultInitializer: standard, Normal: normal },
  type: 'object',
  properties: {
    type: kind('conv2d'),
    filters: {
      type: 'integer',
      default: 8,
      minimum: 1,
      maximum: 512,
      title: 'filters',
      'x-title': text('output maps', '输出特征图数'),
      'x-help': text('Number of output maps.', '输出特征图的数目。'),
    },
    momentum: {
      type: 'number',
      default: 0,
      minimum: 0,
      exclusiveMaximum: 1,
      ...named('momentum', '动量'),
    },
    epsilon: { type: 'number', default: 1e-8, minimum: 1e-30, maximum: 1, ...named('ε', 'ε') },
    bias: { type: 'boolean', default: true, ...named('bias', '偏置') },
    form: { type: 'string', enum: ['mean', 'half_sum'], default: 'mean', ...named('form', '形式') },
    rows: { type: 'array', items: { type: 'integer' }, default: [1, 2], ...named('rows', '行') },
    limit: {
      anyOf: [{ type: 'integer', minimum: 1 }, { type: 'null' }],
      default: null,
      ...named('limit', '上限'),
    },
    init: {
      discriminator: { propertyName: 'type' },
      oneOf: [{ $ref: '#/$defs/DefaultInitializer' }, { $ref: '#/$defs/Normal' }],
      default: { type: 'default' },
      ...named('initial weights', '权值初始化'),
    },
  },
});
