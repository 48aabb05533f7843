import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parse, TomlError } from 'smol-toml';
import type { z } from 'zod';
import { ConfigError } from '../errors.ts';
import { knownKeys, lineOfKey, nearestKey } from './key-path.ts';
import { type Config, schema } from './schema.ts';

const SYSTEM_PATH = '/etc/providence/providence.toml';
const PROJECT_ROOT = resolve(import.meta.dirname, '../../..');
const ENV_PREFIX = 'PROVIDENCE_';
/** Environment variables of the programs themselves, not keys of the file. */
const ENV_RESERVED = new Set(['PROVIDENCE_CONFIG', 'PROVIDENCE_SOCKET']);

export interface LoadedConfig {
  readonly config: Config;
  /** The file it came from; undefined: the built-in defaults. */
  readonly path: string | undefined;
}

/**
 * Reads the configuration: the file, over it the environment (`PROVIDENCE_THRESHOLDS__SPAM=6`), under it the defaults.
 * The file is `path`, else `$PROVIDENCE_CONFIG`, else `/etc/providence/providence.toml` if there; without one the defaults,
 * with `./var` in the checkout. Relative paths are taken from the file's directory.
 * @throws ConfigError naming the file, the line and the nearest known key.
 */
export function loadConfig(path?: string, env: NodeJS.ProcessEnv = process.env): LoadedConfig {
  // An empty variable is none.
  const file = path ?? (env['PROVIDENCE_CONFIG'] || (existsSync(SYSTEM_PATH) ? SYSTEM_PATH : undefined));
  const text = file === undefined ? '' : readText(file);
  const name = file ?? 'built-in defaults';
  const tree = override(parseToml(text, name), env);
  const result = schema.safeParse(tree);
  if (!result.success) throw new ConfigError(describeIssue(result.error.issues[0], { text, name, env }));
  const base = file === undefined ? PROJECT_ROOT : dirname(resolve(file));
  return { config: absolutePaths(result.data, base), path: file };
}

/** The built-in defaults, paths as they stand in the schema. */
export function defaultConfig(): Config {
  return schema.parse({});
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError(
      `${file}: cannot be read (${(error as NodeJS.ErrnoException).code}); give an existing file with --config.`,
    );
  }
}

function parseToml(text: string, name: string): Record<string, unknown> {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const sentence = error.message.split('\n')[0]?.replace(/^Invalid TOML document: /, '');
    throw new ConfigError(`${name}: line ${error.line}, column ${error.column}: ${sentence}.`);
  }
}

function override(tree: Record<string, unknown>, env: NodeJS.ProcessEnv): Record<string, unknown> {
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith(ENV_PREFIX) || ENV_RESERVED.has(name) || value === undefined) continue;
    const keys = name.slice(ENV_PREFIX.length).toLowerCase().split('__');
    if (keys.length < 2) continue;
    const last = keys.pop() as string;
    let table = tree;
    for (const key of keys) {
      if (typeof table[key] !== 'object' || table[key] === null) table[key] = {};
      table = table[key] as Record<string, unknown>;
    }
    table[last] = envValue(value);
  }
  return tree;
}

/** A value is TOML where it reads as TOML (numbers, true, lists), else a string. */
function envValue(text: string): unknown {
  try {
    return parse(`value = ${text}`)['value'];
  } catch {
    return text;
  }
}

/** Where keys come from. */
interface Sources {
  readonly text: string;
  readonly name: string;
  readonly env: NodeJS.ProcessEnv;
}

function describeIssue(issue: z.core.$ZodIssue | undefined, sources: Sources): string {
  if (issue === undefined) return `${sources.name}: cannot be used.`;
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    const key = [...path, issue.keys[0] ?? ''].join('.');
    return `${place(key, sources)}: unknown key \`${key}\`${suggestion(key)} All keys: \`providence config show\`.`;
  }
  const key = path.join('.');
  return `${place(key, sources)}: \`${key}\` ${issue.message.replace(/^Invalid input: /, '').replace(/^./, (c) => c.toLowerCase())}.`;
}

function place(key: string, { text, name, env }: Sources): string {
  const variable = variableOf(key);
  if (env[variable] !== undefined) return variable;
  const line = lineOfKey(text, key);
  return line === undefined ? name : `${name}: line ${line}`;
}

/** The environment variable that overrides a key. */
function variableOf(key: string): string {
  return ENV_PREFIX + key.toUpperCase().replaceAll('.', '__');
}

function suggestion(key: string): string {
  const nearest = nearestKey(key, knownKeys());
  return nearest === undefined ? '.' : `; did you mean \`${nearest}\`?`;
}

function absolutePaths(config: Config, base: string): Config {
  return {
    ...config,
    listen: {
      ...config.listen,
      unix: config.listen.unix.map((unix) => ({ ...unix, path: resolve(base, unix.path) })),
    },
    store: {
      ...config.store,
      directory: resolve(base, config.store.directory),
      secret_file: resolve(base, config.store.secret_file),
    },
  };
}
