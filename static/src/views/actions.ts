// What buttons and keys do alike: moves of cards, steps in time, additions. Holds no state of its own.
import { say, t } from '../i18n';
import type { PartValue } from '../protocol/types';
import type { Card } from '../state/cards';
import { INPUT, inserted, moved, readers, removed } from '../state/edits';
import { withPhase } from '../state/live';
import type { Session } from '../state/session.svelte';
import type { Spot } from '../state/view.svelte';
import { branched } from '../state/wiring';
import * as clips from './clips';
import type { Action } from './keys';
import * as wiring from './wiring';

export function ids(card: Card): string[] {
  return card.nodes.map((node) => node.id);
}

function selectedCard(session: Session): Card | undefined {
  return session.cards.find((card) => card.id === session.view.selected);
}

/** The card that has the focus, else the open one. */
export function focusedCard(session: Session): Card | undefined {
  const element = document.activeElement?.closest<HTMLElement>('[data-card]');
  const id = element?.dataset['card'];
  return session.cards.find((card) => card.id === id) ?? selectedCard(session);
}

export function removeCard(session: Session, card: Card): void {
  if (card.id === INPUT) return;
  const place = session.cards.findIndex((one) => one.id === card.id);
  session.editor.editModel((model) => removed(model, ids(card)));
  if (session.view.selected === card.id) session.view.open(null);
  session.view.hovered = null;
  session.app.announce(t('stage.removed', { id: card.id }));
  const next = session.cards[Math.min(place, session.cards.length - 1)]?.id;
  requestAnimationFrame(() => focusCard(next));
}

export function focusCard(id: string | undefined): void {
  document.querySelector<HTMLElement>(`[data-card="${id}"] [data-open]`)?.focus();
}

/** One place to the left or right along its wires. */
export function shiftCard(session: Session, card: Card, by: -1 | 1): void {
  const after = beside(session, card, by);
  if (after === null) return;
  session.editor.editModel((model) => moved(model, ids(card), after));
  session.app.announce(t('stage.moved', { id: card.id, after }));
  requestAnimationFrame(() => focusCard(card.id));
}

/** The node that a card would stand behind after a move along its wires; null where there is no way. */
export function beside(session: Session, card: Card, by: -1 | 1): string | null {
  const { model } = session.editor.spec;
  if (by > 0) {
    const reader = readers(model, card.last)[0]?.id;
    return session.cards.find((one) => reader && ids(one).includes(reader))?.last ?? null;
  }
  const source = card.inputs[0];
  const before = session.cards.find((one) => one.last === source);
  return before?.inputs[0] ?? null;
}

/** Where a new layer goes when nobody says where: behind the open card, else before the output. */
export function insertionPoint(session: Session): string {
  const open = selectedCard(session);
  if (open) return open.last;
  return session.cards.find((card) => card.isOutput)?.inputs[0] ?? INPUT;
}

/** A layer as the palette gives it, and the beginning of its name. */
export function fresh(session: Session, type: string): { layer: PartValue; prefix: string } | null {
  const part = session.catalog.layers.get(type);
  if (!part) return null;
  const prefix = String(part.facts['id_prefix'] ?? type);
  return { layer: { ...part.examples[0], type }, prefix };
}

function opened(session: Session, id: string): void {
  const holder = session.cards.find((card) => ids(card).includes(id));
  session.view.open(holder?.id ?? id);
}

export function addPart(
  session: Session,
  type: string,
  spot: Spot = { after: insertionPoint(session), reader: null },
): void {
  const made = fresh(session, type);
  if (!made) return;
  const { model, id } = inserted(
    session.editor.spec.model,
    made.layer,
    made.prefix,
    spot.after,
    spot.reader,
  );
  session.editor.editModel(() => model);
  opened(session, id);
  const title = say(session.catalog.layers.get(type)?.title ?? { en: type, zh: type });
  session.app.announce(t('stage.added', { title, after: spot.after }));
}

/** A part that nothing reads yet: a branch of `source`, or one that is wired to nothing. */
export function addBranch(session: Session, type: string, source: string | null): void {
  const made = fresh(session, type);
  if (!made) return;
  const { spec } = session.editor;
  const { model, id } = branched(spec.model, made.layer, made.prefix, source ? [source] : []);
  session.editor.editModel(() => model);
  opened(session, id);
}

/** One level back: the open number, what is picked, the open layer, the unfolded pass. */
function close(session: Session): void {
  const { view, cells, scope } = session;
  view.hovered = null;
  if (cells.open) cells.close();
  else if (view.picked.length) view.picked = [];
  else if (view.selected) view.open(null);
  else if (scope.open) scope.fold();
}

export function perform(session: Session, action: Action): void {
  const card = focusedCard(session);
  switch (action) {
    case 'toggle':
      if (session.scope.open) session.scope.playing = !session.scope.playing;
      else void session.toggle();
      return;
    case 'operation':
      void session.scope.next();
      return;
    case 'batch':
    case 'epoch':
      void session.command({ type: 'step', unit: action, count: 1 });
      return;
    case 'back':
      if (session.scope.open) session.scope.back();
      else void session.seek(session.run.step - 1);
      return;
    case 'undo':
      session.editor.undo();
      return;
    case 'redo':
      session.editor.redo();
      return;
    case 'remove':
      if (wiring.cutFocused(session)) return;
      if (session.view.picked.length > 1) clips.removePicked(session);
      else if (card) removeCard(session, card);
      return;
    case 'left':
    case 'right':
      if (card) shiftCard(session, card, action === 'left' ? -1 : 1);
      return;
    case 'pickLeft':
    case 'pickRight':
      if (card) clips.pickNext(session, card, action === 'pickLeft' ? -1 : 1);
      return;
    case 'wire':
      if (card) wiring.start(session, card.id);
      return;
    case 'duplicate':
      clips.duplicate(session);
      return;
    case 'fit':
      session.view.whole = !session.view.whole;
      return;
    case 'large':
      session.app.setLarge(!session.app.large);
      return;
    case 'close':
      close(session);
      return;
    case 'keys':
    case 'search':
    case 'find':
    case 'number':
      return;
  }
}

/** Back to an earlier step of the run, then on from there with other rules of learning. */
export async function goOnFrom(
  session: Session,
  step: number,
  rules: { clip_norm: number } | { optimizer: PartValue & { learning_rate: number } },
): Promise<void> {
  await session.seek(step);
  if ('optimizer' in rules) {
    const { learning_rate } = rules.optimizer;
    await session.command({ type: 'set_optimizer', values: { learning_rate } });
  } else {
    const clip_value = session.phase?.clip_value ?? null;
    await session.command({ type: 'set_clipping', clip_norm: rules.clip_norm, clip_value });
  }
  session.editor.spec = withPhase(session.editor.spec, () => rules);
  await session.play();
}

/** Back to the first weights with another learning rate, then on. */
export async function restartWith(session: Session, rate: number): Promise<void> {
  await session.seek(0);
  session.editor.edit((spec) =>
    withPhase(spec, (phase) => ({ optimizer: { ...phase.optimizer, learning_rate: rate } })),
  );
  await session.play();
}
