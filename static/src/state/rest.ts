// What looks into a step needs a run that stands still.
import type { Session } from './session.svelte';

/** A run at rest: made where there is none, paused where it trains; false where that failed. */
export async function rest(session: Session): Promise<boolean> {
  const { run } = session;
  const ready = await session.guard(async () => {
    if (!(await session.ensure())) return false;
    if (run.running) await run.command({ type: 'pause' });
    return true;
  });
  return ready ?? false;
}
