import { variableOf } from '../config/environment.ts';
import {
  describeKeys,
  describeTables,
  type KeyDescription,
  nearestKey,
  type TableDescription,
  valueAt,
} from '../config/key-path.ts';
import type { LoadedConfig } from '../config/load.ts';
import { type Origin, originOf } from '../config/origin.ts';
import type { KeyPath } from '../config/toml-lines.ts';
import { tableLines, wrap } from './columns.ts';
import { CliError, EXIT } from './exit.ts';
import { boundsText, defaultText, typeText } from './key-facts.ts';
import { paint } from './paint.ts';
import { toml } from './toml-value.ts';

/** Longest value in the list of a table's keys; `config explain KEY` shows it whole. */
const SHOWN_MAX = 24;

/** What is known of a key; `list` is the list that it is in entries of. */
export type Subject =
  | { readonly kind: 'table'; readonly table: TableDescription }
  | { readonly kind: 'key'; readonly key: KeyDescription }
  | { readonly kind: 'entry-key'; readonly list: KeyDescription; readonly key: KeyDescription };

/** Finds a table, a key or a key of list entries, with (`listen.unix.0.path`) or without a number. @throws CliError 64 */
export function findSubject(name: string): Subject {
  const wanted = name.replace(/\.\d+(?=\.|$)/g, '');
  const table = describeTables().find(({ key }) => key === wanted);
  if (table !== undefined) return { kind: 'table', table };
  for (const key of describeKeys()) {
    if (key.key === wanted) return { kind: 'key', key };
    const inner = key.entry?.find((one) => `${key.key}.${one.key}` === wanted);
    if (inner !== undefined) return { kind: 'entry-key', list: key, key: inner };
  }
  const nearest = nearestKey(wanted);
  const hint = nearest === undefined ? '' : `; did you mean \`${nearest}\`?`;
  throw new CliError(
    EXIT.usage,
    `There is no key \`${name}\`${hint || '.'} All keys: \`providence config show\`.`,
  );
}

/** All that is to be said of it, in 80 columns; without a configuration that can be read, nothing of what is in force. */
export function explain(subject: Subject, loaded: LoadedConfig | undefined): string {
  if (subject.kind === 'table') return explainTable(subject.table, loaded);
  const { key } = subject;
  const list = subject.kind === 'entry-key' ? subject.list : undefined;
  const name = list === undefined ? key.key : `${list.key}.${key.key}`;
  const bounds = boundsText(key);
  const rows = [
    ['type', typeText(key)],
    ...(bounds === undefined ? [] : [['bounds', bounds]]),
    ['default', defaultText(key)],
    ...(loaded === undefined ? [] : inForce(name, list, loaded)),
    [
      'environment',
      variableOf((list ?? key).key.split('.')) + (list === undefined ? '' : ', the whole list'),
    ],
    ['a change', changeText(key)],
    ...besides(name, list),
  ];
  const keys = (key.entry ?? []).map((inner) => [`  ${inner.key}`, inner.prose]);
  return [
    paint('bold', name),
    '',
    ...wrap(key.prose),
    ...(keys.length === 0 ? [] : ['', 'Each entry has:', ...tableLines(keys)]),
    '',
    ...tableLines(rows),
  ].join('\n');
}

/** What puts a new value in force; of a list, keys in its entries may follow a reload. */
function changeText({ restart, restartToSwitch, entry = [] }: KeyDescription): string {
  if (restart) {
    const live = entry.filter((inner) => !inner.restart).map(({ key }) => key);
    return live.length === 0 ? 'needs a restart' : `needs a restart, but for ${live.join(', ')}`;
  }
  const taken = 'is taken by a reload, or at the next start';
  return restartToSwitch === true ? `${taken}; from or to empty by a restart` : taken;
}

function explainTable({ key: table, prose }: TableDescription, loaded: LoadedConfig | undefined): string {
  const keys = describeKeys().filter(({ key }) => key.startsWith(`${table}.`));
  const rows = keys.map(({ key, prose: meaning, entry }) => {
    const name = `  ${key.slice(table.length + 1)}`;
    if (loaded === undefined) return [name, meaning];
    const value = valueAt(loaded.config, key);
    const isList = entry !== undefined && Array.isArray(value);
    return [name, isList ? `${value.length} in the list` : shownValue(value), meaning];
  });
  return [paint('bold', table), '', ...wrap(prose), '', ...tableLines(rows)].join('\n');
}

function shownValue(value: unknown): string {
  const text = toml(value);
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX - 1)}…` : text;
}

/** The value with its origin; of a list, or a key in its entries, one row each. */
function inForce(
  name: string,
  list: KeyDescription | undefined,
  { config, sources }: LoadedConfig,
): string[][] {
  const row = (path: KeyPath) =>
    `${toml(valueAt(config, path.join('.')))}, ${originText(originOf(path, sources))}`;
  const listKey = (list?.key ?? name).split('.');
  const value = valueAt(config, listKey.join('.'));
  const isEntries =
    list !== undefined || (Array.isArray(value) && value.some((one) => typeof one === 'object'));
  if (!isEntries) return [['in force', row(listKey)]];
  const rest = list === undefined ? [] : name.slice(list.key.length + 1).split('.');
  const rows = (value as readonly unknown[]).map((_, index) => [
    '',
    row([...listKey, String(index), ...rest]),
  ]);
  return rows.length === 0
    ? [['in force', 'the list is empty']]
    : rows.map(([, text = ''], index) => [index === 0 ? 'in force' : '', text]);
}

function originText(origin: Origin): string {
  switch (origin.kind) {
    case 'default':
      return 'the default';
    case 'environment':
      return `from ${origin.variable}`;
    case 'file':
      return `from ${origin.file}, line ${origin.line}`;
  }
}

/** The other keys of its table, or of the entries that it is in. */
function besides(name: string, list: KeyDescription | undefined): string[][] {
  const table = name.split('.').slice(0, -1).join('.');
  const all = list?.entry?.map(({ key }) => `${list.key}.${key}`) ?? describeKeys().map(({ key }) => key);
  const others = all.filter((key) => key !== name && key.split('.').slice(0, -1).join('.') === table);
  return others.length === 0 ? [] : [['beside it', others.join(', ')]];
}
