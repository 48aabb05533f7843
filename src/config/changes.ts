import { isDeepStrictEqual } from 'node:util';
import { describeKeys, type KeyDescription, valueAt } from './key-path.ts';
import type { Config } from './schema.ts';

/** What it takes to get from one configuration to another without a restart. */
export interface Changes {
  /** What is in force afterwards: the wanted one, but that keys which need a restart keep their values. */
  readonly config: Config;
  /** Keys that take their new value, in the order of the schema. */
  readonly changed: readonly string[];
  /** Keys that differ and wait for a restart. */
  readonly restart: readonly string[];
}

/** The schema's keys do not change while the program runs, and making them takes a millisecond. */
let known: readonly KeyDescription[] | undefined;

/** Holds a wanted configuration against the one in force. */
export function changesTo(wanted: Config, inForce: Config): Changes {
  known ??= describeKeys();
  const config = structuredClone(wanted);
  const changed: string[] = [];
  const restart: string[] = [];
  for (const description of known) {
    const { key } = description;
    const difference = differenceOf(description, valueAt(inForce, key), valueAt(wanted, key));
    if (difference === undefined) continue;
    changed.push(...difference.changed);
    restart.push(...difference.restart);
    setAt(config, key, difference.value);
  }
  return { config, changed, restart };
}

interface Difference {
  /** In force afterwards. */
  readonly value: unknown;
  readonly changed: readonly string[];
  readonly restart: readonly string[];
}

function differenceOf(
  { key, restart, entry }: KeyDescription,
  before: unknown,
  after: unknown,
): Difference | undefined {
  if (isDeepStrictEqual(before, after)) return undefined;
  if (!restart) return { value: after, changed: [key], restart: [] };
  const lists = { before: before as readonly Entry[], after: after as readonly Entry[] };
  const sameEntries = entry !== undefined && lists.before.length === lists.after.length;
  return sameEntries
    ? differenceOfEntries(key, entry, lists)
    : { value: before, changed: [], restart: [key] };
}

type Entry = Readonly<Record<string, unknown>>;

/**
 * Of a list that only a restart makes longer or shorter, entries may still change. One that waits for a restart waits whole:
 * what stands beside a new path is meant for the new path.
 */
function differenceOfEntries(
  list: string,
  keys: readonly KeyDescription[],
  { before, after }: { readonly before: readonly Entry[]; readonly after: readonly Entry[] },
): Difference {
  const changed: string[] = [];
  const restart: string[] = [];
  const value = after.map((entry, index) => {
    const old = before[index] as Entry;
    const different = keys.filter(({ key }) => !isDeepStrictEqual(entry[key], old[key]));
    const waits = different.some((description) => waitsForRestart(description, old, entry));
    (waits ? restart : changed).push(...different.map(({ key }) => `${list}.${index}.${key}`));
    return waits ? old : entry;
  });
  return { value, changed, restart };
}

function waitsForRestart(
  { key, restart, restartToSwitch }: KeyDescription,
  old: Entry,
  entry: Entry,
): boolean {
  return restart || (restartToSwitch === true && (old[key] === '') !== (entry[key] === ''));
}

function setAt(config: Config, key: string, value: unknown): void {
  const names = key.split('.');
  const last = names.pop() as string;
  const table = names.length === 0 ? config : valueAt(config, names.join('.'));
  (table as Record<string, unknown>)[last] = value;
}
