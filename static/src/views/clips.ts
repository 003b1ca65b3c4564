// Copy, cut, paste and duplicate of cards, one or several: through the system's clipboard, as JSON text.
import { t } from '../i18n';
import type { Card } from '../state/cards';
import { copied, parsed, pasted } from '../state/clip';
import { INPUT, removed } from '../state/edits';
import type { Session } from '../state/session.svelte';
import { focusCard, focusedCard, ids, insertionPoint } from './actions';

/** The cards that an action is for: those picked, else the one with the focus or the open one. */
function chosen(session: Session): Card[] {
  const { picked } = session.view;
  const cards = session.cards.filter((card) => picked.includes(card.id));
  const focused = focusedCard(session);
  return (cards.length ? cards : focused ? [focused] : []).filter((card) => card.id !== INPUT);
}

function nodesOf(cards: readonly Card[]): string[] {
  return cards.flatMap(ids);
}

/** Another card joins the selection: the next one in the order of computation. */
export function pickNext(session: Session, card: Card, by: -1 | 1): void {
  const at = session.cards.findIndex((one) => one.id === card.id);
  const next = session.cards[at + by];
  if (!next || next.id === INPUT) return;
  const { picked } = session.view;
  const shrinks = picked.includes(next.id) && picked.includes(card.id);
  session.view.picked = shrinks
    ? picked.filter((one) => one !== card.id)
    : [...new Set([...picked, card.id, next.id])];
  session.app.announce(t('clip.picked', { count: session.view.picked.length }));
  focusCard(next.id);
}

export function removePicked(session: Session): void {
  const cards = chosen(session);
  session.editor.editModel((model) => removed(model, nodesOf(cards)));
  session.view.picked = [];
  session.view.open(null);
  session.app.announce(t('clip.removed', { count: cards.length }));
}

/** The text for the clipboard; null where no card is meant. */
export function copy(session: Session): string | null {
  const cards = chosen(session);
  if (!cards.length) return null;
  session.app.announce(t('clip.copied', { count: cards.length }));
  return copied(session.editor.spec.model, nodesOf(cards));
}

export function cutOut(session: Session): string | null {
  const cards = chosen(session);
  const text = copy(session);
  if (text === null) return null;
  session.editor.editModel((model) => removed(model, nodesOf(cards)));
  session.view.picked = [];
  session.view.open(null);
  session.app.announce(t('clip.cut', { count: cards.length }));
  return text;
}

/** Layers from a text behind the focused card; false where the text holds none. */
export function paste(session: Session, text: string): boolean {
  const nodes = parsed(text);
  if (!nodes) return false;
  const cards = chosen(session);
  const after = cards.at(-1)?.last ?? insertionPoint(session);
  const result = pasted(session.editor.spec.model, nodes, after);
  session.editor.editModel(() => result.model);
  const fresh = session.cards.filter((card) => result.ids.includes(card.id));
  session.view.picked = fresh.length > 1 ? fresh.map((card) => card.id) : [];
  if (fresh.length === 1) session.view.open(fresh[0]?.id ?? null);
  session.app.announce(t('clip.pasted', { ids: result.ids.join(', '), after }));
  requestAnimationFrame(() => focusCard(fresh.at(-1)?.id));
  return true;
}

export function duplicate(session: Session): void {
  const cards = chosen(session);
  if (cards.length) paste(session, copied(session.editor.spec.model, nodesOf(cards)));
}

/** Whether a copy or paste means layers: not where text is written or selected. */
function ours(event: ClipboardEvent): boolean {
  const field = event.target instanceof Element && event.target.closest('input, textarea, select');
  if (field || document.querySelector('dialog[open]')) return false;
  if (event.type === 'paste') return true;
  return (document.getSelection()?.toString() ?? '') === '';
}

/** The clipboard's own events, so that no permission is asked for. */
export function onclipboard(session: Session, event: ClipboardEvent): void {
  if (event.defaultPrevented || !event.clipboardData || !ours(event)) return;
  if (event.type === 'paste') {
    if (paste(session, event.clipboardData.getData('text/plain'))) event.preventDefault();
    return;
  }
  const text = event.type === 'cut' ? cutOut(session) : copy(session);
  if (text === null) return;
  event.clipboardData.setData('text/plain', text);
  event.preventDefault();
}
