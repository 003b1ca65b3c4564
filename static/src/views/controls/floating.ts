// Places what floats (menus, hints) beside its anchor, in the browser's top layer so that nothing clips it.
import type { Attachment } from 'svelte/attachments';

const GAP = 4;
const EDGE = 8;

export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** Where a box of this size goes: under the anchor, above it where there is no room, inside the window. */
export function placed(
  anchor: Box,
  size: { width: number; height: number },
  view: { width: number; height: number },
  align: 'start' | 'end' = 'start',
): { left: number; top: number } {
  const below = anchor.top + anchor.height + GAP;
  const above = anchor.top - GAP - size.height;
  const top = below + size.height > view.height - EDGE && above >= EDGE ? above : below;
  const left = align === 'end' ? anchor.left + anchor.width - size.width : anchor.left;
  return {
    left: Math.max(EDGE, Math.min(left, view.width - size.width - EDGE)),
    top: Math.max(EDGE, Math.min(top, view.height - size.height - EDGE)),
  };
}

/** Attachment: shows the element beside `anchor` as long as it is there. */
export function float(
  anchor: () => HTMLElement | undefined,
  align?: 'start' | 'end',
): Attachment<HTMLElement> {
  return (node) => {
    if ('showPopover' in node) {
      node.popover = 'manual';
      node.showPopover();
    }
    const place = () => {
      const target = anchor()?.getBoundingClientRect();
      if (!target) return;
      const size = { width: node.offsetWidth, height: node.offsetHeight };
      const { left, top } = placed(target, size, { width: innerWidth, height: innerHeight }, align);
      node.style.left = `${left}px`;
      node.style.top = `${top}px`;
    };
    place();
    addEventListener('scroll', place, { capture: true, passive: true });
    addEventListener('resize', place);
    return () => {
      removeEventListener('scroll', place, { capture: true });
      removeEventListener('resize', place);
    };
  };
}
