// The cells of recurrent layers that the page draws. Asks the parts; knows no layer.
import type { Node } from '../protocol/types';
import type { Session } from './session.svelte';

const KINDS = ['elman', 'jordan', 'lstm', 'gru'] as const;

/** The kind of cell that a recurrent layer runs at every step; null where it has none that is drawn. */
export function cellOf(session: Session, node: Node | undefined): (typeof KINDS)[number] | null {
  const cell = node && session.catalog.layers.get(node.layer.type)?.facts['cell'];
  return KINDS.find((kind) => kind === cell) ?? null;
}
