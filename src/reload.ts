import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import { type Changes, changesTo } from './config/changes.ts';
import type { Config } from './config/schema.ts';
import type { ConfigSource } from './config/source.ts';
import { ConfigError, StartError } from './errors.ts';
import type { Metrics } from './metrics/metrics.ts';

/** From the beginning of one reload to that of the next: a storm of signals must not keep the daemon from judging. */
const INTERVAL_MS = 100;

/**
 * A part of the daemon that follows a reload. It makes ready what the configuration asks of it, and changes nothing; what it
 * returns puts that in force at once and cannot fail. Throws a StartError where it cannot do what is asked.
 */
export type Reloadable = (config: Config) => (() => void) | Promise<() => void>;

/** Hears of each reload, so that a supervisor can be told. */
export interface ReloadEvents {
  reloading(): void;
  /** Applied or refused: the daemon is ready as before. */
  reloaded(): void;
}

/** What has changed, or why nothing has. */
export type Outcome = Changes | ConfigError | StartError;

export interface ReloaderOptions {
  readonly source: ConfigSource;
  /** What the daemon has started with. */
  readonly config: Config;
  readonly parts: readonly Reloadable[];
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly events: ReloadEvents;
}

/**
 * Reads the configuration again and has the parts follow it: all of them or, where one cannot or the file is bad, none. One
 * reload at a time. Who asks while another waits for its turn shares it; who asks after the file was read gets the next one.
 */
export class Reloader {
  readonly #options: ReloaderOptions;
  #config: Config;
  #waitingKeys = 0;
  #due: Promise<Outcome> | undefined;
  /** Settles with the last reload that was asked for. */
  #last: Promise<unknown> = Promise.resolve();
  #begunAt = Number.NEGATIVE_INFINITY;

  constructor(options: ReloaderOptions) {
    this.#options = options;
    this.#config = options.config;
  }

  /** In force: what the daemon has started with, and what reloads have changed of it. */
  get config(): Config {
    return this.#config;
  }

  /** Changed keys that wait for a restart, by the last file that could be used. */
  get waitingKeys(): number {
    return this.#waitingKeys;
  }

  /** What has changed, or why nothing has: the old configuration then stays whole. Either is logged and counted. */
  reload(): Promise<Outcome> {
    if (this.#due !== undefined) return this.#due;
    const due = this.#inTurn(this.#last);
    this.#due = due;
    this.#last = due;
    return due;
  }

  /** Settles when no reload is under way. */
  async settled(): Promise<void> {
    await Promise.allSettled([this.#last]);
  }

  async #inTurn(last: Promise<unknown>): Promise<Outcome> {
    await Promise.allSettled([last]);
    await pause(Math.max(0, this.#begunAt + INTERVAL_MS - performance.now()));
    this.#begunAt = performance.now();
    this.#due = undefined;
    const { log, metrics, events } = this.#options;
    events.reloading();
    try {
      const changes = await this.#follow();
      metrics.reload('applied');
      log.info({ changed: changes.changed }, 'configuration reloaded');
      if (changes.restart.length > 0) log.warn({ keys: changes.restart }, 'changed keys wait for a restart');
      return changes;
    } catch (error) {
      if (!(error instanceof ConfigError || error instanceof StartError)) throw error;
      metrics.reload('refused');
      log.error({ reason: error.message }, 'the configuration cannot be used; the old one stays');
      return error;
    } finally {
      events.reloaded();
    }
  }

  async #follow(): Promise<Changes> {
    const { changes, follow } = await this.#prepare();
    for (const apply of follow) apply();
    this.#config = changes.config;
    this.#waitingKeys = changes.restart.length;
    return changes;
  }

  /** @throws ConfigError, StartError */
  async #prepare(): Promise<{ readonly changes: Changes; readonly follow: readonly (() => void)[] }> {
    try {
      const { config } = this.#options.source.reload();
      const changes = changesTo(config, this.#config);
      const follow: (() => void)[] = [];
      for (const prepare of this.#options.parts) follow.push(await prepare(changes.config));
      return { changes, follow };
    } catch (error) {
      throw refusalOf(error);
    }
  }
}

/** What nobody has thought of must not end a daemon that works: nothing has changed yet. */
function refusalOf(error: unknown): ConfigError | StartError {
  if (error instanceof ConfigError || error instanceof StartError) return error;
  return new StartError(`The configuration cannot be read (${error}); correct it.`, { cause: error });
}
