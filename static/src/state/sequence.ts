// Which axis of a tensor of two axes is time. Asks the parts; knows no layer.
import type { Node, ModelSpec } from '../protocol/types';
import type { Parts } from './cards';
import { INPUT } from './edits';
import type { Session } from './session.svelte';

/** Whether a node's output is (steps, units): its layer says so, or the one that it passes on. */
export function timeFirst(model: ModelSpec, parts: Parts, input: boolean, id: string): boolean {
  let at = id;
  for (let hops = 0; hops <= model.nodes.length; hops++) {
    if (at === INPUT) return input;
    const node = model.nodes.find((one) => one.id === at);
    const facts = node && parts.get(node.layer.type)?.facts;
    if (!node || !facts) return false;
    if (facts['time_first'] === true) return true;
    if (facts['pointwise'] !== true || node.inputs[0] === undefined) return false;
    at = node.inputs[0];
  }
  return false;
}

const KINDS = ['elman', 'jordan', 'lstm', 'gru'] as const;

/** The kind of cell that a recurrent layer runs at every step; null where it has none that is drawn. */
export function cellOf(session: Session, node: Node | undefined): (typeof KINDS)[number] | null {
  const cell = node && session.catalog.layers.get(node.layer.type)?.facts['cell'];
  return KINDS.find((kind) => kind === cell) ?? null;
}
