// From a JSON schema to fields.
import { describe, expect, it } from 'vitest';
import type { Part, Problem } from '../../protocol/types';
import { defaults, fieldsOf, otherProblems, problemsOf } from './schema';
import { catalogue, conv } from './testing';

const families = { initializers: catalogue };

describe('the fields of a part', () => {
  const fields = fieldsOf(conv, families);
  const named = (name: string) => fields.find((field) => field.name === name);

  it('stand in the order of their declaration, the type left out', () => {
    expect(fields.map(({ name }) => name)).toEqual([
      'filters',
      'momentum',
      'epsilon',
      'bias',
      'form',
      'rows',
      'limit',
      'init',
    ]);
  });

  it('carry both languages', () => {
    expect(named('filters')?.title).toEqual({ en: 'output maps', zh: '输出特征图数' });
    expect(named('filters')?.help).toEqual({
      en: 'Number of output maps.',
      zh: '输出特征图的数目。',
    });
  });

  it('know their bounds, also those that are excluded', () => {
    expect(named('filters')).toMatchObject({
      kind: 'number',
      fallback: 8,
      range: { min: 1, max: 512, integer: true, log: true },
    });
    expect(named('momentum')).toMatchObject({
      range: { min: 0, max: 1, openMax: true, log: false },
    });
    expect(named('epsilon')).toMatchObject({ range: { min: 0, openMin: true, log: true } });
    expect(named('limit')).toMatchObject({ kind: 'number', optional: true, range: { min: 1 } });
  });

  it('are switches, choices and lists where they are', () => {
    expect(named('bias')).toMatchObject({ kind: 'switch', fallback: true });
    expect(named('form')).toMatchObject({ kind: 'choice', fallback: 'mean' });
    expect(named('rows')).toMatchObject({ kind: 'numbers' });
  });

  it('hold parts, named by their family', () => {
    const init = named('init');
    expect(init).toMatchObject({ kind: 'part', fallback: { type: 'default' } });
    const parts = init?.kind === 'part' ? init.parts : [];
    expect(parts.map(({ title }) => title.zh)).toEqual(['默认', '正态分布']);
    expect(fieldsOf(parts[1] ?? conv).map(({ name }) => name)).toEqual(['std']);
    expect(defaults(parts[1] ?? conv)).toEqual({ type: 'normal', std: 0.1 });
  });

  it('put the learning rate first', () => {
    const part: Pick<Part, 'type' | 'schema'> = {
      type: 'adam',
      schema: { properties: { beta: { type: 'number' }, learning_rate: { type: 'number' } } },
    };
    expect(fieldsOf(part).map(({ name }) => name)).toEqual(['learning_rate', 'beta']);
  });
});

it('finds the field that a problem points at', () => {
  const problem = (pointer: string): Problem => ({
    code: 'c',
    message: { en: '', zh: '' },
    severity: 'error',
    pointer,
    node: null,
    params: {},
    repairs: [],
  });
  const all = [problem('/model/nodes/0/layer/filters'), problem('/model/nodes/0')];
  expect(problemsOf(all, 'filters')).toEqual([all[0]]);
  expect(otherProblems(all, fieldsOf(conv))).toEqual([all[1]]);
});
