// From a number in the drawing of a cell to the same number of the run.
import { OWN, openedAs, stepBefore, type CellKind, type Quantity } from '../../draw/cells';
import type { Gate } from '../../parts/picture';
import type { CellAsked } from '../../protocol/microscope';
import type { Node } from '../../protocol/types';
import type { Session } from '../../state/session.svelte';
import { showCell } from '../scope/open';

/** A unit of a layer, and how it is counted in its own direction. */
export interface Place {
  readonly node: string;
  readonly kind: CellKind;
  readonly unit: number;
  readonly step: number;
  /** Units of one direction. */
  readonly units: number;
  readonly length: number;
}

export async function openQuantity(
  session: Session,
  place: Place,
  quantity: Quantity,
): Promise<void> {
  const cell = addressOf(place, quantity);
  if (cell) await showCell(session, cell, true);
}

/** Null for what was before the first step. */
export function addressOf(place: Place, quantity: Quantity): CellAsked | null {
  const { node, kind, unit, units, length } = place;
  const { name, at } = openedAs(kind, quantity);
  const reverse = unit >= units;
  const time = at === 0 ? place.step : stepBefore(place.step, reverse);
  if (time < 0 || time >= length) return null;
  // The output itself is the node's own.
  if (name === OWN[kind]) {
    return { role: 'activation', node, sample: 0, index: [time, unit] };
  }
  const index = [unit - (reverse ? units : 0)];
  return { role: 'activation', node, sample: 0, time, state: name, index, reverse };
}

/** What a recurrent layer holds inside; a number of it opens where its kind of cell is known. */
export function gatesOf(
  session: Session,
  { id: node, layer }: Node,
  kind: CellKind | null,
): readonly Gate[] {
  const units = Number(layer['units']);
  const gates = session.frames.gates(node);
  if (!kind || !units) return gates;
  return gates.map(({ name, maps }) => {
    const open = (step: number, unit: number): void => {
      const place = { node, kind, unit, step, units, length: maps.count };
      void openQuantity(session, place, { name, at: 0 });
    };
    return { name, maps, open };
  });
}
