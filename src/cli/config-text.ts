import { describeKeys, type KeyDescription } from '../config/key-path.ts';
import type { Config } from '../config/schema.ts';

const COLUMNS_MAX = 80;

/** A configuration as TOML: every key with its prose, its bounds and its value. Read again it is the same. */
export function configText(config: Config): string {
  const blocks: string[] = [];
  let table = '';
  for (const description of describeKeys()) {
    const dot = description.key.lastIndexOf('.');
    const parent = description.key.slice(0, Math.max(0, dot));
    if (parent !== table) blocks.push(`[${parent}]`);
    table = parent;
    const name = description.key.slice(dot + 1);
    blocks.push(`${comment(description)}\n${name} = ${toml(valueAt(config, description.key))}`);
  }
  return blocks.join('\n\n');
}

function comment(description: KeyDescription): string {
  const entry = (description.entry ?? []).flatMap((inner) => {
    const [first = '', ...rest] = wrap(`${inner.key}: ${meaning(inner)}`, COLUMNS_MAX - 6);
    return [`  ${first}`, ...rest.map((line) => `    ${line}`)];
  });
  return [...wrap(meaning(description), COLUMNS_MAX - 2), ...entry].map((line) => `# ${line}`).join('\n');
}

function meaning({ prose, minimum, maximum, words }: KeyDescription): string {
  const bounds = minimum === undefined || maximum === undefined ? '' : ` (${minimum} to ${maximum})`;
  const choice = words === undefined ? '' : ` (${words.join(', ')})`;
  return `${prose}${bounds}${choice}`;
}

function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = '';
    }
    line += line === '' ? word : ` ${word}`;
  }
  return [...lines, line];
}

function valueAt(config: Config, key: string): unknown {
  let value: unknown = config;
  for (const name of key.split('.')) value = (value as Record<string, unknown>)[name];
  return value;
}

/** A value in TOML 1.0; tables inside a list are inline tables. JSON's strings are TOML's. */
function toml(value: unknown): string {
  if (Array.isArray(value)) {
    if (value.some((item) => typeof item === 'object'))
      return `[\n${value.map((item) => `  ${toml(item)},\n`).join('')}]`;
    return `[${value.map(toml).join(', ')}]`;
  }
  if (typeof value === 'object' && value !== null) {
    const pairs = Object.entries(value).map(([name, item]) => `${name} = ${toml(item)}`);
    return `{ ${pairs.join(', ')} }`;
  }
  return JSON.stringify(value);
}
