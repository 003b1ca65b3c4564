// Rows of a table between what a network sees and what is meant: columns with a value each.
import type { Feature } from '../../protocol/types';

/** A column of the table: a number, or a choice among texts that takes one input each. */
export type Field =
  | { kind: 'number'; feature: Feature; at: number }
  | { kind: 'choice'; feature: Feature; at: number; choices: string[] };

/** Inputs that belong to one column follow one another. */
export function fieldsOf(features: readonly Feature[]): Field[] {
  const fields: Field[] = [];
  features.forEach((feature, at) => {
    const last = fields.at(-1);
    if (feature.category === null) fields.push({ kind: 'number', feature, at });
    else if (last?.kind === 'choice' && last.feature.name.en === feature.name.en) {
      last.choices.push(feature.category);
    } else fields.push({ kind: 'choice', feature, at, choices: [feature.category] });
  });
  return fields;
}

/** What is meant by an input's value. */
export function meant(feature: Feature, value: number): number {
  return value * feature.scale + feature.centre;
}

/** A number as it is meant, with five digits that count of itself and of its column's scale, without what
 * standardising added behind them: times of a day differ in the last digits of many. */
export function shown(value: number, scale = Math.abs(value)): number {
  const more = Math.floor(Math.log10(Math.abs(value) / scale));
  return Number(value.toPrecision(Math.min(15, 5 + (more > 0 && isFinite(more) ? more : 0))));
}

/** The values with one column changed: a number as it is meant, or the place of a choice (−1: missing). */
export function changed(values: ArrayLike<number>, field: Field, to: number): Float32Array {
  const next = Float32Array.from(values);
  if (field.kind === 'number') {
    next[field.at] = (to - field.feature.centre) / field.feature.scale;
  } else {
    field.choices.forEach((_, i) => (next[field.at + i] = i === to ? 1 : 0));
  }
  return next;
}

export function chosen(values: ArrayLike<number>, field: Field & { kind: 'choice' }): number {
  return field.choices.findIndex((_, i) => (values[field.at + i] ?? 0) > 0.5);
}
