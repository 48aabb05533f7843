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

/** Dotted paths of all keys, those of list entries (`listen.unix.path`) too, and of the tables that they are in. */
export function knownKeys(): readonly string[] {
  const keys = describeKeys().flatMap(({ key, entry = [] }) => [
    key,
    ...entry.map((inner) => `${key}.${inner.key}`),
  ]);
  const tables = keys.flatMap((key) =>
    key.split('.').map((_, depth, parts) => parts.slice(0, depth).join('.')),
  );
  return [...new Set([...keys, ...tables.filter((table) => table !== '')])];
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

/**
 * The known key that was most likely meant: the only one of that last name, else the one with the fewest edits, if they are
 * at most a third of its length.
 */
export function nearestKey(key: string, known: readonly string[] = knownKeys()): string | undefined {
  const sameName = known.filter((candidate) => candidate.endsWith(`.${key}`));
  return sameName.length === 1 ? sameName[0] : nearestOf(key, known);
}

/** The word with the fewest edits to `word`, if they are at most a third of it, a prefix that all share not counted. */
export function nearestOf(word: string, known: readonly string[], prefix = 0): string | undefined {
  let best: string | undefined;
  let least = Math.floor((word.length - prefix) / 3) + 1;
  for (const candidate of known) {
    const distance = editDistance(word.slice(prefix), candidate.slice(prefix));
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
