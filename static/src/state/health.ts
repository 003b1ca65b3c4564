// Says of a layer whether its numbers look alive, from one frame and the newest gradient norms.
import type { Maps } from '../protocol/frames';
import type { Measures } from '../protocol/types';

export type Health = 'unknown' | 'ok' | 'dead' | 'saturated' | 'vanishing' | 'exploding' | 'broken';

export interface Finding {
  readonly health: Health;
  /** Share of units, or a gradient norm: what the words need. */
  readonly amount: number;
}

/** What is known of the numbers beside the numbers themselves. */
export interface About {
  /** Whether the activation that made them can die, and beyond which values it is saturated. */
  readonly dies?: boolean | undefined;
  readonly flat?: readonly [number, number] | null | undefined;
  /** They are (steps, units). */
  readonly timed?: boolean;
  /** Units that are 0 by hand. */
  readonly silenced?: readonly number[];
}

interface Shares {
  zero: number;
  flat: number;
  broken: boolean;
}

/** Shares of units (maps, or values of a vector) that are zero throughout, and of saturated values. */
function shares(maps: Maps, { flat, timed = false, silenced = [] }: About): Shares {
  const across = timed || (maps.count === 1 && maps.height === 1);
  const units = across ? maps.width : maps.count;
  const size = across ? maps.count : maps.size;
  let zero = 0;
  let beyond = 0;
  let broken = false;
  for (let unit = 0; unit < units; unit++) {
    let silent = true;
    for (let i = 0; i < size; i++) {
      const value = across ? maps.value(i, unit) : maps.value(unit, i);
      if (!Number.isFinite(value)) broken = true;
      if (value !== 0) silent = false;
      if (flat && (value < flat[0] || value > flat[1])) beyond++;
    }
    if (silent && !silenced.includes(unit)) zero++;
  }
  const heard = Math.max(1, units - silenced.length);
  return { zero: zero / heard, flat: beyond / (units * size), broken };
}

/** `bounds` are the server's, of which the chart of health over time draws the same. */
export function health(
  maps: Maps | null,
  about: About,
  gradient: number | undefined,
  bounds: Measures | null,
): Finding {
  const found = maps ? shares(maps, about) : null;
  if (found?.broken || (gradient !== undefined && !Number.isFinite(gradient)))
    return { health: 'broken', amount: NaN };
  const beyond = (value: number, bound: number | null | undefined) => value > (bound ?? Infinity);
  if (gradient !== undefined) {
    if (beyond(gradient, bounds?.gradient.high)) return { health: 'exploding', amount: gradient };
    if (gradient < (bounds?.gradient.low ?? 0)) return { health: 'vanishing', amount: gradient };
  }
  if (found && about.dies && beyond(found.zero, bounds?.dead.high))
    return { health: 'dead', amount: found.zero };
  if (found && beyond(found.flat, bounds?.saturated.high))
    return { health: 'saturated', amount: found.flat };
  if (!found && gradient === undefined) return { health: 'unknown', amount: 0 };
  return { health: 'ok', amount: 0 };
}
