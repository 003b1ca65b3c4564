// The optimisers under the names that people look for: a part, or a part with certain fields. Pure.
import type { Part, PartValue, Text } from '../../protocol/types';

export interface Rule {
  id: string;
  title: Text;
  part: Part;
  /** What distinguishes it from the part's other variants. */
  fields: Record<string, number | boolean>;
}

interface Variant {
  title: Text;
  fields: Record<string, number | boolean>;
}

/** Every optimiser, and every variant of one that has some. */
export function rulesOfLearning(parts: readonly Part[]): Rule[] {
  return parts.flatMap((part) => {
    const variants = (part.facts['variants'] ?? []) as Variant[];
    if (!variants.length) return [{ id: part.type, title: part.title, part, fields: {} }];
    return variants.map(({ title, fields }, i) => ({
      id: `${part.type}.${i}`,
      title,
      part,
      fields,
    }));
  });
}

/** A number counts by whether it is zero: any momentum is momentum. */
const alike = (one: unknown, other: unknown) =>
  typeof one === 'boolean' || typeof other === 'boolean'
    ? Boolean(one) === Boolean(other)
    : (Number(one ?? 0) === 0) === (Number(other ?? 0) === 0);

export function chosenRule(rules: readonly Rule[], value: PartValue): Rule | undefined {
  return rules.find(
    ({ part, fields }) =>
      part.type === value.type &&
      Object.entries(fields).every(([name, wanted]) => alike(value[name], wanted)),
  );
}

/** The optimiser changed into this rule: within one part its other numbers stay. */
export function withRule(rule: Rule, value: PartValue): PartValue {
  if (rule.part.type === value.type) {
    const kept = Object.entries(rule.fields).filter(
      ([name, wanted]) => !alike(value[name], wanted),
    );
    return { ...value, ...Object.fromEntries(kept) };
  }
  const example = rule.part.examples[0] ?? { type: rule.part.type };
  return { ...example, ...rule.fields, type: rule.part.type };
}
