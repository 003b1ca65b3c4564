// What an output vector says, against the label where there is one. Pure.

export interface Verdict {
  /** The class that is named: that of the highest value, -1 where the values are not finite. */
  top: number;
  state: 'says' | 'right' | 'wrong' | 'broken' | 'empty';
}

/** `classes` counts the names there are: a single output of two classes decides by its sign. */
export function verdictOf(
  values: readonly number[],
  label: number | null,
  classes = values.length,
): Verdict {
  if (values.length === 0) return { top: -1, state: 'empty' };
  if (!values.every(Number.isFinite)) return { top: -1, state: 'broken' };
  const highest = values.reduce(
    (best, value, i) => (value > (values[best] ?? -Infinity) ? i : best),
    0,
  );
  const top = values.length === 1 && classes === 2 ? Number((values[0] ?? 0) > 0) : highest;
  if (label === null) return { top, state: 'says' };
  return { top, state: top === label ? 'right' : 'wrong' };
}

/** Start and width, as shares of the track, of a bar from zero to the value. */
export function barOf(value: number, low: number, high: number): { start: number; width: number } {
  const span = high - low || 1;
  if (!Number.isFinite(value)) return { start: (0 - low) / span, width: 0 };
  return { start: (Math.min(value, 0) - low) / span, width: Math.abs(value) / span };
}
