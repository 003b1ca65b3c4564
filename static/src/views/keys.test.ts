import { afterEach, describe, expect, it } from 'vitest';
import { actionOf } from './keys';

function press(target: Element, key: string, more: KeyboardEventInit = {}) {
  const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more });
  let found: ReturnType<typeof actionOf> = null;
  const listen = (heard: KeyboardEvent) => (found = actionOf(heard));
  window.addEventListener('keydown', listen);
  target.dispatchEvent(event);
  window.removeEventListener('keydown', listen);
  return found;
}

function page(html: string): (selector: string) => Element {
  document.body.append(document.createRange().createContextualFragment(html));
  return (selector) => {
    const found = document.querySelector(selector);
    if (!found) throw new Error(selector);
    return found;
  };
}

afterEach(() => document.body.replaceChildren());

describe('keys', () => {
  it('move time only where the stage or nothing has the focus', () => {
    const at = page(
      '<main data-keys="stage"><b></b><p data-keys="cell"><u></u></p></main><aside><i></i></aside>',
    );
    expect(press(at('b'), 'ArrowRight', { shiftKey: true })).toBe('batch');
    expect(press(at('b'), 'ArrowRight', { ctrlKey: true })).toBe('epoch');
    expect(press(at('b'), 'ArrowLeft')).toBe('back');
    expect(press(at('b'), 'ArrowRight')).toBe('operation');
    expect(press(at('i'), 'ArrowRight')).toBeNull();
    expect(press(at('u'), 'ArrowRight')).toBeNull();
    expect(press(document.body, 'ArrowLeft')).toBe('back');
    expect(press(at('i'), 'ArrowLeft')).toBeNull();
  });

  it('leave fields, buttons and lists their own keys', () => {
    const at = page(
      '<main data-keys="stage"><input /><button></button><div role="listbox" tabindex="0"></div></main>',
    );
    for (const key of [' ', '/', '?', 'p', 'Escape', 'ArrowLeft', 'Delete']) {
      expect(press(at('input'), key)).toBeNull();
    }
    expect(press(at('input'), 'z', { ctrlKey: true })).toBeNull();
    expect(press(at('button'), ' ')).toBeNull();
    expect(press(at('[role=listbox]'), 'ArrowLeft')).toBeNull();
    expect(press(at('button'), '?')).toBe('keys');
  });

  it('play, search, undo and redo from anywhere else', () => {
    expect(press(document.body, ' ')).toBe('toggle');
    expect(press(document.body, '/')).toBe('search');
    expect(press(document.body, 'z', { ctrlKey: true })).toBe('undo');
    expect(press(document.body, 'Z', { ctrlKey: true, shiftKey: true })).toBe('redo');
    expect(press(document.body, 'y', { metaKey: true })).toBe('redo');
    expect(press(document.body, 'r', { ctrlKey: true })).toBeNull();
    expect(press(document.body, 'P')).toBe('large');
    expect(press(document.body, 'c')).toBe('number');
    expect(press(document.body, 'c', { ctrlKey: true })).toBeNull();
  });

  it('move and remove the card that has the focus', () => {
    const at = page('<ol><li data-card="conv1"><button></button></li></ol>');
    expect(press(at('button'), 'ArrowLeft', { altKey: true })).toBe('left');
    expect(press(at('button'), 'ArrowRight', { altKey: true })).toBe('right');
    expect(press(at('button'), 'Delete')).toBe('remove');
    expect(press(at('button'), 'w')).toBe('wire');
    expect(press(document.body, 'Delete')).toBeNull();
    expect(press(document.body, 'ArrowLeft', { altKey: true })).toBeNull();
  });

  it('select cards, duplicate them and cut wires where the stage has the focus', () => {
    const at = page(
      '<main data-keys="stage"><i></i><li data-card="a"><button></button></li><b data-wire="0"></b></main>',
    );
    expect(press(at('button'), 'ArrowRight', { shiftKey: true })).toBe('pickRight');
    expect(press(at('button'), 'ArrowLeft', { shiftKey: true })).toBe('pickLeft');
    expect(press(at('i'), 'ArrowRight', { shiftKey: true })).toBe('batch');
    expect(press(at('i'), 'd', { ctrlKey: true })).toBe('duplicate');
    expect(press(document.body, 'd', { ctrlKey: true })).toBeNull();
    expect(press(at('b'), 'Delete')).toBe('remove');
    expect([press(at('i'), 'f'), press(at('i'), 'g')]).toEqual(['fit', 'find']);
  });

  it('do nothing behind an open dialog or where another has heard them', () => {
    const at = page('<dialog open></dialog><b></b>');
    expect(press(at('b'), ' ')).toBeNull();
  });
});
