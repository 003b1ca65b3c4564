// A number's sum as pieces to be set: each factor apart, so that it can be tied to its cell. Pure.
import type { Explanation, Term } from '../../protocol/microscope';
import { figureTex } from './figures';

export interface Piece {
  readonly tex: string;
  readonly term: number;
  /** Which factor it is; null: a sign between them. */
  readonly factor: number | null;
}

export interface Written {
  readonly terms: readonly (readonly Piece[])[];
  /** Terms that are not written out, and what they sum to. */
  readonly more: { readonly count: number; readonly value: number } | null;
}

const TIMES = String.raw`\times`;

/** The largest terms as factors; what follows them as one number. */
export function written(
  answer: Pick<Explanation, 'terms' | 'rest' | 'operation'>,
  most = 4,
): Written {
  const { terms, rest } = answer;
  // One more is as short as saying that there is one more.
  const shown = terms.length + rest.count <= most + 1 ? terms.length : most;
  const left = terms.slice(shown);
  const count = left.length + rest.count;
  const value = left.reduce((sum, term) => sum + Number(term.value), Number(rest.value));
  return {
    terms: terms.slice(0, shown).map((term, i) => pieces(term, i, answer.operation)),
    more: count ? { count, value } : null,
  };
}

function pieces({ factors, value }: Term, term: number, operation: string): Piece[] {
  const sign = (tex: string): Piece => ({ tex, term, factor: null });
  if (!factors.length) return [{ tex: figureTex(value, true), term, factor: null }];
  if (factors[0]?.meaning === 'argument') {
    const name = operation.replace(/^_+|_+$/g, '').replaceAll('_', String.raw`\_`);
    const inside = factors.map((one, factor) => ({ tex: figureTex(one.value), term, factor }));
    return [
      sign(String.raw`\mathrm{${name}}(`.slice(0, -1)),
      sign('('),
      ...between(inside, sign('{,}')),
      sign(')'),
    ];
  }
  const kept = factors.flatMap((one, factor) =>
    Number(one.value) === 1 && !one.place && factor > 0
      ? []
      : [{ tex: figureTex(one.value, true), term, factor }],
  );
  return between(kept, sign(TIMES));
}

function between(pieces: readonly Piece[], sign: Piece): Piece[] {
  return pieces.flatMap((piece, i) => (i ? [sign, piece] : [piece]));
}

/** A part's textbook line holds several formulas: those of the kind that is asked for, else all. */
export function textbook(part: string, role: string): string[] {
  const lines = part.split(/,\s*\\quad\s*/).filter(Boolean);
  const wanted = { sensitivity: /^\s*\\delta|\\varphi'/, gradient: /^\s*\\frac\{\\partial E\}/ }[
    role
  ];
  const found = wanted ? lines.filter((line) => wanted.test(line)) : [];
  return found.length ? found : lines;
}
