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
}

interface JSONSchema {
  readonly description?: string;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly enum?: readonly string[];
  readonly properties?: Readonly<Record<string, JSONSchema>>;
}

/** Every key of the schema in its order; keys inside list entries are described with their list. */
export function describeKeys(): readonly KeyDescription[] {
  const keys: KeyDescription[] = [];
  collect(z.toJSONSchema(schema, { io: 'input' }) as JSONSchema, '', keys);
  return keys;
}

/** Dotted paths of all keys. */
export function knownKeys(): readonly string[] {
  return describeKeys().map((description) => description.key);
}

function collect(node: JSONSchema, path: string, keys: KeyDescription[]): void {
  for (const [name, child] of Object.entries(node.properties ?? {})) {
    const key = path === '' ? name : `${path}.${name}`;
    if (child.properties !== undefined) collect(child, key, keys);
    else keys.push(describe(key, child));
  }
}

function describe(key: string, node: JSONSchema): KeyDescription {
  return {
    key,
    prose: node.description ?? '',
    default: node.default,
    ...(node.minimum === undefined ? {} : { minimum: node.minimum }),
    ...(node.maximum === undefined ? {} : { maximum: node.maximum }),
    ...(node.enum === undefined ? {} : { words: node.enum }),
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

/** Line of a dotted key in a TOML text, counted from 1; undefined where it is not written plainly. */
export function lineOfKey(text: string, key: string): number | undefined {
  let table = '';
  let lineNumber = 0;
  for (const line of text.split('\n')) {
    lineNumber += 1;
    const header = /^\s*\[{1,2}\s*([\w.]+)\s*\]/.exec(line);
    if (header !== null) table = `${header[1]}.`;
    if (header !== null && header[1] === key) return lineNumber;
    const name = /^\s*([\w.]+)\s*=/.exec(line)?.[1];
    if (name !== undefined && (table + name === key || key.startsWith(`${table}${name}.`))) return lineNumber;
  }
  return undefined;
}
