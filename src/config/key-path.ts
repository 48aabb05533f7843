import { z } from 'zod';
import { unitOf } from './quantity.ts';
import { schema } from './schema.ts';

/** One key of the configuration, as the documentation lists it. */
export interface KeyDescription {
  /** Dotted path, e.g. `limits.shed_ms`. */
  readonly key: string;
  readonly prose: string;
  /** In words: `whole number`, `text`, `list of words`. */
  readonly type: string;
  /** Of a number: what it counts, after its name. */
  readonly unit?: string;
  /** Undefined where an entry of a list must name it, or may do without it. */
  readonly default: unknown;
  /** True: an entry of a list must name it. */
  readonly required: boolean;
  readonly minimum?: number;
  readonly maximum?: number;
  /** Most characters of a text, most entries of a list. */
  readonly lengthMax?: number;
  readonly words?: readonly string[];
  /** True: takes effect at the next start; a reload names it and leaves it. */
  readonly restart: boolean;
  /** True: whether it is empty is settled at the start; what is there may change at a reload. */
  readonly restartToSwitch?: true;
  /** Keys of one entry, where the value is a list of tables. */
  readonly entry?: readonly KeyDescription[];
}

interface JSONSchema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly enum?: readonly string[];
  readonly required?: readonly string[];
  readonly restart?: boolean;
  readonly restartToSwitch?: true;
  readonly properties?: Readonly<Record<string, JSONSchema>>;
  readonly items?: JSONSchema;
}

/** A table of the configuration, as the documentation heads it. */
export interface TableDescription {
  readonly key: string;
  readonly prose: string;
}

/** Every key of the schema in its order; keys inside list entries are described with their list. */
export function describeKeys(): readonly KeyDescription[] {
  return keysOf(jsonSchema(), '');
}

/** Every table of the schema, each before those in it. */
export function describeTables(): readonly TableDescription[] {
  return tablesOf(jsonSchema(), '');
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

function jsonSchema(): JSONSchema {
  return z.toJSONSchema(schema, { io: 'input' }) as JSONSchema;
}

function keysOf(node: JSONSchema, path: string): KeyDescription[] {
  return childrenOf(node, path).flatMap(({ key, name, child }) =>
    child.properties === undefined
      ? [describe(key, child, node.required?.includes(name) === true)]
      : keysOf(child, key),
  );
}

function tablesOf(node: JSONSchema, path: string): TableDescription[] {
  return childrenOf(node, path).flatMap(({ key, child }) =>
    child.properties === undefined ? [] : [{ key, prose: child.description ?? '' }, ...tablesOf(child, key)],
  );
}

function childrenOf(node: JSONSchema, path: string) {
  return Object.entries(node.properties ?? {}).map(([name, child]) => {
    return { key: path === '' ? name : `${path}.${name}`, name, child };
  });
}

function describe(key: string, node: JSONSchema, required: boolean): KeyDescription {
  const unit = node.minimum === undefined ? undefined : unitOf(key);
  const words = node.enum ?? node.items?.enum;
  const lengthMax = node.maxLength ?? node.maxItems;
  return {
    key,
    prose: node.description ?? '',
    type: typeOf(node),
    default: node.default,
    required,
    restart: node.restart === true,
    ...(unit === undefined ? {} : { unit }),
    ...(node.restartToSwitch === undefined ? {} : { restartToSwitch: true }),
    ...(node.minimum === undefined ? {} : { minimum: node.minimum }),
    ...(node.maximum === undefined ? {} : { maximum: node.maximum }),
    ...(lengthMax === undefined ? {} : { lengthMax }),
    ...(words === undefined ? {} : { words }),
    ...(node.items?.properties === undefined ? {} : { entry: keysOf(node.items, '') }),
  };
}

function typeOf({ type, items, enum: words }: JSONSchema): string {
  switch (type) {
    case 'integer':
      return 'whole number';
    case 'boolean':
      return 'true or false';
    case 'array':
      return items?.properties === undefined
        ? `list of ${items?.enum ? 'words' : 'texts'}`
        : 'list of tables';
    case 'string':
      return words === undefined ? 'text' : 'word';
    default:
      return type ?? 'any';
  }
}

/** What stands in a tree under a dotted key; undefined where nothing does. */
export function valueAt(tree: unknown, key: string): unknown {
  let value = tree;
  for (const name of key.split('.')) value = (value as Record<string, unknown> | null | undefined)?.[name];
  return value;
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
