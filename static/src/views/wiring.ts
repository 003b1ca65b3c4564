// Drawing a wire, by keys, pointer and touch alike: where it starts, which layers can take it, how it ends.
import { say, t } from '../i18n';
import type { Card } from '../state/cards';
import { INPUT, nodeOf, withInputs } from '../state/edits';
import type { Session } from '../state/session.svelte';
import { cut, joined, refusal, wired } from '../state/wiring';
import { fresh } from './actions';

function cardOf(session: Session, id: string | null | undefined): Card | undefined {
  return session.cards.find((card) => card.id === id);
}

export function named(id: string): string {
  return id === INPUT ? t('stage.input') : id;
}

function mostInputs(session: Session, type: string): number {
  const arity = session.catalog.layers.get(type)?.facts['arity'];
  return Array.isArray(arity) ? Number(arity[1]) : 1;
}

/** Why the wire that is being drawn cannot come to a card; null where it can. */
export function refused(session: Session, from: string, to: string): string | null {
  const [source, target] = [cardOf(session, from), cardOf(session, to)];
  const node = target?.nodes[0];
  if (!source || !node) return t('wiring.input');
  if (from === to) return t('wiring.self');
  const most = mostInputs(session, node.layer.type);
  const why = refusal(session.editor.spec.model, source.last, node.id, most);
  return why && t(`wiring.${why}`, { from: named(from), to: named(to) });
}

/** Cards that the wire can come to, in the order of computation. */
export function targets(session: Session, from: string): string[] {
  return session.cards.flatMap((card) =>
    card.nodes.length && refused(session, from, card.id) === null ? card.id : [],
  );
}

/** Begin a wire whose end keys or a tap choose. */
export function start(session: Session, from: string): void {
  const goals = targets(session, from);
  if (!goals.length) {
    const title = t('wiring.none', { id: named(from) });
    session.app.note({ kind: 'info', title });
    session.app.announce(title);
    return;
  }
  const at = session.cards.findIndex((card) => card.id === from);
  const later = session.cards.slice(at + 1).find((card) => goals.includes(card.id));
  session.view.drawn = { from, to: later?.id ?? goals[0] ?? null, pointer: null };
  session.app.announce(t('wiring.started', { id: named(from) }));
}

export function cancel(session: Session): void {
  if (!session.view.drawn) return;
  session.view.drawn = null;
  session.app.announce(t('wiring.cancelled'));
}

/** End the wire at a card: connect, ask how, or say why not. */
export function finish(session: Session, to: string | null): void {
  const from = session.view.drawn?.from;
  session.view.drawn = null;
  if (from === undefined || to === null) return;
  const why = refused(session, from, to);
  if (why) {
    session.app.note({ kind: 'warn', title: why });
    session.app.announce(why);
    return;
  }
  const [source, node] = [cardOf(session, from)?.last, cardOf(session, to)?.nodes[0]];
  if (!source || !node) return;
  if (node.inputs.length && mostInputs(session, node.layer.type) === 1) {
    session.view.choice = { source, reader: node.id };
    return;
  }
  session.editor.editModel((model) => wired(model, source, node.id));
  session.app.announce(t('wiring.done', { from: named(source), to: named(node.id) }));
}

export interface Way {
  label: string;
  run: () => void;
}

/** How a second wire can come to a layer that takes one. */
export function ways(session: Session, source: string, reader: string): Way[] {
  const { editor, catalog, view, app } = session;
  const old = nodeOf(editor.spec.model, reader)?.inputs.map(named).join(' + ') ?? '';
  const done = (id: string) => {
    view.choice = null;
    app.announce(t('wiring.done', { from: named(source), to: named(id) }));
  };
  const several = [...catalog.layers.values()].filter(
    ({ type }) => (catalog.layerFacts(type)?.arity[0] ?? 1) > 1,
  );
  const joins = several.flatMap((part) => {
    const made = fresh(session, part.type);
    if (!made) return [];
    const run = () => {
      const result = joined(editor.spec.model, source, reader, made.layer, made.prefix);
      editor.editModel(() => result.model);
      done(result.id);
    };
    return [{ label: t('wiring.join', { title: say(part.title) }), run }];
  });
  const replace = () => {
    editor.editModel((model) => withInputs(model, reader, [source]));
    done(reader);
  };
  return [...joins, { label: t('wiring.replace', { old }), run: replace }];
}

export function cutWire(session: Session, reader: string, place: number): void {
  const source = nodeOf(session.editor.spec.model, reader)?.inputs[place];
  if (source === undefined) return;
  session.editor.editModel((model) => cut(model, reader, place));
  session.app.announce(t('wiring.cutDone', { from: named(source), to: reader }));
}

/** Cut the wire that has the focus; false where none has. */
export function cutFocused(session: Session): boolean {
  const data = document.activeElement?.closest<HTMLElement>('[data-wire]')?.dataset;
  if (!data) return false;
  cutWire(session, data['wire'] ?? '', Number(data['place']));
  return true;
}

/** Keys while a wire is being drawn; true where the key was ours. */
export function onkey(session: Session, event: KeyboardEvent): boolean {
  const { drawn } = session.view;
  if (!drawn) return false;
  const goals = targets(session, drawn.from);
  const at = goals.indexOf(drawn.to ?? '');
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (event.key === 'Escape') cancel(session);
  else if (event.key === 'Enter' || event.key === ' ') finish(session, drawn.to);
  else if (step !== undefined) {
    const to = goals[(at + step + goals.length) % goals.length] ?? null;
    session.view.drawn = { from: drawn.from, to, pointer: null };
    if (to) {
      session.app.announce(named(to));
      document
        .querySelector(`[data-card="${to}"]`)
        ?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    }
  } else if (event.key === 'Tab') {
    cancel(session);
    return false;
  } else return false;
  event.preventDefault();
  event.stopPropagation();
  return true;
}

const CLICK = 5;

/** The pointer goes down on a port: a drag draws a wire, a press without a move lets a tap choose its end. */
export function drag(session: Session, from: string, event: PointerEvent): void {
  if (event.button !== 0) return;
  event.preventDefault();
  const begun = [event.clientX, event.clientY] as const;
  let far = false;
  const port = event.currentTarget as HTMLElement;
  port.setPointerCapture(event.pointerId);
  const over = (moved: PointerEvent): string | null => {
    const hit = document.elementFromPoint(moved.clientX, moved.clientY);
    return hit?.closest<HTMLElement>('[data-card]')?.dataset['card'] ?? null;
  };
  const onmove = (moved: PointerEvent) => {
    far ||= Math.hypot(moved.clientX - begun[0], moved.clientY - begun[1]) > CLICK;
    if (far) {
      const to = over(moved);
      session.view.drawn = {
        from,
        to: to === from ? null : to,
        pointer: [moved.clientX, moved.clientY],
      };
    }
  };
  const end = (ended: PointerEvent) => {
    port.removeEventListener('pointermove', onmove);
    port.removeEventListener('pointerup', end);
    port.removeEventListener('pointercancel', end);
    if (ended.type === 'pointercancel') cancel(session);
    else if (far) finish(session, session.view.drawn?.to ?? null);
    else start(session, from);
  };
  port.addEventListener('pointermove', onmove);
  port.addEventListener('pointerup', end);
  port.addEventListener('pointercancel', end);
}
