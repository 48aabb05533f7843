import { describeKeys, describeTables, type KeyDescription, valueAt } from '../config/key-path.ts';
import type { Config } from '../config/schema.ts';
import { COLUMNS, wrap } from './columns.ts';
import { toml } from './toml-value.ts';

/**
 * A configuration as TOML: every table and key with its prose, its bounds and its value. Read again it is the same.
 * @param isSet false for keys that are written as a comment, so that their default holds
 */
export function configText(config: Config, isSet: (key: string) => boolean = () => true): string {
  const prose = new Map(describeTables().map((table) => [table.key, table.prose]));
  const blocks: string[] = [];
  for (const [table, keys] of keysByTable()) {
    if (table !== '') blocks.push(`${comment(wrap(prose.get(table) ?? '', COLUMNS - 2))}\n[${table}]`);
    for (const description of keys) {
      const lines = keyLines(description, valueAt(config, description.key));
      const text = isSet(description.key) ? lines : lines.map((line) => (line === '' ? '' : `#${line}`));
      blocks.push(`${comment(meaningLines(description))}\n${text.join('\n')}`);
    }
  }
  return blocks.join('\n\n');
}

/**
 * Keys in the order of the schema, each table at one place; those in no table come first. In a table, lists of tables come
 * last: what follows `[[list]]` belongs to its entry.
 */
function keysByTable(): Map<string, KeyDescription[]> {
  const tables = new Map<string, KeyDescription[]>([['', []]]);
  for (const description of describeKeys()) {
    const table = description.key.split('.').slice(0, -1).join('.');
    tables.set(table, [...(tables.get(table) ?? []), description]);
  }
  for (const keys of tables.values())
    keys.sort((a, b) => Number(a.entry !== undefined) - Number(b.entry !== undefined));
  return tables;
}

function keyLines({ key, entry }: KeyDescription, value: unknown): string[] {
  const name = key.split('.').at(-1);
  if (entry === undefined || !Array.isArray(value) || value.length === 0) return [`${name} = ${toml(value)}`];
  return value.flatMap((item: object, index) => [
    ...(index === 0 ? [] : ['']),
    `[[${key}]]`,
    ...Object.entries(item).map(([inner, one]) => `${inner} = ${toml(one)}`),
  ]);
}

function meaningLines(description: KeyDescription): string[] {
  const { key, entry = [] } = description;
  const keys = entry.flatMap((inner) => {
    const [first = '', ...rest] = wrap(`${inner.key}: ${meaning(inner)}`, COLUMNS - 6);
    return [`  ${first}`, ...rest.map((line) => `    ${line}`)];
  });
  const form = entry.length === 0 ? '' : ` Each is a table of its own, headed [[${key}]].`;
  return [...wrap(meaning(description) + form, COLUMNS - 2), ...keys];
}

function meaning({ prose, minimum, maximum, words, type }: KeyDescription): string {
  const bounds = minimum === undefined || maximum === undefined ? '' : ` (${minimum} to ${maximum})`;
  const choice = words === undefined || type !== 'word' ? '' : ` (${words.join(', ')})`;
  return `${prose}${bounds}${choice}`;
}

function comment(lines: readonly string[]): string {
  return lines.map((line) => `# ${line}`).join('\n');
}
