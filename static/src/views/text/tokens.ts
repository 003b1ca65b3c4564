// Ids of tokens as what a person reads. Pure; knows no data set.
import { translator } from '../../i18n';
import { reading } from '../../i18n/reading';
import type { DatasetFacts } from '../../protocol/types';

export const w = translator(reading);

/** What follows each step where the next token is asked for; else null. Id 0 is the padding. */
export function following(ids: readonly number[], next: boolean): (number | null)[] {
  return ids.map((_, t) => (next ? ids[t + 1] || null : null));
}

/** The ids of a sample up to its end. */
export function read(values: ArrayLike<number>): number[] {
  const ids = Array.from(values, (value) => Math.round(value));
  let end = ids.length;
  while (end > 1 && ids[end - 1] === 0) end -= 1;
  return ids.slice(0, end);
}

/** A token in a running text: blanks and line ends can be seen. */
export function seen(token: string): string {
  return token.replace(/\n/g, '⏎').replace(/^ $/, '·');
}

/** A token by its name, in a sentence. */
export function named(token: string): string {
  if (token === ' ') return w('reading.space');
  return token === '\n' ? w('reading.newline') : token;
}

export function joined(ids: readonly number[], facts: DatasetFacts): string {
  return ids
    .filter((id) => id > 0)
    .map((id) => facts.vocabulary[id] ?? '?')
    .join(facts.joint);
}

/** The places of the largest shares of one step, the largest first. */
export function best(shares: readonly number[], count: number): number[] {
  return shares
    .map((_, k) => k)
    .sort((a, b) => (shares[b] ?? 0) - (shares[a] ?? 0))
    .slice(0, count);
}
