// Steps, bounds and slider positions of numbers.
import { describe, expect, it } from 'vitest';
import { clamp, fromShare, misfit, parse, stepped, toShare, type Range } from './scale';

const rate: Range = { min: 0, max: 100, log: true };
const filters: Range = { min: 1, max: 512, log: true, integer: true };
const kernel: Range = { min: 1, max: 31, integer: true };
const beta: Range = { min: 0, max: 1, openMax: true, step: 0.001 };
const epsilon: Range = { min: 0, openMin: true, max: 1, log: true };

it('steps a learning rate 1, 2, 5, 10', () => {
  expect(stepped(0.05, 1, rate)).toBe(0.1);
  expect(stepped(0.05, -1, rate)).toBe(0.02);
  expect(stepped(0.03, 1, rate)).toBe(0.05);
  expect(stepped(0.03, -1, rate)).toBe(0.02);
  expect(stepped(0.05, 1, rate, true)).toBe(0.5);
  expect(stepped(0, 1, rate)).toBe(1e-6);
  expect(stepped(1e-6, -1, rate)).toBe(0);
  expect(stepped(100, 1, rate)).toBe(100);
});

it('steps whole numbers by one and stops at the bounds', () => {
  expect(stepped(5, 1, kernel)).toBe(6);
  expect(stepped(31, 1, kernel)).toBe(31);
  expect(stepped(1, -1, kernel)).toBe(1);
  expect(stepped(0.1, 1, { min: 0, max: 1, step: 0.1 })).toBe(0.2);
});

it('never gives a bound that is excluded', () => {
  expect(clamp(1, beta)).toBeLessThan(1);
  expect(fromShare(1, beta)).toBeLessThan(1);
  expect(clamp(0, epsilon)).toBeGreaterThan(0);
  expect(fromShare(0, epsilon)).toBeGreaterThan(0);
});

describe.each([rate, filters, kernel, beta, epsilon])('the slider of %o', (range) => {
  it('gives allowed values, rising from end to end, that stand where they were put', () => {
    const values = Array.from({ length: 101 }, (_, i) => fromShare(i / 100, range));
    values.forEach((value, i) => {
      expect(misfit(value, range)).toBeNull();
      expect(value).toBeGreaterThanOrEqual(values[i - 1] ?? -Infinity);
      expect(fromShare(toShare(value, range), range)).toBeCloseTo(value, 9);
    });
  });
});

it('says what is wrong with a number', () => {
  expect(misfit(0, kernel)).toBe('form.range');
  expect(misfit(1.5, kernel)).toBe('form.notWhole');
  expect(misfit(NaN, kernel)).toBe('form.notNumber');
  expect(misfit(1, beta)).toBe('form.range');
  expect(misfit(-1, { min: 0 })).toBe('form.atLeast');
  expect(misfit(0, { min: 0, openMin: true })).toBe('form.above');
  expect(misfit(3, { max: 2 })).toBe('form.atMost');
});

it('reads numbers as people type them', () => {
  expect(['0,05', ' 1e-3 ', '−2', '5'].map(parse)).toEqual([0.05, 0.001, -2, 5]);
  expect([parse(''), parse('abc'), parse('1,2,3')]).toEqual([NaN, NaN, NaN]);
});
