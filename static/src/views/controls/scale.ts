// Bounds, steps and slider positions of numbers that a person sets. Pure arithmetic.

export interface Range {
  min?: number | undefined;
  max?: number | undefined;
  /** Whether the bound itself is excluded. */
  openMin?: boolean | undefined;
  openMax?: boolean | undefined;
  /** Distance of neighbouring values on a linear scale. */
  step?: number | undefined;
  integer?: boolean | undefined;
  /** Steps go 1, 2, 5, 10 …; the slider shows powers of ten evenly. */
  log?: boolean | undefined;
}

/** Powers of ten a logarithmic slider spans when its range starts at zero. */
const DECADES = 8;
/** Share of such a slider that means zero. */
const ZERO = 0.04;

/** What is wrong with a number in this range, as the key of a text; null when it fits. */
export function misfit(value: number, range: Range) {
  const { min = -Infinity, max = Infinity, openMin, openMax, integer } = range;
  if (!Number.isFinite(value)) return 'form.notNumber' as const;
  if (integer && !Number.isInteger(value)) return 'form.notWhole' as const;
  const low = value < min || (openMin && value === min);
  const high = value > max || (openMax && value === max);
  if (!low && !high) return null;
  if (min === -Infinity) return 'form.atMost' as const;
  if (max === Infinity) return openMin ? ('form.above' as const) : ('form.atLeast' as const);
  return 'form.range' as const;
}

/** Rounded to so many significant digits, free of binary dust. */
export function tidy(value: number, digits = 12): number {
  return Number(value.toPrecision(digits));
}

export function stepOf({ min, max, step, integer }: Range): number {
  if (step) return step;
  if (integer) return 1;
  if (min === undefined || max === undefined) return 0.1;
  return 10 ** Math.floor(Math.log10((max - min) / 50));
}

function lowest({ min = 0, max = 1 }: Range): number {
  return min > 0 ? min : max * 10 ** -DECADES;
}

/** The nearest value that the range allows. */
export function clamp(value: number, range: Range): number {
  const { min = -Infinity, max = Infinity, openMin, openMax, log } = range;
  const inside = log ? lowest(range) : stepOf(range);
  if (value <= min) return openMin ? tidy(log ? inside : min + inside) : min;
  if (value >= max) return openMax ? tidy(max - stepOf({ ...range, step: undefined })) : max;
  return value;
}

/** 1, 2, 5, 10, 20 …: the next such number above or below. */
function nextNice(value: number, direction: 1 | -1): number {
  const power = 10 ** Math.floor(Math.log10(value) + 1e-9);
  const nice = [0.5, 1, 2, 5, 10].map((factor) => tidy(factor * power, 6));
  const dust = value * 1e-6;
  const found =
    direction > 0
      ? nice.find((each) => each > value + dust)
      : nice.findLast((each) => each < value - dust);
  return found ?? value;
}

/** The value one step on; ten steps, or a power of ten, with `big`. */
export function stepped(value: number, direction: 1 | -1, range: Range, big = false): number {
  if (!range.log) {
    const next = tidy(value + direction * stepOf(range) * (big ? 10 : 1));
    return clamp(next, range);
  }
  const least = lowest(range);
  if (value <= 0) return direction > 0 ? least : clamp(0, range);
  if (direction < 0 && value <= least * 1.000001) return clamp(range.min ?? 0, range);
  let next = big ? tidy(value * 10 ** direction) : nextNice(value, direction);
  if (range.integer) next = direction > 0 ? Math.ceil(next) : Math.floor(next);
  return clamp(Math.max(next, least), range);
}

/** Where on the slider, 0 to 1, a value stands. */
export function toShare(value: number, range: Range): number {
  const { min = 0, max = 1, log, openMin } = range;
  if (!log) return max > min ? Math.min(1, Math.max(0, (value - min) / (max - min))) : 0;
  const least = lowest(range);
  const start = min > 0 || openMin ? 0 : ZERO;
  if (value < least) return value <= 0 ? 0 : start;
  const share = Math.log(value / least) / Math.log(max / least);
  return Math.min(1, start + (1 - start) * share);
}

/** The value at a place of the slider: two significant digits, or a whole step. */
export function fromShare(share: number, range: Range): number {
  const { min = 0, max = 1, log, openMin, integer } = range;
  if (!log) {
    const step = stepOf(range);
    if (share >= 1) return clamp(max, range);
    return clamp(tidy(min + Math.round((share * (max - min)) / step) * step), range);
  }
  const least = lowest(range);
  const start = min > 0 || openMin ? 0 : ZERO;
  if (share < start / 2) return clamp(min, range);
  const part = Math.max(0, share - start) / (1 - start);
  const value = tidy(least * (max / least) ** part, 2);
  return clamp(integer ? Math.round(value) : value, range);
}

/** A number as a person types it: a decimal comma and a true minus are understood. */
export function parse(text: string): number {
  const plain = text
    .trim()
    .replace('−', '-')
    .replace(/^([^,.]*),([^,.]*)$/, '$1.$2');
  return plain === '' ? NaN : Number(plain);
}
