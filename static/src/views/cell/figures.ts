// Numbers of an explanation: how they are written, and whether two of them are the same.
import { number, power } from '../../i18n';
import type { Explanation } from '../../protocol/microscope';

/** JSON has no number for what is not finite: the server writes a word. */
type Num = number | string;

/** Significant digits, with a true minus and powers of ten where they are shorter. */
export function figure(value: Num, digits = 4): string {
  const x = Number(value);
  if (!Number.isFinite(x) || x === 0) return number(x);
  const exponent = Math.floor(Math.log10(Math.abs(Number(x.toPrecision(digits)))));
  if (exponent < -4 || exponent >= 9) {
    const mantissa = number(x / 10 ** exponent, digits - 1);
    return `${mantissa.replace(/\.?0+$/, '')}·${power(exponent)}`;
  }
  return number(x, Math.max(0, digits - 1 - exponent));
}

/** The same in LaTeX; a negative factor stands in brackets. */
export function figureTex(value: Num, brackets = false): string {
  const x = Number(value);
  if (Number.isNaN(x)) return String.raw`\mathrm{NaN}`;
  if (!Number.isFinite(x)) return x > 0 ? String.raw`\infty` : String.raw`-\infty`;
  const [mantissa = '0', exponent] = (
    x !== 0 && (Math.abs(x) < 1e-4 || Math.abs(x) >= 1e6)
      ? x.toExponential(3).replace(/\.?0+e/, 'e')
      : String(Number(x.toPrecision(4)))
  ).split('e');
  const tex = exponent === undefined ? mantissa : `${mantissa}\\cdot 10^{${Number(exponent)}}`;
  return brackets && x < 0 ? `(${tex})` : tex;
}

/** Decimals that leave the largest of the values four significant digits. */
export function decimals(values: readonly Num[]): number {
  const largest = Math.max(0, ...values.map((value) => Math.abs(Number(value))));
  if (!Number.isFinite(largest) || largest === 0) return 3;
  return Math.min(9, Math.max(0, 3 - Math.floor(Math.log10(largest))));
}

/** Whether the sum of the terms is PyTorch's value but for rounding, whose bound the server says. */
export function agrees(answer: Explanation): boolean {
  const difference = Number(answer.difference);
  if (!Number.isFinite(difference)) return String(answer.value) === String(answer.formula_value);
  return Math.abs(difference) <= Number(answer.allowed);
}
