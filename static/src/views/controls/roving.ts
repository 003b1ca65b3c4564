// Arrow keys within a group of which only one element is in the tab order. Moves focus, changes no data.

export type Axis = 'horizontal' | 'vertical' | 'grid';

/** The index that `key` leads to from `at`, or undefined where it is no key of the group. */
export function moved(
  key: string,
  at: number,
  count: number,
  axis: Axis = 'vertical',
  columns = 1,
): number | undefined {
  const across = axis !== 'vertical';
  const down = axis === 'grid' ? columns : axis === 'vertical' ? 1 : 0;
  const steps: Record<string, number> = {
    ArrowRight: across ? 1 : 0,
    ArrowLeft: across ? -1 : 0,
    ArrowDown: down,
    ArrowUp: -down,
  };
  if (key === 'Home') return 0;
  if (key === 'End') return count - 1;
  const step = steps[key];
  if (!step) return undefined;
  const next = at + step;
  return next < 0 || next >= count ? at : next;
}

/** Moves focus among `items` as `moved` says; returns the new index, undefined where nothing was done. */
export function rove(
  event: KeyboardEvent,
  items: readonly HTMLElement[],
  axis: Axis = 'vertical',
  columns = 1,
): number | undefined {
  if (event.ctrlKey || event.metaKey || event.altKey) return undefined;
  const at = items.indexOf(event.target as HTMLElement);
  const next = at < 0 ? undefined : moved(event.key, at, items.length, axis, columns);
  if (next === undefined) return undefined;
  event.preventDefault();
  event.stopPropagation();
  items[next]?.focus();
  return next;
}
