// How a number is called: its node or tensor and its place, in the page's language.
import type { CellAsked } from '../../protocol/microscope';
import { LOSS_NODE } from '../../state/onward';
import { w } from './words';

/** `[2](11, 14)`: map, row and column; `[7]` of a vector. */
export function indexName(index: readonly number[] = []): string {
  if (!index.length) return '';
  if (index.length < 3) return `[${index.join(', ')}]`;
  return `[${index.slice(0, -2).join(', ')}](${index.slice(-2).join(', ')})`;
}

function nodeName(node: string | null | undefined): string {
  return node === LOSS_NODE ? w('name.lossNode') : (node ?? '');
}

const DOING: Record<string, Parameters<typeof w>[0]> = {
  add: 'doing.add',
  sub: 'doing.sub',
  rsub: 'doing.sub',
  mul: 'doing.mul',
  div: 'doing.div',
  neg: 'doing.neg',
  exp: 'doing.exp',
  log: 'doing.log',
  pow: 'doing.pow',
  rsqrt: 'doing.rsqrt',
  sqrt: 'doing.sqrt',
  sum: 'doing.sum',
  mean: 'doing.mean',
  var: 'doing.variance',
  var_mean: 'doing.variance',
  amax: 'doing.maximum',
  max: 'doing.maximum',
  max_pool2d_with_indices: 'doing.maximum',
  addmm: 'doing.products',
  mm: 'doing.products',
  bmm: 'doing.products',
  baddbmm: 'doing.products',
  convolution: 'doing.convolution',
  where: 'doing.where',
  gather: 'doing.gather',
  cat: 'doing.cat',
  stack: 'doing.cat',
};

/** What an operation inside a node does, and its number there; one without a word by ATen's name. */
function doing(cell: CellAsked): string {
  const number = cell.operation ?? 0;
  const name = cell.doing?.replace(/^_+|_+$/g, '');
  if (!name) return w('name.operation', { number });
  const known = DOING[name];
  return w('name.doing', { what: known ? w(known) : name.replaceAll('_', ' '), number });
}

/** Node, tensor or operation, without the place in it. */
export function fieldName(cell: CellAsked): string {
  const node = nodeName(cell.node);
  const tensor = `${node}.${cell.tensor}`;
  const deep = typeof cell.operation === 'number';
  const buffer = cell.tensor && !cell.tensor.startsWith('constant ');
  const inside = deep ? `${node} · ${doing(cell)}` : node;
  const names: Record<CellAsked['role'], string> = {
    activation: inside,
    net_input: `u ${inside}`,
    sensitivity: `δ ${inside}`,
    parameter: tensor,
    gradient: `∂E/∂ ${tensor}`,
    update: `${tensor} ${w('name.after')}`,
    state: `${tensor} · ${cell.state}`,
    loss: w('name.loss'),
    target: w('name.target'),
    constant: deep ? inside : buffer ? tensor : w('name.constant', { node }),
  };
  return names[cell.role];
}

/** What the place is compared with: samples and steps are named only where they differ from it. */
export interface Base {
  sample?: number | null | undefined;
  step?: number | null | undefined;
}

export function placeName(cell: CellAsked, base: Base = {}): string {
  const parts = [`${fieldName(cell)} ${indexName(cell.index)}`.trim()];
  const { sample, step } = cell;
  if (typeof sample === 'number' && sample !== base.sample) {
    parts.push(w('name.sample', { sample }));
  }
  if (typeof step === 'number' && step !== base.step) parts.push(w('name.step', { step }));
  return parts.join(' · ');
}
