// Arrow keys among the links of a list whose rows have several: up and down by rows, left and right along one.

/** Moves the focus and the place of the tab key; says whether the key was one of the list. */
export function roam(event: KeyboardEvent, list: HTMLElement): boolean {
  if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return false;
  const links = [...list.querySelectorAll<HTMLElement>('[data-link]')];
  const at = links.indexOf(event.target as HTMLElement);
  const here = links[at];
  if (!here) return false;
  const next = target(event.key, links, at);
  if (next === null) return false;
  event.preventDefault();
  event.stopPropagation();
  if (next) {
    here.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }
  return true;
}

const row = (link: HTMLElement | undefined) => Number(link?.dataset['row'] ?? -1);

/** Undefined at an edge, null where the key is not of the list. */
function target(
  key: string,
  links: readonly HTMLElement[],
  at: number,
): HTMLElement | undefined | null {
  const here = row(links[at]);
  const inRow = (wanted: number) => links.filter((one) => row(one) === wanted);
  const column = inRow(here).indexOf(links[at] as HTMLElement);
  switch (key) {
    case 'ArrowLeft':
      return column > 0 ? links[at - 1] : undefined;
    case 'ArrowRight':
      return row(links[at + 1]) === here ? links[at + 1] : undefined;
    case 'ArrowUp':
    case 'ArrowDown': {
      const down = key === 'ArrowDown';
      const others = down
        ? links.slice(at).filter((one) => row(one) > here)
        : links.slice(0, at).filter((one) => row(one) < here);
      const nearest = down ? others[0] : others.at(-1);
      if (!nearest) return undefined;
      const there = inRow(row(nearest));
      return there[Math.min(column, there.length - 1)];
    }
    case 'Home':
      return links[0];
    case 'End':
      return links.at(-1);
    default:
      return null;
  }
}
