// Tracks over one axis of time: what each of them holds, what is in sight of them, the colours. Pure data.
import type { Decades } from './decades';

interface Common {
  readonly id: string;
  readonly height: number;
}
/** Numbers (steps, units), the first unit at the bottom. */
export interface Heat extends Common {
  readonly kind: 'heat';
  readonly values: ArrayLike<number>;
  readonly units: number;
  readonly limit: number;
}
/** One norm a step in colours of a log scale. */
export interface Band extends Common {
  readonly kind: 'band';
  readonly values: ArrayLike<number>;
  readonly range: Decades;
}
/** What runs along time, to the right (1) or to the left (−1), as thick as its norm is on a log scale. */
export interface Flow extends Common {
  readonly kind: 'flow';
  readonly values: ArrayLike<number> | null;
  readonly range: Decades | null;
  readonly way: 1 | -1;
}
/** What runs up (−1) or down (1) at every step. */
export interface Links extends Common {
  readonly kind: 'links';
  readonly values: ArrayLike<number> | null;
  readonly range: Decades | null;
  readonly way: 1 | -1;
}
/** One amount a step. */
export interface Bars extends Common {
  readonly kind: 'bars';
  readonly values: ArrayLike<number>;
  readonly most: number;
  readonly chosen: number | null;
}
export interface Words extends Common {
  readonly kind: 'words';
  readonly words: readonly string[];
}
/** Numbers of the steps. */
export interface Axis extends Common {
  readonly kind: 'axis';
  /** Steps at which a window of truncation begins. */
  readonly cuts: readonly number[];
}
export type Track = Heat | Band | Flow | Links | Bars | Words | Axis;

export interface Ink {
  readonly text: string;
  readonly muted: string;
  readonly line: string;
  readonly surface: string;
  readonly stream: string;
  readonly bars: string;
  readonly accent: string;
  /** Asked for once: at every frame it would lay the page out anew. */
  readonly font: string;
  readonly diverging: Uint32Array;
  readonly sequential: Uint32Array;
}

/** What is in sight: `left` pixels have been scrolled past, a step is `cell` pixels wide. */
export interface Sight {
  readonly left: number;
  readonly cell: number;
  readonly width: number;
  readonly steps: number;
  /** The step under the pointer. */
  readonly cursor: number | null;
}

/** The first step in sight, and the one after the last. */
export function inSight({ left, cell, width, steps }: Sight): [number, number] {
  const first = Math.max(0, Math.floor(left / cell));
  return [first, Math.min(steps, Math.ceil((left + width) / cell))];
}
