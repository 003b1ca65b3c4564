// What buttons and keys do alike: moves of cards, steps in time, additions. Holds no state of its own.
import { say, t } from '../i18n';
import type { Card } from '../state/cards';
import { INPUT, inserted, moved, removed } from '../state/edits';
import { withPhase } from '../state/live';
import type { Session } from '../state/session.svelte';
import type { Action } from './keys';

export function ids(card: Card): string[] {
  return card.nodes.map((node) => node.id);
}

function selectedCard(session: Session): Card | undefined {
  return session.cards.find((card) => card.id === session.view.selected);
}

/** The card that has the focus, else the open one. */
function focusedCard(session: Session): Card | undefined {
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

/** One place to the left or right along the chain. */
export function shiftCard(session: Session, card: Card, by: -1 | 1): void {
  const list = session.cards;
  const at = list.findIndex((one) => one.id === card.id);
  const after = by < 0 ? list[at - 2] : list[at + 1];
  if (at < 1 || !after) return;
  session.editor.editModel((model) => moved(model, ids(card), after.last));
  session.app.announce(t('stage.moved', { id: card.id, after: after.last }));
  requestAnimationFrame(() => focusCard(card.id));
}

/** Where a new layer goes when nobody says where: behind the open card, else before the output. */
export function insertionPoint(session: Session): string {
  const open = selectedCard(session);
  if (open) return open.last;
  const list = session.cards;
  return list.at(-2)?.last ?? INPUT;
}

export function addPart(session: Session, type: string, after = insertionPoint(session)): void {
  const part = session.catalog.layers.get(type);
  if (!part) return;
  const prefix = String(part.facts['id_prefix'] ?? type);
  const layer = { ...(part.examples[0] ?? { type }) };
  let id = '';
  session.editor.editModel((model) => {
    const result = inserted(model, layer, prefix, after);
    id = result.id;
    return result.model;
  });
  const holder = session.cards.find((card) => ids(card).includes(id));
  session.view.open(holder?.id ?? id);
  session.app.announce(t('stage.added', { title: say(part.title), after }));
}

export function perform(session: Session, action: Action): void {
  const card = focusedCard(session);
  switch (action) {
    case 'toggle':
      void session.toggle();
      return;
    case 'batch':
    case 'epoch':
      void session.command({ type: 'step', unit: action, count: 1 });
      return;
    case 'back':
      void session.seek(session.run.step - 1);
      return;
    case 'undo':
      session.editor.undo();
      return;
    case 'redo':
      session.editor.redo();
      return;
    case 'remove':
      if (card) removeCard(session, card);
      return;
    case 'left':
    case 'right':
      if (card) shiftCard(session, card, action === 'left' ? -1 : 1);
      return;
    case 'large':
      session.app.setLarge(!session.app.large);
      return;
    case 'close':
      session.view.hovered = null;
      session.view.open(null);
      return;
    case 'keys':
    case 'search':
      return;
  }
}

/** Back to the first weights with another learning rate, then on. */
export async function restartWith(session: Session, rate: number): Promise<void> {
  await session.seek(0);
  session.editor.edit((spec) =>
    withPhase(spec, (phase) => ({ optimizer: { ...phase.optimizer, learning_rate: rate } })),
  );
  await session.play();
}
