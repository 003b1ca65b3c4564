// Edits of a network as pure functions: a spec in, a new spec out. Decides nothing about shapes.
import type { ModelSpec, Node, PartValue } from '../protocol/types';

export const INPUT = 'input';

/** Every node after its inputs; what lies on a cycle or reads from nowhere comes last, in the given order. */
export function ordered(model: ModelSpec): Node[] {
  const known = new Set(model.nodes.map((node) => node.id));
  const done = new Set<string>([INPUT]);
  const sorted: Node[] = [];
  let waiting = [...model.nodes];
  for (;;) {
    const ready = waiting.filter((node) =>
      node.inputs.every((source) => done.has(source) || !known.has(source)),
    );
    const next = ready[0];
    if (!next) break;
    sorted.push(next);
    done.add(next.id);
    waiting = waiting.filter((node) => node !== next);
  }
  return [...sorted, ...waiting];
}

export function nodeOf(model: ModelSpec, id: string): Node | undefined {
  return model.nodes.find((node) => node.id === id);
}

/** An identifier that no node has: `conv3`. */
export function freeId(model: ModelSpec, prefix: string): string {
  const taken = new Set(model.nodes.map((node) => node.id));
  let number = 1;
  while (taken.has(`${prefix}${number}`)) number++;
  return `${prefix}${number}`;
}

/** Every wire from `from` now comes from `to`; without a `to` it is cut. */
function reading(
  nodes: Node[],
  from: string,
  to: string | undefined,
  except: ReadonlySet<string>,
): Node[] {
  return nodes.map((node) =>
    except.has(node.id) || !node.inputs.includes(from)
      ? node
      : { ...node, inputs: node.inputs.flatMap((name) => (name === from ? (to ?? []) : name)) },
  );
}

function index(nodes: Node[], id: string): number {
  return nodes.findIndex((node) => node.id === id);
}

/**
 * The chain `group` (each reading from the one before) put behind `after`: before all that read from it, or
 * before `reader` alone, on that one wire.
 */
export function placed(
  model: ModelSpec,
  group: Node[],
  after: string,
  reader: string | null = null,
): ModelSpec {
  const last = group.at(-1);
  if (!last) return model;
  const names = new Set(group.map((node) => node.id));
  if (reader !== null) for (const node of model.nodes) if (node.id !== reader) names.add(node.id);
  const nodes = reading(model.nodes, after, last.id, names);
  const at = index(nodes, after) + 1;
  const chained = group.map((node, i) => ({
    ...node,
    inputs: [group[i - 1]?.id ?? after, ...node.inputs.slice(1)],
  }));
  const ends = reader === null;
  return {
    ...model,
    nodes: [...nodes.slice(0, at), ...chained, ...nodes.slice(at)],
    outputs: model.outputs.map((name) => (ends && name === after ? last.id : name)),
  };
}

/** A new layer behind `after` (a node or `input`), on the wire to `reader` or on all that leave there. */
export function inserted(
  model: ModelSpec,
  layer: PartValue,
  prefix: string,
  after: string,
  reader: string | null = null,
): { model: ModelSpec; id: string } {
  const id = freeId(model, prefix);
  return { model: placed(model, [{ id, layer, inputs: [after] }], after, reader), id };
}

/** Without these nodes: what read from one reads from where that did, and loses the wire where it read nothing. */
export function removed(model: ModelSpec, ids: readonly string[]): ModelSpec {
  return ids.reduce((now, id) => {
    const gone = nodeOf(now, id);
    if (!gone) return now;
    const source = gone.inputs[0];
    const rest = now.nodes.filter((node) => node.id !== id);
    return {
      ...now,
      nodes: reading(rest, id, source, new Set()),
      outputs: now.outputs.map((name) => (name === id ? (source ?? INPUT) : name)),
    };
  }, model);
}

/** These nodes, a chain, moved behind `after`. */
export function moved(
  model: ModelSpec,
  ids: readonly string[],
  after: string,
  reader: string | null = null,
): ModelSpec {
  if (ids.includes(after) || (reader !== null && ids.includes(reader))) return model;
  const group = ids.flatMap((id) => nodeOf(model, id) ?? []);
  if (group[0]?.inputs[0] === after && (reader === null || readers(model, after).length < 2)) {
    return model;
  }
  return placed(removed(model, ids), group, after, reader);
}

/** One field of one layer changed. */
export function withField(model: ModelSpec, id: string, field: string, value: unknown): ModelSpec {
  return {
    ...model,
    nodes: model.nodes.map((node) =>
      node.id === id ? { ...node, layer: { ...node.layer, [field]: value } } : node,
    ),
  };
}

/** One node reading from these. */
export function withInputs(model: ModelSpec, id: string, inputs: readonly string[]): ModelSpec {
  const nodes = model.nodes.map((node) =>
    node.id === id ? { ...node, inputs: [...inputs] } : node,
  );
  return { ...model, nodes };
}

/** What a node can read from: the input and every node that does not itself read from it. */
export function sources(model: ModelSpec, id: string): string[] {
  const after = new Set([id]);
  for (const node of ordered(model)) {
    if (node.inputs.some((source) => after.has(source))) after.add(node.id);
  }
  return [INPUT, ...ordered(model).flatMap((node) => (after.has(node.id) ? [] : node.id))];
}

/** Nodes that read from `id`. */
export function readers(model: ModelSpec, id: string): Node[] {
  return model.nodes.filter((node) => node.inputs.includes(id));
}
