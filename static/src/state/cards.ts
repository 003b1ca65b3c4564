// Which cards the stage shows: one a layer, activations folded into the card of the layer before them.
import type { ModelSpec, Node, NodeReport, Part, Report, Shape } from '../protocol/types';
import { INPUT, ordered, readers } from './edits';

export interface Card {
  /** Identifier of the first node, or `input`. */
  readonly id: string;
  /** The layer and what is folded into its card; empty for the input. */
  readonly nodes: readonly Node[];
  /** Where its first node reads from. */
  readonly inputs: readonly string[];
  /** Node whose output leaves the card. */
  readonly last: string;
  readonly isOutput: boolean;
  /** Only changes the shape: drawn as a narrow bar. */
  readonly reshapes: boolean;
}

export type Parts = ReadonlyMap<string, Part>;

function pointwise(node: Node, parts: Parts): boolean {
  return parts.get(node.layer.type)?.facts['pointwise'] === true;
}

function reshapes(report: NodeReport | undefined, folds: boolean): boolean {
  const from = report?.inputs[0];
  if (folds || !report?.shape || !from || report.inputs.length > 1) return false;
  const same = from.reduce((a, b) => a * b, 1) === report.activations;
  return same && report.parameters.length === 0 && from.length !== report.shape.length;
}

/** Cards in the order of computation, the input first. */
export function cards(model: ModelSpec, parts: Parts, report: Report | null): Card[] {
  const groups: Node[][] = [];
  const holder = new Map<string, Node[]>();
  for (const node of ordered(model)) {
    const source = node.inputs[0] ?? INPUT;
    const group = holder.get(source);
    const folds =
      pointwise(node, parts) &&
      node.inputs.length === 1 &&
      group?.at(-1)?.id === source &&
      readers(model, source).length === 1 &&
      !model.outputs.includes(source);
    if (folds && group) {
      group.push(node);
      holder.set(node.id, group);
    } else {
      const fresh = [node];
      groups.push(fresh);
      holder.set(node.id, fresh);
    }
  }
  const reports = reportsOf(report);
  const input: Card = {
    id: INPUT,
    nodes: [],
    inputs: [],
    last: INPUT,
    isOutput: false,
    reshapes: false,
  };
  return [input, ...groups.map((nodes) => card(nodes, model, reports))];
}

function card(nodes: Node[], model: ModelSpec, reports: ReadonlyMap<string, NodeReport>): Card {
  const first = nodes[0];
  const last = nodes.at(-1)?.id ?? INPUT;
  return {
    id: first?.id ?? INPUT,
    nodes,
    inputs: first?.inputs ?? [],
    last,
    isOutput: nodes.some((node) => model.outputs.includes(node.id)),
    reshapes: reshapes(reports.get(first?.id ?? ''), nodes.length > 1),
  };
}

/** `6×28×28`, as the server writes shapes. */
export function showShape(shape: Shape | null | undefined): string {
  if (!shape) return '?';
  return shape.length ? shape.join('×') : '1';
}

/** What the server says of each node, by its identifier. */
export function reportsOf(report: Report | null): ReadonlyMap<string, NodeReport> {
  return new Map(report?.nodes.map((node) => [node.id, node]));
}
