// The page's language and every text in it. Owns the choice and the formatting of text and numbers, not the
// wording: that stands in the other files of this folder.
import { texts } from './texts';

export type Language = 'en' | 'zh';
export interface Text {
  en: string;
  zh: string;
}

export type Key = keyof typeof texts;
export type Params = Readonly<Record<string, string | number>>;

let language = $state<Language>('en');

/** The language in force; reactive where it is read in a component. */
export function lang(): Language {
  return language;
}

/** The value for the HTML attribute `lang`. */
export function htmlLang(which: Language = language): string {
  return which === 'zh' ? 'zh-Hans' : 'en';
}

export function setLanguage(next: Language): void {
  language = next;
  if (typeof document !== 'undefined') document.documentElement.lang = htmlLang(next);
}

function fill(text: string, params: Params): string {
  return text.replace(/\{(\w+)\}/g, (place, name: string) => String(params[name] ?? place));
}

/** The text of `key` in the language in force, its {named} places filled. */
export function t(key: Key, params: Params = {}): string {
  return fill(texts[key][language === 'zh' ? 1 : 0], params);
}

/** The same for a dictionary that is loaded with the view it belongs to, not with the page. */
export function translator<Own extends Readonly<Record<string, readonly [string, string]>>>(
  own: Own,
): (key: keyof Own, params?: Params) => string {
  return (key, params = {}) => fill(own[key]?.[language === 'zh' ? 1 : 0] ?? '', params);
}

/** Text that came from the server with both languages in it. */
export function say(text: Text): string {
  return text[language];
}

/** The other language of a text: shown small beside it. */
export function sayOther(text: Text): string {
  return text[language === 'zh' ? 'en' : 'zh'];
}

const SUPERSCRIPT = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];

/** Ten to a whole power. */
export function power(exponent: number): string {
  const digits = [...String(Math.abs(exponent))].map((digit) => SUPERSCRIPT[Number(digit)]);
  return `10${exponent < 0 ? '⁻' : ''}${digits.join('')}`;
}

function group(digits: string): string {
  return digits.length > 3 ? digits.replace(/\B(?=(\d{3})+$)/g, '\u202f') : digits;
}

function scientific(value: number, digits: number): string {
  const [mantissa = '0', exponent = '0'] = value.toExponential(digits).split('e');
  return `${mantissa.replace('-', '−')}·${power(Number(exponent))}`;
}

/**
 * A number with a fixed count of decimals, so that it keeps its width: a true minus, thin spaces between
 * thousands, powers of ten where decimals would say nothing. Takes the strings that JSON
 * from the server has for what is not finite.
 */
export function number(value: number | string | null | undefined, digits = 0): string {
  const x = typeof value === 'string' ? Number(value) : value;
  if (x === null || x === undefined || Number.isNaN(x))
    return x === undefined || x === null ? '–' : 'NaN';
  if (!Number.isFinite(x)) return x > 0 ? '∞' : '−∞';
  const size = Math.abs(x);
  if (size >= 1e9 || (size > 0 && size < 0.5 * 10 ** -digits && digits > 0)) {
    return scientific(x, Math.min(digits, 1));
  }
  const [whole = '0', fraction] = size.toFixed(digits).split('.');
  const sign = x < 0 && Number(size.toFixed(digits)) !== 0 ? '−' : '';
  return sign + group(whole) + (fraction ? `.${fraction}` : '');
}

/** A share of one as per cent, for instance “95.3 %”. */
export function percent(share: number | null | undefined, digits = 1): string {
  if (share === null || share === undefined) return '–';
  if (!Number.isFinite(share)) return number(share);
  return `${(100 * share).toFixed(digits)}\u202f%`;
}
