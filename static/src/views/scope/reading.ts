// A number of an exact tensor under the pointer. Pure.
import { unravel } from '../../draw/window';
import type { Reading } from '../../parts/picture';
import type { Maps } from '../../protocol/frames';

/** The number at a flat position, or null where the pointer is at none. */
export function readingAt(name: string, maps: Maps, at: number | null): Reading | null {
  if (at === null) return null;
  const place = `[${unravel(at, maps.shape).join(', ')}]`;
  return { name, place, value: maps.values?.[at] ?? NaN, uncertainty: 0 };
}

/** Digits of a number that is known so well. */
export function digits(uncertainty: number): number {
  return Math.min(6, Math.max(0, Math.ceil(-Math.log10(uncertainty))));
}
