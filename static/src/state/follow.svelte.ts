// What the page does by itself: it follows what is looked at.
import { untrack } from 'svelte';
import { liveCommands, withSettings } from './live';
import type { Session } from './session.svelte';
import { taps } from './taps';

/** States in which a look wakes the worker; an interrupted run waits until it is told to go on. */
const ASLEEP = ['parked', 'finished'];

/** Numbers that the run has got from elsewhere: another tab, or an earlier step that it went back to. */
function adopt(session: Session): void {
  const { run, editor, catalog, edited, creating, syncing } = session;
  const { spec, settings } = run;
  if (!spec || !settings || edited || creating || syncing || !run.upToDate) return;
  const now = withSettings(editor.spec, settings);
  if (liveCommands(now, editor.spec, catalog.families).length)
    void session.guard(() => editor.adopt(now));
}

/** Follow what is looked at: the server captures nothing else. Call once, inside an effect root. */
export function follow(session: Session): void {
  $effect(() => {
    const id = session.run.id;
    if (id) session.stream.watch(id, taps(session));
  });
  $effect(() => {
    const id = session.run.id;
    if (!id || !ASLEEP.includes(session.run.state)) return;
    const sample = session.samples.shown;
    void session.api.activations(id, sample).then(
      (buffer) => session.run.id === id && session.frames.show(buffer, false),
      () => undefined,
    );
  });
  $effect(() => {
    if (session.run.settings) untrack(() => adopt(session));
  });
  $effect(() => {
    if (session.editor.ok) untrack(() => session.app.over('broken'));
  });
  $effect(() => session.scope.follow());
  $effect(() => {
    const { scope } = session;
    if (!scope.playing || !scope.operation || scope.loading) return;
    const timer = setTimeout(() => void scope.next(), 1000 / scope.speed);
    return () => clearTimeout(timer);
  });
  $effect(() => {
    void session.own.follow(session.dataset);
  });
  $effect(() => {
    const { dataset, points, facts } = session;
    if (facts?.available && session.own.knows(dataset))
      void session.guard(() => session.samples.open(dataset, points));
  });
}
