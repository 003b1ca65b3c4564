// What a phase says of its learning rates: schedule, clipping, rates of single layers. Pure.
import type { ModelSpec, ParameterGroup, PartValue, Phase, RatePlan } from '../protocol/types';

export const CONSTANT: PartValue = { type: 'constant' };

/** The rules of a phase with what was left out. */
export function rulesOf(phase: Phase | undefined) {
  return {
    schedule: phase?.schedule ?? CONSTANT,
    groups: phase?.groups ?? [],
    clip_norm: phase?.clip_norm ?? null,
    clip_value: phase?.clip_value ?? null,
  };
}

export function rateOf(groups: readonly ParameterGroup[], of: string): ParameterGroup {
  return groups.find((group) => group.of === of) ?? { of, learning_rate: null, weight_decay: null };
}

/** The groups with other numbers for one layer or parameter; an entry that says nothing goes. */
export function withRate(
  groups: readonly ParameterGroup[],
  of: string,
  change: Partial<Omit<ParameterGroup, 'of'>>,
): ParameterGroup[] {
  const { learning_rate, weight_decay } = { ...rateOf(groups, of), ...change };
  const next = { of, learning_rate, weight_decay };
  const says = learning_rate !== null || weight_decay !== null;
  if (!groups.some((group) => group.of === of)) return says ? [...groups, next] : [...groups];
  return groups.flatMap((group) => (group.of !== of ? [group] : says ? [next] : []));
}

/** Rates follow a layer that was renamed and vanish with one that was removed. */
export function followed(
  groups: readonly ParameterGroup[],
  before: ModelSpec,
  after: ModelSpec,
): ParameterGroup[] {
  const [old, now] = [before, after].map((model) => new Set(model.nodes.map((node) => node.id)));
  const gone = before.nodes.filter((node) => !now?.has(node.id));
  const born = after.nodes.filter((node) => !old?.has(node.id));
  const renamed =
    gone.length === 1 && born.length === 1 && before.nodes.length === after.nodes.length
      ? new Map([[gone[0]?.id, born[0]?.id]])
      : new Map<string | undefined, string | undefined>();
  return groups.flatMap((group) => {
    const [node = '', ...tensor] = group.of.split('.');
    const name = renamed.get(node) ?? node;
    return now?.has(name) ? [{ ...group, of: [name, ...tensor].join('.') }] : [];
  });
}

/** The planned share of η at a place between 0, the first step, and 1, the end. */
export function planned(plan: RatePlan | undefined, at: number): number {
  if (!plan?.factors.length) return 1;
  const step = at * plan.total;
  const next = plan.steps.findIndex((one) => one > step + 1e-6);
  const last = next < 0 ? plan.steps.length - 1 : Math.max(0, next - 1);
  return plan.factors[last] ?? 1;
}
