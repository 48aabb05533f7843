import { z } from 'zod';
import { schema } from './schema.ts';

/** One key of the configuration, as the documentation lists it. */
export interface KeyDescription {
  /** Dotted path, e.g. `limits.shed_ms`. */
  readonly key: string;
  readonly prose: string;
  readonly default: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly words?: readonly string[];
  /** True: takes effect at the next start; a reload names it and leaves it. */
  readonly restart: boolean;
  /** Keys of one entry, where the value is a list of tables. */
  readonly entry?: readonly KeyDescription[];
}

interface JSONSchema {
  readonly description?: string;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly enum?: readonly string[];
  readonly restart?: boolean;
  readonly properties?: Readonly<Record<string, JSONSchema>>;
  readonly items?: JSONSchema;
}

/** Every key of the schema in its order; keys inside list entries are described with their list. */
export function describeKeys(): readonly KeyDescription[] {
  return keysOf(z.toJSONSchema(schema, { io: 'input' }) as JSONSchema, '');
}

/** Dotted paths of all keys, and of the tables that they are in. */
export function knownKeys(): readonly string[] {
  const keys = describeKeys().map((description) => description.key);
  const tables = keys.flatMap((key) =>
    key.split('.').map((_, depth, parts) => parts.slice(0, depth).join('.')),
  );
  return [...keys, ...new Set(tables.filter((table) => table !== ''))];
}

function keysOf(node: JSONSchema, path: string): KeyDescription[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, child]) => {
    const key = path === '' ? name : `${path}.${name}`;
    return child.properties === undefined ? [describe(key, child)] : keysOf(child, key);
  });
}

function describe(key: string, node: JSONSchema): KeyDescription {
  return {
    key,
    prose: node.description ?? '',
    default: node.default,
    restart: node.restart === true,
    ...(node.minimum === undefined ? {} : { minimum: node.minimum }),
    ...(node.maximum === undefined ? {} : { maximum: node.maximum }),
    ...(node.enum === undefined ? {} : { words: node.enum }),
    ...(node.items?.properties === undefined ? {} : { entry: keysOf(node.items, '') }),
  };
}

/** The known key with the fewest edits to `key`, if it takes at most a third of its length. */
export function nearestKey(key: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Math.floor(key.length / 3) + 1;
  for (const candidate of known) {
    const distance = editDistance(key, candidate);
    if (distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

/** Levenshtein 1966, two rows. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(substitution, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    previous = row;
  }
  return previous[b.length] ?? 0;
}

/**
 * Line of a dotted key in a TOML text, counted from 1: where it is written plainly, else where its table begins. An entry of
 * `[[list]]` is `list.0`. Undefined where neither is there.
 */
export function lineOfKey(text: string, key: string): number | undefined {
  const entries = new Map<string, number>();
  let table = '';
  let tableLine: number | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    const [, brackets, header] = /^\s*(\[{1,2})\s*([\w.]+)\s*\]/.exec(line) ?? [];
    if (header !== undefined) {
      table = brackets === '[' ? header : `${header}.${countOf(entries, header)}`;
      if (table === key) return index + 1;
      if (key.startsWith(`${table}.`)) tableLine = index + 1;
    }
    const name = /^\s*([\w.]+)\s*=/.exec(line)?.[1];
    const path = table === '' ? name : `${table}.${name}`;
    if (name !== undefined && (path === key || key.startsWith(`${path}.`))) return index + 1;
  }
  return tableLine;
}

/** How often `name` was counted before. */
function countOf(counts: Map<string, number>, name: string): number {
  const count = counts.get(name) ?? 0;
  counts.set(name, count + 1);
  return count;
}
