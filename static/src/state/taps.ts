// Which tensors the page asks for, as things stand. Nothing is captured that is not on the screen.
import type { Tap } from '../protocol/types';
import type { Session } from './session.svelte';

/** Frames a second at most. */
const RATES = { activation: 20, kernel: 8, decision: 10, gate: 5 };

/** Whether a layer holds more than its output at every step: gates. */
function inner(session: Session, id: string): boolean {
  const node = session.run.spec?.model.nodes.find((one) => one.id === id);
  const names = node && session.catalog.layers.get(node.layer.type)?.facts['inner'];
  return Array.isArray(names) && names.length > 0;
}

/** Whether the network is seen unrolled in time: a pass of its own for every look is then not cheap. */
function unrolled(session: Session): boolean {
  return session.cards.some(({ nodes }) => nodes.some(({ id }) => inner(session, id)));
}

export function taps(session: Session): Tap[] {
  const { view, run, samples } = session;
  const sample = samples.shown;
  const rate = unrolled(session) ? RATES.gate : RATES.activation;
  const wanted: Tap[] = [{ roles: ['activation'], sample, rate }];
  const open = view.selected;
  const exists = run.spec?.model.nodes.some((node) => node.id === open) ?? false;
  if (view.kernels) wanted.push({ roles: ['kernel'], sample, rate: RATES.kernel });
  else if (open && exists) {
    wanted.push({ roles: ['kernel'], nodes: [open], sample, rate: RATES.kernel });
    if (inner(session, open))
      wanted.push({ roles: ['gate'], nodes: [open], sample, rate: RATES.gate });
  }
  const { moment } = view;
  if (moment && run.spec?.model.nodes.some((node) => node.id === moment.node)) {
    const { node, unit } = moment;
    wanted.push({ roles: ['unit'], nodes: [node], unit, sample, rate: RATES.gate });
  }
  if (session.points) wanted.push({ roles: ['decision'], sample, rate: RATES.decision });
  return wanted;
}
