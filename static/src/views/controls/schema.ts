// From a part's JSON schema to the fields of its form. Knows JSON schema, no single part.
import type { JsonSchema, Part, Place, Problem, Text } from '../../protocol/types';
import type { Range } from './scale';

/** Where the part of a form stands: it is drawn and asked for accordingly. */
export interface Surroundings {
  place: Place | null;
  /** Maps that arrive. */
  channels: number;
}

/** What of a part a form needs. */
export type FormPart = Pick<Part, 'type' | 'schema'>;

interface Named {
  name: string;
  title: Text;
  help: Text | null;
}
export interface Choice {
  value: string | number;
  label: Text;
}
export interface NestedPart extends FormPart {
  title: Text;
  summary: Text | null;
  /** Family of the catalogue, and whether it has a picture of its own. */
  family: string;
  plot: boolean;
}
export type FormField = Named &
  (
    | { kind: 'number'; range: Range; fallback: number; optional: boolean }
    | { kind: 'switch'; fallback: boolean }
    | { kind: 'choice'; choices: Choice[]; fallback: string | number }
    | { kind: 'part'; parts: NestedPart[]; fallback: Record<string, unknown> }
    | { kind: 'numbers'; fallback: number[] }
    | { kind: 'table' }
    | { kind: 'text'; fallback: string }
  );

const isObject = (value: unknown): value is JsonSchema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const objects = (value: unknown): JsonSchema[] =>
  Array.isArray(value) ? value.filter(isObject) : [];
const numeric = (value: unknown): number | undefined =>
  typeof value === 'number' ? value : undefined;

function asText(value: unknown, fallback: string): Text {
  if (isObject(value) && typeof value['en'] === 'string' && typeof value['zh'] === 'string') {
    return { en: value['en'], zh: value['zh'] };
  }
  return { en: fallback, zh: fallback };
}

/** Follows `$ref`; what stands beside it (title, default) wins. */
function resolve(schema: JsonSchema, root: JsonSchema): JsonSchema {
  const reference = schema['$ref'];
  if (typeof reference !== 'string') return schema;
  let found: unknown = root;
  for (const step of reference.replace(/^#\//, '').split('/')) {
    found = isObject(found) ? found[step] : undefined;
  }
  return isObject(found) ? { ...resolve(found, root), ...schema } : schema;
}

function properties(schema: JsonSchema): [string, JsonSchema][] {
  const found = schema['properties'];
  if (!isObject(found)) return [];
  return Object.entries(found).filter((entry): entry is [string, JsonSchema] => isObject(entry[1]));
}

/** Every field of a part, `type` included. */
export function fieldNames(part: FormPart): string[] {
  return properties(part.schema).map(([name]) => name);
}

/** The type that a part's schema stands for; undefined where it is no part. */
function typeOf(schema: JsonSchema): string | undefined {
  const type = properties(schema).find(([name]) => name === 'type')?.[1]['const'];
  return typeof type === 'string' ? type : undefined;
}

/** A least number that is there only so that nobody sends less than a float32 can tell from 0. */
const TINY = 1e-20;

function rangeOf(schema: JsonSchema): Range {
  const least = numeric(schema['minimum']);
  const above = least !== undefined && least > 0 && least < TINY;
  const openMin = above ? 0 : numeric(schema['exclusiveMinimum']);
  const openMax = numeric(schema['exclusiveMaximum']);
  const range: Range = {
    min: above ? 0 : (least ?? openMin),
    max: numeric(schema['maximum']) ?? openMax,
    openMin: openMin !== undefined,
    openMax: openMax !== undefined,
    integer: schema['type'] === 'integer',
  };
  range.log = wantsLog(range, numeric(schema['default']));
  const fallback = numeric(schema['default']);
  if (!range.integer && !range.log && range.max !== undefined && range.max <= 1) {
    range.step = fallback !== undefined && fallback > 0.99 ? 0.001 : 0.01;
  }
  return range;
}

/** Wide ranges, and those whose usual value is tiny, are set by powers of ten. */
function wantsLog({ min, max, integer }: Range, fallback: number | undefined): boolean {
  if (min === undefined || max === undefined || min < 0 || max <= 0) return false;
  if (integer) return min > 0 && max / min >= 256;
  return max >= 10 || (fallback !== undefined && fallback > 0 && fallback < max / 1e4);
}

type Known = readonly (readonly [string, Part[]])[];

function nested(schema: JsonSchema, root: JsonSchema, known: Known): NestedPart[] {
  const variants = [...objects(schema['oneOf']), ...objects(schema['anyOf'])];
  const found = (variants.length > 0 ? variants : [schema])
    .map((variant) => resolve(variant, root))
    .filter((variant) => typeOf(variant) !== undefined);
  const types = found.map((variant) => typeOf(variant) ?? '');
  const [family = '', members = []] =
    known.find(([, parts]) => types.every((type) => parts.some((one) => one.type === type))) ?? [];
  return found.map((variant, i) => {
    const part = members.find((one) => one.type === types[i]);
    return {
      type: types[i] ?? '',
      title: part?.title ?? asText(null, String(variant['title'] ?? types[i])),
      summary: part?.summary ?? null,
      family,
      plot: part?.plot ?? false,
      schema: { $defs: root['$defs'], ...variant },
    };
  });
}

function choices(schema: JsonSchema): Choice[] {
  const values = Array.isArray(schema['enum']) ? schema['enum'] : [];
  const labels = isObject(schema['x-labels']) ? schema['x-labels'] : {};
  return values
    .filter((value) => typeof value === 'string' || typeof value === 'number')
    .map((value) => ({ value, label: asText(labels[String(value)], String(value)) }));
}

function field(name: string, given: JsonSchema, root: JsonSchema, known: Known): FormField {
  const flat = resolve(given, root);
  const variants = objects(flat['anyOf']);
  const optional = variants.some((variant) => variant['type'] === 'null');
  const only = optional ? variants.filter((variant) => variant['type'] !== 'null') : [];
  const schema = only.length === 1 && only[0] ? { ...flat, ...resolve(only[0], root) } : flat;
  const base: Named = {
    name,
    title: asText(given['x-title'], String(given['title'] ?? name)),
    help: isObject(given['x-help']) ? asText(given['x-help'], '') : null,
  };
  const fallback = given['default'];
  const parts = nested(schema, root, known);
  if (parts.length > 0) {
    return { ...base, kind: 'part', parts, fallback: isObject(fallback) ? fallback : {} };
  }
  if (schema['type'] === 'boolean') return { ...base, kind: 'switch', fallback: fallback === true };
  if (Array.isArray(schema['enum'])) {
    const found = choices(schema);
    const first = found[0]?.value ?? '';
    const usual = found.find(({ value }) => value === fallback)?.value ?? first;
    return { ...base, kind: 'choice', choices: found, fallback: usual };
  }
  if (schema['type'] === 'integer' || schema['type'] === 'number') {
    const range = rangeOf(schema);
    return {
      ...base,
      kind: 'number',
      range,
      fallback: numeric(fallback) ?? range.min ?? 0,
      optional,
    };
  }
  const items = isObject(schema['items']) ? resolve(schema['items'], root) : {};
  if (schema['type'] === 'array' && items['type'] === 'array') return { ...base, kind: 'table' };
  if (schema['type'] === 'array') {
    const list = Array.isArray(fallback) ? fallback.filter((one) => typeof one === 'number') : [];
    return { ...base, kind: 'numbers', fallback: list };
  }
  return { ...base, kind: 'text', fallback: typeof fallback === 'string' ? fallback : '' };
}

/** The fields of a part in the order of its declaration, without its type. */
export function fieldsOf(part: FormPart, families: Record<string, Part[]> = {}): FormField[] {
  return properties(part.schema)
    .filter(([name]) => name !== 'type')
    .sort(([a], [b]) => order(a) - order(b))
    .map(([name, schema]) => field(name, schema, part.schema, Object.entries(families)));
}

/** The learning rate comes first wherever a part has one. */
const order = (name: string): number => (name === 'learning_rate' ? 0 : 1);

/** A new part of this type with all its defaults. */
export function defaults(part: FormPart): Record<string, unknown> {
  const values: Record<string, unknown> = { type: part.type };
  for (const [name, schema] of properties(part.schema)) {
    if (name !== 'type' && schema['default'] !== undefined) values[name] = schema['default'];
  }
  return values;
}

/** The problems of one field, and those that belong to none of the fields. */
export function problemsOf(problems: readonly Problem[], name: string): Problem[] {
  return problems.filter(({ pointer }) => pointer.split('/').includes(name));
}

export function otherProblems(
  problems: readonly Problem[],
  fields: readonly FormField[],
): Problem[] {
  const placed = new Set(fields.flatMap(({ name }) => problemsOf(problems, name)));
  return problems.filter((problem) => !placed.has(problem));
}
