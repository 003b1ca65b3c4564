// Which tensors the page asks for, as things stand. Nothing is captured that is not on the screen.
import type { Tap } from '../protocol/types';
import type { Session } from './session.svelte';

/** Frames a second at most. */
const RATES = { activation: 20, kernel: 8, decision: 10 };

export function taps(session: Session): Tap[] {
  const { view, run, samples } = session;
  const sample = samples.shown;
  const wanted: Tap[] = [{ roles: ['activation'], sample, rate: RATES.activation }];
  const open = view.selected;
  const exists = run.spec?.model.nodes.some((node) => node.id === open) ?? false;
  if (view.kernels) wanted.push({ roles: ['kernel'], sample, rate: RATES.kernel });
  else if (open && exists) {
    wanted.push({ roles: ['kernel'], nodes: [open], sample, rate: RATES.kernel });
  }
  if (session.points) wanted.push({ roles: ['decision'], sample, rate: RATES.decision });
  return wanted;
}
