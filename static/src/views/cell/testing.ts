// Explanations for the tests, in the form the server gives them.
import type { Cell, CellAsked, Explanation, Factor, Term } from '../../protocol/microscope';

export function place(cell: CellAsked): Cell {
  return {
    node: null,
    tensor: null,
    state: null,
    sample: null,
    index: [],
    operation: null,
    time: null,
    layer: null,
    reverse: false,
    doing: null,
    result: 0,
    step: null,
    ...cell,
  };
}

export function factor(value: number, where?: CellAsked, meaning?: Factor['meaning']): Factor {
  return {
    value,
    meaning: meaning ?? (where ? 'value' : 'coefficient'),
    place: where ? place(where) : null,
    symbol: null,
  };
}

export function term(...factors: Factor[]): Term {
  const value = factors.reduce((product, one) => product * Number(one.value), 1);
  return { value, factors, symbol: null };
}

export function explanation(
  cell: CellAsked,
  terms: readonly Term[],
  more: Partial<Explanation> = {},
): Explanation {
  const value = terms.reduce((sum, one) => sum + Number(one.value), 0);
  return {
    cell: place(cell),
    step: 3,
    branch: 0,
    precision: 'float64',
    form: 'mean',
    samples: 1,
    quantity: { en: 'output x of the node', zh: '节点输出 x' },
    kind: 'linear',
    operation: 'convolution',
    title: { en: 'A sum of products', zh: '乘积之和' },
    value,
    formula_value: value,
    difference: 0,
    scale: terms.reduce((sum, one) => sum + Math.abs(Number(one.value)), 0),
    allowed: 1e-9 * terms.reduce((sum, one) => sum + Math.abs(Number(one.value)), 0),
    stored: false,
    formula: { part: 'u = x \\ast k + b', symbols: 'u = \\sum_i x_i w_i + b', numbers: '' },
    terms: [...terms],
    rest: { count: 0, value: 0 },
    losers: [],
    ...more,
  };
}

/** A 3×3 patch at (r, c) of two maps under a kernel, and a bias. */
export function convolved(row: number, column: number, turned = false): Explanation {
  const terms: Term[] = [];
  for (let map = 0; map < 2; map++) {
    for (let r = 0; r < 3; r++) {
      for (let c = 0; c < 3; c++) {
        const weight = turned ? [2 - r, 2 - c] : [r, c];
        terms.push(
          term(
            factor(map + r + c + 1, {
              role: 'activation',
              node: 'pool1',
              sample: 0,
              index: [map, row + r, column + c],
            }),
            factor((c - 1) / 2, {
              role: 'parameter',
              node: 'conv2',
              tensor: 'weight',
              index: [4, map, ...weight],
            }),
          ),
        );
      }
    }
  }
  terms.sort((a, b) => Math.abs(Number(b.value)) - Math.abs(Number(a.value)));
  terms.push(
    term(factor(0.25, { role: 'parameter', node: 'conv2', tensor: 'bias', index: [4] }), factor(1)),
  );
  const cell: CellAsked = { role: 'activation', node: 'conv2', sample: 0, index: [4, row, column] };
  return explanation(cell, terms);
}
