// Norms over many powers of ten, as shares of a range of decades. Pure numbers.

/** From 10^low to 10^high. */
export interface Decades {
  readonly low: number;
  readonly high: number;
}

/** More decades than this say nothing: what is smaller counts as the lowest. */
const MOST = 12;

/** The whole decades around all finite values above nought; null where there is none. */
export function decadesOf(...all: readonly ArrayLike<number>[]): Decades | null {
  let [least, most] = [Infinity, 0];
  for (const values of all) {
    for (let i = 0; i < values.length; i++) {
      const value = values[i] ?? 0;
      if (!(value > 0) || !Number.isFinite(value)) continue;
      if (value < least) least = value;
      if (value > most) most = value;
    }
  }
  if (most === 0) return null;
  const high = Math.ceil(Math.log10(most) - 1e-9);
  const low = Math.max(high - MOST, Math.floor(Math.log10(least) + 1e-9));
  return { low: Math.min(low, high - 1), high };
}

/** 0 at the lowest decade, 1 at the highest; nought has no place. */
export function shareOf(value: number, { low, high }: Decades): number | null {
  if (Number.isNaN(value)) return null;
  if (value <= 0) return null;
  const share = (Math.log10(value) - low) / (high - low);
  return Math.min(1, Math.max(0, share));
}

/** Exponents to write at an axis: at most `most`, the ends among them. */
export function ticksOf({ low, high }: Decades, most = 5): number[] {
  const stride = Math.max(1, Math.ceil((high - low) / Math.max(1, most - 1)));
  const found: number[] = [];
  for (let at = high; at >= low; at -= stride) found.push(at);
  return found;
}

/** By what factor a norm changes from one step to the one before it, on the way from `from` back to the first. */
export function factorOf(norms: ArrayLike<number>, from: number): number | null {
  const [last, first] = [norms[from] ?? 0, norms[0] ?? 0];
  if (from < 2 || !(last > 0) || !(first > 0)) return null;
  return (first / last) ** (1 / from);
}
