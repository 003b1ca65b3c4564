// Made sequences as a person reads and writes them: bits, symbols, marked numbers, a curve. Which of these a set
// is, its own values tell. Pure.

export type Look = 'bits' | 'symbols' | 'marked' | 'values';

export interface Steps {
  readonly values: ArrayLike<number>;
  readonly steps: number;
  readonly features: number;
}

const DISTRACTION = 'abcdefghijklmnopqrstuvwxyz';

/** What the values of some sequences look like. */
export function lookOf({ values, features }: Steps): Look {
  const all = (test: (value: number, at: number) => boolean) =>
    Array.from(values).every((value, at) => test(value, at));
  if (features === 1 && all((value) => value === 1 || value === -1)) return 'bits';
  if (features === 2 && all((value, at) => at % 2 === 0 || value === 0 || value === 1)) {
    return 'marked';
  }
  const hot = features > 1 && all((value) => value === 0 || value === 1);
  return hot ? 'symbols' : 'values';
}

/** Letters of the symbols: the classes' own names, then small letters. */
export function lettersOf(classes: readonly string[], features: number): string[] {
  const own = classes.filter((name) => name.length === 1).slice(0, features);
  return [...own, ...DISTRACTION.slice(0, Math.max(0, features - own.length))];
}

/** The symbol of every step. */
export function symbolsOf({ values, steps, features }: Steps): number[] {
  return Array.from({ length: steps }, (_, t) => {
    for (let k = 0; k < features; k++) if ((values[t * features + k] ?? 0) > 0.5) return k;
    return 0;
  });
}

const short = (value: number) => String(Number(value.toFixed(3)));

/** A sequence as a line that can be edited and read again. */
export function written(sequence: Steps, look: Look, letters: readonly string[]): string {
  const { values, steps, features } = sequence;
  const step = Array.from({ length: steps }, (_, t) => t);
  switch (look) {
    case 'bits':
      return step.map((t) => ((values[t] ?? 0) > 0 ? '1' : '0')).join('');
    case 'symbols':
      return symbolsOf(sequence)
        .map((k) => letters[k] ?? '?')
        .join('');
    case 'marked':
      return step
        .map((t) => short(values[2 * t] ?? 0) + ((values[2 * t + 1] ?? 0) > 0.5 ? '*' : ''))
        .join(' ');
    case 'values':
      return step
        .map((t) =>
          Array.from({ length: features }, (_, k) => short(values[t * features + k] ?? 0)).join(
            ',',
          ),
        )
        .join(' ');
  }
}

export type Parsed =
  | { readonly values: Float32Array }
  | { readonly wrong: string; readonly place: number }
  | { readonly count: number };

/** The line read again: values, the first entry that is none, or how many steps were given where others fit. */
export function parsed(
  line: string,
  look: Look,
  { steps, features }: Pick<Steps, 'steps' | 'features'>,
  letters: readonly string[],
): Parsed {
  const entries =
    look === 'bits' || look === 'symbols'
      ? [...line.replace(/\s+/g, '')]
      : line.split(/\s+/).filter(Boolean);
  const found = new Float32Array(entries.length * features);
  for (const [t, entry] of entries.entries()) {
    const values = valuesOf(entry, look, features, letters);
    if (!values) return { wrong: entry, place: t + 1 };
    found.set(values, t * features);
  }
  return entries.length === steps ? { values: found } : { count: entries.length };
}

function valuesOf(
  entry: string,
  look: Look,
  features: number,
  letters: readonly string[],
): number[] | null {
  if (look === 'bits') return entry === '1' ? [1] : entry === '0' ? [-1] : null;
  if (look === 'symbols') {
    const at = letters.indexOf(entry);
    return at < 0 ? null : Array.from({ length: features }, (_, k) => Number(k === at));
  }
  const marked = look === 'marked' && entry.endsWith('*');
  const numbers = (marked ? entry.slice(0, -1) : entry).split(',').map((one) => {
    const value = one === '' ? NaN : Number(one.replace('−', '-'));
    return Math.abs(value) <= 1e6 ? value : NaN;
  });
  if (numbers.length !== (look === 'marked' ? 1 : features)) return null;
  if (numbers.some(Number.isNaN)) return null;
  return look === 'marked' ? [...numbers, Number(marked)] : numbers;
}
