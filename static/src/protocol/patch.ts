// RFC 6902 patches, as repairs carry them. Never changes its argument.
import type { Operation } from './types';

type Json = unknown;

function parts(path: string): string[] {
  if (path === '') return [];
  return path
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function change(target: Json, path: string[], last: (holder: Json, key: string) => Json): Json {
  const [key, ...rest] = path;
  if (key === undefined) throw new RangeError('a patch may not replace the whole document');
  if (rest.length === 0) return last(target, key);
  if (Array.isArray(target)) {
    const index = Number(key);
    return target.map((item: Json, i) => (i === index ? change(item, rest, last) : item));
  }
  const holder = target as Record<string, Json>;
  return { ...holder, [key]: change(holder[key], rest, last) };
}

function add(holder: Json, key: string, value: Json): Json {
  if (!Array.isArray(holder)) return { ...(holder as Record<string, Json>), [key]: value };
  const index = key === '-' ? holder.length : Number(key);
  return [...holder.slice(0, index), value, ...holder.slice(index)];
}

function remove(holder: Json, key: string): Json {
  if (Array.isArray(holder)) return holder.filter((_, i) => i !== Number(key));
  return Object.fromEntries(Object.entries(holder as object).filter(([name]) => name !== key));
}

function replace(holder: Json, key: string, value: Json): Json {
  if (!Array.isArray(holder)) return { ...(holder as Record<string, Json>), [key]: value };
  return holder.map((item: Json, i) => (i === Number(key) ? value : item));
}

function read(document: Json, path: string): Json {
  return parts(path).reduce<Json>(
    (at, key) => (at as Record<string, Json> | undefined)?.[key],
    document,
  );
}

function apply(document: Json, operation: Operation): Json {
  const path = parts(operation.path);
  switch (operation.op) {
    case 'add':
      return change(document, path, (holder, key) => add(holder, key, operation.value));
    case 'replace':
      return change(document, path, (holder, key) => replace(holder, key, operation.value));
    case 'remove':
      return change(document, path, remove);
    case 'move': {
      const from = operation.from ?? '';
      const value = read(document, from);
      const without = change(document, parts(from), remove);
      return change(without, path, (holder, key) => add(holder, key, value));
    }
    case 'copy': {
      const value = read(document, operation.from ?? '');
      return change(document, path, (holder, key) => add(holder, key, value));
    }
    case 'test':
      if (JSON.stringify(read(document, operation.path)) !== JSON.stringify(operation.value)) {
        throw new RangeError(`the patch expects something else at ${operation.path}`);
      }
      return document;
  }
}

/** The document with all operations carried out, in order. */
export function patched<T>(document: T, operations: readonly Operation[]): T {
  return operations.reduce<Json>(apply, document) as T;
}
