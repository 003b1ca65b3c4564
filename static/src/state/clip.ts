// Copies of layers as text that any tab or editor can hold: a model in JSON. Pure; knows no clipboard.
import type { ModelSpec, Node } from '../protocol/types';
import { freeId, INPUT, ordered } from './edits';

const ID = /^[a-z][a-z0-9_]{0,31}$/;

/** These nodes and the wires among them, as a model; wires from elsewhere keep their names. */
export function copied(model: ModelSpec, ids: readonly string[]): string {
  const nodes = ordered(model).filter((node) => ids.includes(node.id));
  const last = nodes.at(-1)?.id ?? INPUT;
  return JSON.stringify({ version: 1, nodes, outputs: [last] }, null, 2);
}

function isNode(value: unknown): value is Node {
  const node = value as Partial<Node> | null;
  return (
    typeof node === 'object' &&
    node !== null &&
    typeof node.id === 'string' &&
    ID.test(node.id) &&
    typeof node.layer?.type === 'string' &&
    Array.isArray(node.inputs) &&
    node.inputs.every((source) => typeof source === 'string' && ID.test(source))
  );
}

/** The nodes of a text that holds a model, or a whole spec; null where it is anything else. */
export function parsed(text: string): Node[] | null {
  try {
    const value = JSON.parse(text) as { nodes?: unknown; model?: { nodes?: unknown } } | null;
    const nodes = value?.nodes ?? value?.model?.nodes;
    return Array.isArray(nodes) && nodes.length > 0 && nodes.every(isNode) ? nodes : null;
  } catch {
    return null;
  }
}

/**
 * The nodes under free names behind `after`: what among them read from elsewhere reads from there, and what
 * read from there reads from the last of them.
 */
export function pasted(
  model: ModelSpec,
  clip: readonly Node[],
  after: string,
): { model: ModelSpec; ids: string[] } {
  let taken = model;
  const names = new Map<string, string>();
  for (const node of clip) {
    const id = freeId(taken, node.id.replace(/\d+$/, '') || 'n');
    names.set(node.id, id);
    taken = { ...taken, nodes: [...taken.nodes, { ...node, id }] };
  }
  const sorted = ordered({ version: 1, nodes: [...clip], outputs: [INPUT] });
  const fresh = sorted.map((node): Node => {
    const inputs = node.inputs.map((source) => names.get(source) ?? after);
    return { id: names.get(node.id) ?? node.id, layer: node.layer, inputs };
  });
  const last = fresh.at(-1)?.id;
  if (last === undefined) return { model, ids: [] };
  const at = model.nodes.findIndex((node) => node.id === after) + 1;
  const nodes = model.nodes.map((node) => ({
    ...node,
    inputs: node.inputs.map((source) => (source === after ? last : source)),
  }));
  nodes.splice(at, 0, ...fresh);
  const outputs = model.outputs.map((name) => (name === after ? last : name));
  return { model: { ...model, nodes, outputs }, ids: fresh.map((node) => node.id) };
}
