import { type Stats, statSync } from 'node:fs';
import { ConfigError } from '../errors.ts';
import { type LoadedConfig, loadConfig, SYSTEM_PATH } from './load.ts';

/**
 * Where a daemon's configuration comes from, the first time and again. The file that was found once stays the file: one that
 * disappears is an error, not a way back to the defaults. Where there was none, it is looked for anew.
 */
export class ConfigSource {
  readonly #env: NodeJS.ProcessEnv;
  readonly #systemPath: string;
  #path: string | undefined;

  constructor(path?: string, env: NodeJS.ProcessEnv = process.env, systemPath = SYSTEM_PATH) {
    this.#path = path;
    this.#env = env;
    this.#systemPath = systemPath;
  }

  /** @throws ConfigError as `loadConfig` */
  load(): LoadedConfig {
    const loaded = loadConfig(this.#path, this.#env, this.#systemPath);
    this.#path = loaded.path;
    return loaded;
  }

  /** As `load`, of a file that may be being written at this moment. @throws ConfigError */
  reload(): LoadedConfig {
    if (this.#path !== undefined) checkWhole(this.#path);
    return this.load();
  }
}

/** An editor that begins by emptying the file must not put the defaults in force, and a pipe must not stop the daemon. */
function checkWhole(path: string): void {
  const there = lookAt(path);
  if (there === undefined) return;
  if (!there.isFile()) {
    throw new ConfigError(`${path}: is no regular file and cannot be read again; restart instead.`);
  }
  if (there.size === 0) {
    throw new ConfigError(`${path}: is empty; if the defaults are meant, write a comment into it.`);
  }
}

/** Undefined: reading it will say what is wrong. */
function lookAt(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}
