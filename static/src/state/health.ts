// Says of a layer whether its numbers look alive, from one frame and the newest gradient norms.
import type { Maps } from '../protocol/frames';
import { GRADIENT } from './thresholds';

export type Health = 'unknown' | 'ok' | 'dead' | 'saturated' | 'vanishing' | 'exploding' | 'broken';

export interface Finding {
  readonly health: Health;
  /** Share of units, or a gradient norm: what the words need. */
  readonly amount: number;
}

const DEAD_SHARE = 0.5;
const SATURATED_SHARE = 0.5;
const SATURATED = { tanh: 0.97, sigmoid: 0.97 } as const;

interface Shares {
  zero: number;
  high: number;
  broken: boolean;
}

/** Shares of units (maps, or values of a vector) that are zero throughout, and of values near the bounds. */
function shares(maps: Maps, bound: number | null, lower: number | null): Shares {
  const vector = maps.count === 1 && maps.height === 1;
  const units = vector ? maps.width : maps.count;
  const size = vector ? 1 : maps.size;
  let zero = 0;
  let high = 0;
  let broken = false;
  for (let unit = 0; unit < units; unit++) {
    let silent = true;
    for (let i = 0; i < size; i++) {
      const value = vector ? maps.value(0, unit) : maps.value(unit, i);
      if (!Number.isFinite(value)) broken = true;
      if (value !== 0) silent = false;
      if (bound !== null && (value > bound || (lower !== null && value < lower))) high++;
    }
    if (silent) zero++;
  }
  return { zero: zero / units, high: high / (units * size), broken };
}

/** `type` is that of the activation that closes the card, or of the layer itself. */
export function health(maps: Maps | null, type: string, gradient: number | undefined): Finding {
  if (gradient !== undefined && !Number.isFinite(gradient))
    return { health: 'broken', amount: NaN };
  const bound = type in SATURATED ? SATURATED[type as keyof typeof SATURATED] : null;
  const lower = type === 'tanh' ? -0.97 : type === 'sigmoid' ? 0.03 : null;
  const found = maps ? shares(maps, bound, lower) : null;
  if (found?.broken) return { health: 'broken', amount: NaN };
  if (gradient !== undefined && gradient > GRADIENT.high)
    return { health: 'exploding', amount: gradient };
  if (gradient !== undefined && gradient < GRADIENT.low)
    return { health: 'vanishing', amount: gradient };
  if (found && found.zero > DEAD_SHARE && type.includes('relu')) {
    return { health: 'dead', amount: found.zero };
  }
  if (found && found.high > SATURATED_SHARE) return { health: 'saturated', amount: found.high };
  if (!found && gradient === undefined) return { health: 'unknown', amount: 0 };
  return { health: 'ok', amount: 0 };
}
