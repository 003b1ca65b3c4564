// Rates of single layers, the planned share of η, and the optimisers under the names people look for.
import { describe, expect, it } from 'vitest';
import type { ModelSpec, Part } from '../protocol/types';
import { drawSweep } from '../draw/sweep';
import { pastPath, planPath } from '../views/rules/plan';
import { chosenRule, rulesOfLearning, withRule } from '../views/rules/variants';
import { followed, planned, rateOf, withRate } from './rates';

const model = (...ids: string[]): ModelSpec => ({
  version: 1,
  nodes: ids.map((id) => ({ id, layer: { type: 'dense' }, inputs: ['input'] })),
  outputs: [ids.at(-1) ?? 'input'],
});

describe('rates of layers', () => {
  it('are added, changed and taken away when they say nothing', () => {
    const one = withRate([], 'fc1', { learning_rate: 0 });
    expect(one).toEqual([{ of: 'fc1', learning_rate: 0, weight_decay: null }]);
    const two = withRate(one, 'fc1', { weight_decay: 0.1 });
    expect(rateOf(two, 'fc1')).toEqual({ of: 'fc1', learning_rate: 0, weight_decay: 0.1 });
    expect(withRate(one, 'fc1', { learning_rate: null })).toEqual([]);
    expect(withRate([], 'fc1', { learning_rate: null })).toEqual([]);
  });

  it('follow a layer that is renamed and vanish with one that is removed', () => {
    const groups = [
      { of: 'fc1', learning_rate: 0.5, weight_decay: null },
      { of: 'fc2.bias', learning_rate: null, weight_decay: 0 },
    ];
    const before = model('fc1', 'fc2');
    expect(followed(groups, before, model('fc1', 'last')).map((one) => one.of)).toEqual([
      'fc1',
      'last.bias',
    ]);
    expect(followed(groups, before, model('fc1')).map((one) => one.of)).toEqual(['fc1']);
    expect(followed(groups, before, model('fc1', 'fc2', 'fc3'))).toEqual(groups);
  });
});

describe('the plan', () => {
  const plan = { steps: [0, 5, 10, 15], factors: [1, 0.5, 0.25, 0.125], total: 20, watches: false };

  it('gives the share in force at a place', () => {
    expect([0, 0.2, 0.25, 0.6, 1].map((at) => planned(plan, at))).toEqual([1, 1, 0.5, 0.25, 0.125]);
    expect(planned(undefined, 0.5)).toBe(1);
  });

  it('is drawn from the left edge to the right, high for a large share', () => {
    const frame = { width: 108, height: 48 };
    expect(planPath(plan, frame)).toMatch(/^M4\.0 4\.0.*L104\.0 39\.0$/);
    expect(pastPath([0, 10], [0.1, 0.05], 0.1, 20, frame)).toBe('M4.0 4.0L54.0 24.0');
    expect(pastPath([0], [1], 0, 20, frame)).toBe('');
  });
});

describe('the optimisers', () => {
  const part = (type: string, facts = {}) =>
    ({ type, title: { en: type, zh: type }, facts, examples: [{ type, x: 1 }] }) as unknown as Part;
  const name = (en: string) => ({ en, zh: en });
  const rules = rulesOfLearning([
    part('sgd', {
      variants: [
        { title: name('SGD'), fields: { momentum: 0, nesterov: false } },
        { title: name('Momentum'), fields: { momentum: 0.9, nesterov: false } },
        { title: name('Nesterov'), fields: { momentum: 0.9, nesterov: true } },
      ],
    }),
    part('adam'),
  ]);

  it('are offered under the names of their variants', () => {
    expect(rules.map((rule) => rule.title.en)).toEqual(['SGD', 'Momentum', 'Nesterov', 'adam']);
    const of = (value: object) => chosenRule(rules, { type: 'sgd', ...value })?.title.en;
    expect([of({}), of({ momentum: 0.5 }), of({ momentum: 0.5, nesterov: true })]).toEqual([
      'SGD',
      'Momentum',
      'Nesterov',
    ]);
    expect(chosenRule(rules, { type: 'adam' })?.id).toBe('adam');
  });

  it('keep their other numbers within one part', () => {
    const value = { type: 'sgd', learning_rate: 0.3, momentum: 0.5 };
    const [plain, , nesterov, adam] = rules;
    expect(nesterov && withRule(nesterov, value)).toEqual({ ...value, nesterov: true });
    expect(plain && withRule(plain, value)).toEqual({ ...value, momentum: 0 });
    expect(adam && withRule(adam, value)).toEqual({ type: 'adam', x: 1 });
  });
});

describe('the curve of a range test', () => {
  it('lies on a logarithmic axis and breaks at what is not finite', () => {
    const frame = { width: 150, height: 142, left: 40, bottom: 34 };
    const drawn = drawSweep(0.01, 1, [0.01, 0.1, 1], [2, NaN, 1], [2, 1.5, 1], frame);
    expect(drawn.place(0.1)).toBeCloseTo(90);
    expect(drawn.x.map(({ power }) => power)).toEqual([-2, -1, 0]);
    expect(drawn.raw.match(/M/g)).toHaveLength(2);
    expect(drawn.smooth).toMatch(/^M40\.0 8\.0L90\.0 58\.0L140\.0 108\.0$/);
  });

  it('is empty before the first batch', () => {
    const frame = { width: 150, height: 142, left: 40, bottom: 34 };
    expect(drawSweep(0.01, 1, [], [], [], frame).smooth).toBe('');
  });
});
