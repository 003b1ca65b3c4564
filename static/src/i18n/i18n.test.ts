// The dictionaries and the way numbers are written.
import { afterEach, describe, expect, it } from 'vitest';
import { lang, number, percent, say, sayOther, setLanguage, t, translator } from '.';
import { cell } from './cell';
import { lag } from './lag';
import { postmortem } from './postmortem';
import { reading } from './reading';
import { dictionaries, texts } from './texts';

/** Dictionaries that are loaded with their views. */
const later = [cell, lag, postmortem, reading] as const;

afterEach(() => setLanguage('en'));

describe('texts', () => {
  it('are given in the language in force, with their places filled', () => {
    expect(t('timeline.step', { step: 412 })).toBe('step 412');
    setLanguage('zh');
    expect(t('timeline.step', { step: 412 })).toBe('第 412 步');
    expect(lang()).toBe('zh');
    expect(document.documentElement.lang).toBe('zh-Hans');
  });

  it('pick the language of what the server said', () => {
    const text = { en: 'Dense', zh: '全连接' };
    expect([say(text), sayOther(text)]).toEqual(['Dense', '全连接']);
    setLanguage('zh');
    expect([say(text), sayOther(text)]).toEqual(['全连接', 'Dense']);
  });

  it('are read from a dictionary of its own in the same way', () => {
    const w = translator({ greeting: ['step {step}', '第 {step} 步'] } as const);
    expect(w('greeting', { step: 3 })).toBe('step 3');
    setLanguage('zh');
    expect(w('greeting', { step: 3 })).toBe('第 3 步');
  });

  it('leave a place visible that nobody filled', () => {
    expect(t('timeline.step')).toBe('step {step}');
  });

  it('have both languages, and the same places in both', () => {
    const places = (text: string) => [...new Set(text.match(/\{\w+\}/g))].sort();
    const all = Object.assign({}, texts, ...later) as Record<string, readonly [string, string]>;
    for (const [key, [en, zh]] of Object.entries(all)) {
      expect(en.trim(), key).not.toBe('');
      expect(zh.trim(), key).not.toBe('');
      expect(places(zh), key).toEqual(places(en));
    }
  });

  it('belong to one dictionary only', () => {
    const keys = [...dictionaries, ...later].flatMap((one) => Object.keys(one));
    expect(new Set(keys).size).toBe(keys.length);
  });
});

describe('number', () => {
  it.each([
    [412, 0, '412'],
    [5648, 0, '5\u202f648'],
    [48120.5, 1, '48\u202f120.5'],
    [-0.13149, 3, '−0.131'],
    [-0.00001, 0, '0'],
    [0, 2, '0.00'],
    [0.0000123, 3, '1.2·10⁻⁵'],
    [2.5e12, 0, '3·10¹²'],
    ['NaN', 2, 'NaN'],
    ['Infinity', 2, '∞'],
    ['-Infinity', 2, '−∞'],
    [null, 2, '–'],
  ] as const)('%s with %i decimals is %s', (value, digits, text) => {
    expect(number(value, digits)).toBe(text);
  });

  it('says shares as per cent', () => {
    expect(percent(0.9534)).toBe('95.3\u202f%');
    expect(percent(null)).toBe('–');
  });
});
