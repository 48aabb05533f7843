import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parse, TomlError } from 'smol-toml';
import { ConfigError } from '../errors.ts';
import { isPath } from '../secret-source.ts';
import { type Override, overridesOf, type UnusedVariable, unusedVariables } from './environment.ts';
import { sentenceOfIssue } from './issue.ts';
import type { Sources } from './origin.ts';
import { type Config, schema } from './schema.ts';

/** Where a file is looked for that nobody has named. */
export const SYSTEM_PATH = '/etc/providence/providence.toml';
const PROJECT_ROOT = resolve(import.meta.dirname, '../../..');
/** Longest file in bytes; one with every key and its prose has a hundredth of that. */
const FILE_BYTES_MAX = 1_048_576;

export interface LoadedConfig {
  readonly config: Config;
  /** The file it came from; undefined: the built-in defaults. */
  readonly path: string | undefined;
  /** What it was put together from. */
  readonly sources: Sources;
  /** Variables that look like keys and are none. */
  readonly unused: readonly UnusedVariable[];
}

/**
 * Reads the configuration: the file, over it the environment (`PROVIDENCE_THRESHOLDS__SPAM=6`), under it the defaults.
 * The file is `path`, else `$PROVIDENCE_CONFIG`, else `/etc/providence/providence.toml` if there; without one the defaults,
 * with `./var` in the checkout. Relative paths are taken from the file's directory.
 * @throws ConfigError naming the file, the line and the nearest known key.
 */
export function loadConfig(
  path?: string,
  env: NodeJS.ProcessEnv = process.env,
  systemPath = SYSTEM_PATH,
): LoadedConfig {
  // An empty variable is none.
  const file = path ?? (env['PROVIDENCE_CONFIG'] || (existsSync(systemPath) ? systemPath : undefined));
  const text = file === undefined ? '' : readText(file);
  const sources = { text, name: file ?? 'built-in defaults', overrides: overridesOf(env) };
  const result = schema.safeParse(override(parseToml(text, sources.name), sources.overrides));
  if (!result.success) throw new ConfigError(sentenceOfIssue(result.error.issues[0], sources));
  const base = file === undefined ? PROJECT_ROOT : dirname(resolve(file));
  return {
    config: absolutePaths(result.data, base),
    path: file,
    sources,
    unused: unusedVariables(env, result.data),
  };
}

/** The built-in defaults, paths as they stand in the schema. */
export function defaultConfig(): Config {
  return schema.parse({});
}

function readText(file: string): string {
  try {
    if (statSync(file).size <= FILE_BYTES_MAX) return readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError(
      `${file}: cannot be read (${(error as NodeJS.ErrnoException).code}); give an existing file with --config.`,
    );
  }
  throw new ConfigError(`${file}: is longer than ${FILE_BYTES_MAX} bytes; is it the configuration?`);
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

function override(tree: Record<string, unknown>, overrides: readonly Override[]): Record<string, unknown> {
  for (const { path, value } of overrides) {
    const last = path.at(-1) as string;
    let table = tree;
    for (const key of path.slice(0, -1)) {
      if (typeof table[key] !== 'object' || table[key] === null) table[key] = {};
      table = table[key] as Record<string, unknown>;
    }
    table[last] = value;
  }
  return tree;
}

function absolutePaths(config: Config, base: string): Config {
  return {
    ...config,
    listen: {
      ...config.listen,
      unix: config.listen.unix.map((unix) => ({ ...unix, path: resolve(base, unix.path) })),
      tcp: config.listen.tcp.map((tcp) => ({
        ...tcp,
        tls_certificate: absoluteSource(tcp.tls_certificate, base),
        tls_key: absoluteSource(tcp.tls_key, base),
        tls_client_ca: absoluteSource(tcp.tls_client_ca, base),
      })),
    },
    bayes: {
      ...config.bayes,
      // Empty: the one that is shipped.
      starter: { ...config.bayes.starter, file: absoluteSource(config.bayes.starter.file, base) },
    },
    credentials: config.credentials.map((credential) => ({
      ...credential,
      secret: absoluteSource(credential.secret, base),
    })),
    store: {
      ...config.store,
      directory: resolve(base, config.store.directory),
      secret_file: absoluteSource(config.store.secret_file, base),
    },
  };
}

function absoluteSource(source: string, base: string): string {
  return source !== '' && isPath(source) ? resolve(base, source) : source;
}
