// From a cell of a picture to the number that it stands for, in the pass that the picture is of.
import { unravel, type Spot } from '../../draw/window';
import type { Address } from '../../parts/picture';
import type { CellAsked } from '../../protocol/microscope';
import type { Card } from '../../state/cards';
import { INPUT } from '../../state/edits';
import { rest } from '../../state/rest';
import type { Session } from '../../state/session.svelte';

/**
 * Show a number in the pass that the pictures are of; `ofSample` where every sample has its own. What is shown while
 * nothing is unfolded is the watched sample's: the run is paused, so that the number stays the one that was clicked.
 */
export async function showCell(
  session: Session,
  cell: CellAsked,
  ofSample: boolean,
): Promise<void> {
  const { scope, run } = session;
  const of = (sample: number) => (ofSample ? { ...cell, sample } : cell);
  const { traces } = scope;
  if (traces) {
    session.cells.show(of(traces.sample), traces.pass);
    return;
  }
  if (!(await rest(session))) return;
  const pass = { step: run.step, samples: [scope.given()], precision: 'float64' as const };
  session.cells.show(of(0), pass);
}

/** Open cell `at` of a tensor. */
export async function openCell(session: Session, address: Address, at: number): Promise<void> {
  const { role, node, tensor, state, shape } = address;
  const cell = {
    role,
    node,
    index: unravel(at, shape),
    ...(tensor ? { tensor } : {}),
    ...(state ? { state } : {}),
  };
  await showCell(session, cell, role === 'activation' || role === 'sensitivity');
}

/** Where the open number stands in map `map` of one of these nodes. */
export function opened(
  session: Session,
  nodes: readonly string[],
  role: Address['role'],
  map: number,
): Spot | null {
  const cell = session.cells.open?.cell;
  if (!cell?.node || cell.role !== role || !nodes.includes(cell.node)) return null;
  const [first, row, column] = cell.index ?? [];
  if (first !== map || row === undefined || column === undefined) return null;
  return { row, column };
}

/** Shape of the last picture on the way to a layer, where what comes between only lays it out flat. */
export function pictureBefore(session: Session, card: Card): readonly number[] | null {
  let source = card.inputs[0];
  for (let hops = 0; source && hops < 3; hops++) {
    const shape =
      source === INPUT ? session.editor.report?.input_shape : session.reports.get(source)?.shape;
    if (shape && shape.length === 3) return shape;
    const next = session.editor.spec.model.nodes.find((one) => one.id === source);
    if (!next || !session.catalog.layerFacts(next.layer.type)?.flattens) return null;
    source = next.inputs[0];
  }
  return null;
}
