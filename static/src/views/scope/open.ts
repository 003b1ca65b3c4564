// From a cell of a picture to the number that it stands for, in the pass that the picture is of.
import { unravel } from '../../draw/window';
import type { Address } from '../../parts/picture';
import type { Session } from '../../state/session.svelte';

/**
 * Open cell `at` of a tensor. What is shown while nothing is unfolded is the watched sample's: the run is paused,
 * so that the number stays the one that was clicked.
 */
export async function openCell(session: Session, address: Address, at: number): Promise<void> {
  const { role, node, tensor, state, shape } = address;
  const { scope, run } = session;
  const cells = role === 'activation' || role === 'sensitivity';
  const cell = {
    role,
    node,
    index: unravel(at, shape),
    ...(tensor ? { tensor } : {}),
    ...(state ? { state } : {}),
  };
  const { traces } = scope;
  if (traces) {
    session.cells.show(cells ? { ...cell, sample: traces.sample } : cell, traces.pass);
    return;
  }
  const ready = await session.guard(async () => {
    if (!(await session.ensure())) return false;
    if (run.running) await run.command({ type: 'pause' });
    return true;
  });
  if (!ready) return;
  const pass = { step: run.step, samples: [scope.given()], precision: 'float64' as const };
  session.cells.show(cells ? { ...cell, sample: 0 } : cell, pass);
}
