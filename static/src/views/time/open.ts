// From a cell of the view through time to the number that it stands for, in the pass that the view is of.
import type { CellAsked } from '../../protocol/microscope';
import type { Session } from '../../state/session.svelte';
import { showCell } from '../scope/open';
import type { Row } from './rows';

/** Which strand is looked at. */
export interface Strand {
  readonly node: string;
  readonly layer: number | null;
  readonly reverse: boolean;
}

/** Open what a recurrent layer holds inside at one step. What is live belongs to the watched sample: the run rests. */
export async function openMoment(
  session: Session,
  strand: Strand,
  row: Row,
  time: number,
  unit: number,
): Promise<void> {
  const cell: CellAsked = {
    role: row.role ?? 'activation',
    ...strand,
    ...(row.state ? { state: row.state } : {}),
    time,
    index: [unit],
  };
  await showCell(session, cell, true);
}
