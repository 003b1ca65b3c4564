// Wires of a network as pure functions: which there are between cards, and how one is drawn, cut or joined.
import type { ModelSpec, Node, PartValue } from '../protocol/types';
import type { Card } from './cards';
import { freeId, INPUT, nodeOf, withInputs } from './edits';

/** A connection of two cards: `source` is the node it leaves, `reader` the one it comes to, at `place`. */
export interface CardWire {
  readonly from: string;
  readonly to: string;
  readonly source: string;
  readonly reader: string;
  readonly place: number;
}

export type Refusal = 'self' | 'loop' | 'already' | 'full';

/** Every wire between cards, in the order of the cards they come to; what reads from nowhere has none. */
export function cardWires(cards: readonly Card[]): CardWire[] {
  const holder = new Map<string, string>();
  for (const card of cards) {
    holder.set(card.last, card.id);
    for (const node of card.nodes) holder.set(node.id, card.id);
  }
  return cards.flatMap((card) =>
    card.inputs.flatMap((source, place) => {
      const from = holder.get(source);
      if (from === undefined) return [];
      return [{ from, to: card.id, source, reader: card.id, place }];
    }),
  );
}

/** `id` and every node that reads from it, directly or not. */
export function behind(model: ModelSpec, id: string): Set<string> {
  const found = new Set([id]);
  for (let grown = true; grown;) {
    grown = false;
    for (const node of model.nodes) {
      if (!found.has(node.id) && node.inputs.some((source) => found.has(source))) {
        found.add(node.id);
        grown = true;
      }
    }
  }
  return found;
}

/** Why a wire from `source` to `reader` cannot be; null where it can. `most` inputs it takes. */
export function refusal(
  model: ModelSpec,
  source: string,
  reader: string,
  most: number,
): Refusal | null {
  const node = nodeOf(model, reader);
  if (!node || source === reader) return 'self';
  if (source !== INPUT && behind(model, reader).has(source)) return 'loop';
  if (node.inputs.includes(source)) return 'already';
  return most > 1 && node.inputs.length >= most ? 'full' : null;
}

/** One more wire into a node. */
export function wired(model: ModelSpec, source: string, reader: string): ModelSpec {
  return withInputs(model, reader, [...(nodeOf(model, reader)?.inputs ?? []), source]);
}

/** Without the wire that comes to `place` of a node's inputs. */
export function cut(model: ModelSpec, reader: string, place: number): ModelSpec {
  const inputs = nodeOf(model, reader)?.inputs ?? [];
  return withInputs(
    model,
    reader,
    inputs.filter((_, i) => i !== place),
  );
}

/** A new join before `reader`: it reads what that read and `source` too. */
export function joined(
  model: ModelSpec,
  source: string,
  reader: string,
  layer: PartValue,
  prefix: string,
): { model: ModelSpec; id: string } {
  const id = freeId(model, prefix);
  const inputs = [...(nodeOf(model, reader)?.inputs ?? []), source];
  const at = model.nodes.findIndex((node) => node.id === reader);
  const nodes = [...model.nodes];
  nodes.splice(Math.max(0, at), 0, { id, layer, inputs });
  return { model: withInputs({ ...model, nodes }, reader, [id]), id };
}

/** A new node that reads from these and that nothing reads: a branch, or a part that is not wired yet. */
export function branched(
  model: ModelSpec,
  layer: PartValue,
  prefix: string,
  inputs: readonly string[],
): { model: ModelSpec; id: string } {
  const id = freeId(model, prefix);
  const nodes: Node[] = [...model.nodes, { id, layer, inputs: [...inputs] }];
  const ends = model.nodes.length === 0 && inputs.length > 0;
  return { model: { ...model, nodes, outputs: ends ? [id] : model.outputs }, id };
}
