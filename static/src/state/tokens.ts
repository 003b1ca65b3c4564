// Texts as the page shows them: signs for what cannot be seen, likeliest tokens of a step. Pure.

/** How a token is written where it must be seen: a line's end and a space have signs. */
export function visible(token: string): string {
  if (token === '\n') return '⏎';
  if (token === ' ') return '␣';
  return token;
}

export interface Likely {
  readonly id: number;
  readonly probability: number;
}

/** The likeliest tokens after step `t`; `probabilities` is (steps, tokens). */
export function likeliest(
  probabilities: ArrayLike<number>,
  tokens: number,
  t: number,
  most: number,
): Likely[] {
  const found: Likely[] = [];
  for (let id = 0; id < tokens; id++) {
    const probability = probabilities[t * tokens + id] ?? NaN;
    if (!(found.length < most || probability > (found.at(-1)?.probability ?? 0))) continue;
    if (Number.isNaN(probability)) continue;
    const at = found.findIndex((one) => one.probability < probability);
    found.splice(at < 0 ? found.length : at, 0, { id, probability });
    if (found.length > most) found.pop();
  }
  return found;
}

/** Steps before the filling at the end. */
export function lengthOf(ids: ArrayLike<number>): number {
  let end = ids.length;
  while (end > 0 && ids[end - 1] === 0) end--;
  return end;
}
