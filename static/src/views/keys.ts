// Which key means what. Never against the browser's own keys or those of a field that has the focus.

export type Action =
  | 'toggle'
  | 'operation'
  | 'batch'
  | 'epoch'
  | 'back'
  | 'undo'
  | 'redo'
  | 'remove'
  | 'keys'
  | 'search'
  | 'large'
  | 'close'
  | 'left'
  | 'right'
  | 'pickLeft'
  | 'pickRight'
  | 'wire'
  | 'duplicate'
  | 'fit'
  | 'find'
  | 'number';

const FIELDS = 'input, textarea, select, [contenteditable], [role=slider], [role=application]';
const WIDGETS = `${FIELDS}, button, a, summary, [role=option], [role=listbox], [role=menu]`;

function inside(event: KeyboardEvent, selector: string): boolean {
  return event.target instanceof Element && event.target.closest(selector) !== null;
}

/** Arrow keys mean time only where nothing else wants them. */
function onStage(event: KeyboardEvent): boolean {
  if (inside(event, FIELDS) || inside(event, '[role=listbox]')) return false;
  // The innermost one that says so: the open number has keys of its own.
  const owner = event.target instanceof Element ? event.target.closest('[data-keys]') : null;
  return owner?.getAttribute('data-keys') === 'stage' || event.target === document.body;
}

function arrow(event: KeyboardEvent): Action | null {
  const forward = event.key === 'ArrowRight';
  if (event.altKey) return inside(event, '[data-card]') ? (forward ? 'right' : 'left') : null;
  if (!onStage(event)) return null;
  if (event.shiftKey && inside(event, '[data-card]')) return forward ? 'pickRight' : 'pickLeft';
  if (!forward) return event.shiftKey || event.ctrlKey || event.metaKey ? null : 'back';
  if (event.ctrlKey || event.metaKey) return 'epoch';
  return event.shiftKey ? 'batch' : 'operation';
}

function withControl(event: KeyboardEvent): Action | null {
  if (inside(event, FIELDS)) return null;
  const key = event.key.toLowerCase();
  if (key === 'z') return event.shiftKey ? 'redo' : 'undo';
  if (key === 'd') return inside(event, '[data-keys=stage]') ? 'duplicate' : null;
  return key === 'y' ? 'redo' : null;
}

/** What a key press asks for, or null where it is not ours. */
export function actionOf(event: KeyboardEvent): Action | null {
  if (event.defaultPrevented || event.isComposing) return null;
  if (document.querySelector('dialog[open]')) return null;
  if (event.key === 'ArrowRight' || event.key === 'ArrowLeft') return arrow(event);
  if (event.ctrlKey || event.metaKey) return withControl(event);
  if (event.altKey || inside(event, FIELDS)) return null;
  switch (event.key) {
    case ' ':
      return inside(event, WIDGETS) ? null : 'toggle';
    case 'Delete':
    case 'Backspace':
      return inside(event, '[data-card], [data-wire]') ? 'remove' : null;
    case '?':
      return 'keys';
    case '/':
      return 'search';
    case 'p':
    case 'P':
      return 'large';
    case 'w':
    case 'W':
      return inside(event, '[data-card]') ? 'wire' : null;
    case 'f':
    case 'F':
      return 'fit';
    case 'g':
    case 'G':
      return 'find';
    case 'c':
    case 'C':
      return 'number';
    case 'Escape':
      return 'close';
    default:
      return null;
  }
}
