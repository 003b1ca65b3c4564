// Which parts of a spec may change while a run goes on, and the commands that change them.
import type {
  Command,
  Families,
  JsonSchema,
  Numbers,
  ParameterGroup,
  Part,
  PartValue,
  Phase,
  RunSpec,
} from '../protocol/types';
import { rulesOf } from './rates';

function find(parts: readonly Part[], type: string): Part | undefined {
  return parts.find((part) => part.type === type);
}

function without(value: PartValue, live: readonly string[]): PartValue {
  const kept = Object.entries(value).filter(([field]) => !live.includes(field));
  return Object.fromEntries(kept) as PartValue;
}

/** With what the server fills in where a field is left out. */
function whole(value: PartValue, parts: readonly Part[]): PartValue {
  const properties = find(parts, value.type)?.schema['properties'];
  const filled: PartValue = { type: value.type };
  for (const [name, schema] of Object.entries((properties ?? {}) as Record<string, JsonSchema>)) {
    if (schema['default'] !== undefined) filled[name] = schema['default'];
  }
  return { ...filled, ...value };
}

/** What cannot change while a run goes on. */
function fixed(value: PartValue, parts: readonly Part[]): PartValue {
  return without(whole(value, parts), find(parts, value.type)?.live ?? []);
}

/** Everything that makes a run another run, as text to compare: live numbers and the name are left out. */
export function structure(spec: RunSpec, families: Families): string {
  const phase = spec.training.phases[0];
  const nodes = spec.model.nodes.map((node) => ({
    id: node.id,
    inputs: node.inputs,
    layer: fixed(node.layer, families.layers),
  }));
  return canonical({
    nodes,
    outputs: spec.model.outputs,
    dataset: whole(spec.training.dataset, families.datasets),
    target: phase?.target ?? 'label',
    augmentations: (spec.training.augmentations ?? []).map((one) =>
      whole(one, families.augmentations),
    ),
    loss: phase && fixed(phase.loss, families.losses),
    optimizer: phase && fixed(phase.optimizer, families.optimizers),
    seed: spec.seed,
    device: spec.device,
    weights: spec.weights ?? null,
  });
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, held: unknown) =>
    typeof held === 'object' && held !== null && !Array.isArray(held)
      ? Object.fromEntries(Object.entries(held).sort(([a], [b]) => (a < b ? -1 : 1)))
      : held,
  );
}

/** The live numbers that differ; a field that is left out has its default. Null where none do. */
function changes(from: PartValue, to: PartValue, parts: readonly Part[]): Numbers | null {
  const [before, after] = [whole(from, parts), whole(to, parts)];
  const found: Numbers = {};
  for (const field of find(parts, to.type)?.live ?? []) {
    const value = after[field];
    const numeric = typeof value === 'number' || typeof value === 'boolean';
    if (numeric && value !== before[field]) found[field] = value;
  }
  return Object.keys(found).length ? found : null;
}

function ruleCommands(before: Phase, after: Phase): Command[] {
  const [from, to] = [rulesOf(before), rulesOf(after)];
  const same = (one: unknown, other: unknown) => canonical(one) === canonical(other);
  const commands: Command[] = [];
  if (!same(from.schedule, to.schedule)) {
    commands.push({ type: 'set_schedule', schedule: to.schedule });
  }
  const { clip_norm, clip_value } = to;
  if (clip_norm !== from.clip_norm || clip_value !== from.clip_value) {
    commands.push({ type: 'set_clipping', clip_norm, clip_value });
  }
  if (!same(entries(from.groups), entries(to.groups))) {
    commands.push({ type: 'set_groups', groups: to.groups });
  }
  return commands;
}

/** What is left out of an entry is null. */
const entries = (groups: readonly ParameterGroup[]) =>
  groups.map(({ of, learning_rate = null, weight_decay = null }) => [
    of,
    learning_rate,
    weight_decay,
  ]);

/** Commands that bring a run with the numbers of `from` to those of `to`; their structure is the same. */
export function liveCommands(from: RunSpec, to: RunSpec, families: Families): Command[] {
  const commands: Command[] = [];
  const [before, after] = [from.training.phases[0], to.training.phases[0]];
  if (before && after) {
    const values = changes(before.optimizer, after.optimizer, families.optimizers);
    if (values) commands.push({ type: 'set_optimizer', values });
    const loss = changes(before.loss, after.loss, families.losses);
    if (loss) commands.push({ type: 'set_loss', values: loss });
    if (before.batch_size !== after.batch_size) {
      commands.push({ type: 'set_batch_size', batch_size: after.batch_size });
    }
    if (before.epochs !== after.epochs) {
      commands.push({ type: 'set_epochs', epochs: after.epochs });
    }
    commands.push(...ruleCommands(before, after));
  }
  for (const node of to.model.nodes) {
    const old = from.model.nodes.find((other) => other.id === node.id);
    const values = old && changes(old.layer, node.layer, families.layers);
    if (values) commands.push({ type: 'set_layer', node: node.id, values });
  }
  return commands;
}

/** The spec with the numbers that a run has now. */
export function withSettings(
  spec: RunSpec,
  settings: {
    optimizer: Numbers;
    loss?: Numbers;
    batch_size: number;
    epochs: number;
    layers: Record<string, Numbers>;
  } & Partial<ReturnType<typeof rulesOf>>,
): RunSpec {
  const { schedule, groups, clip_norm, clip_value } = settings;
  const phases = spec.training.phases.map((phase) => ({
    ...phase,
    optimizer: { ...phase.optimizer, ...settings.optimizer },
    loss: { ...phase.loss, ...settings.loss },
    batch_size: settings.batch_size,
    epochs: settings.epochs,
    ...(schedule ? { schedule } : {}),
    ...(groups ? { groups } : {}),
    ...(clip_norm !== undefined ? { clip_norm } : {}),
    ...(clip_value !== undefined ? { clip_value } : {}),
  }));
  const nodes = spec.model.nodes.map((node) => {
    const changed = settings.layers[node.id];
    return changed ? { ...node, layer: { ...node.layer, ...changed } } : node;
  });
  return { ...spec, model: { ...spec.model, nodes }, training: { ...spec.training, phases } };
}

/** The spec with something changed in its phase of training. */
export function withPhase(spec: RunSpec, change: (phase: Phase) => Partial<Phase>): RunSpec {
  const phases = spec.training.phases.map((phase) => ({ ...phase, ...change(phase) }));
  return { ...spec, training: { ...spec.training, phases } };
}
