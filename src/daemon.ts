import type { Logger } from 'pino';
import { Access } from './access/access.ts';
import { createAttendants, type DaemonContext } from './attendant.ts';
import type { Config } from './config/schema.ts';
import { ConfigSource } from './config/source.ts';
import { gaugesOf } from './gauges.ts';
import { LinearFitter } from './linear/fitter.ts';
import { type Addresses, type Closers, listen } from './listeners.ts';
import { createLogger } from './logger.ts';
import { Metrics } from './metrics/metrics.ts';
import { createPipeline, fitterBounds, weigherOptions } from './pipeline/create.ts';
import { Weigher } from './pipeline/weigh.ts';
import { PROTOCOL, STATUS } from './pnp/grammar.ts';
import { type Outcome, Reloader } from './reload.ts';
import { reloadablesOf } from './reloadables.ts';
import { Server } from './server/server.ts';
import { makeSocketDirectory } from './server/unix-socket.ts';
import { openStore } from './store/lmdb/store.ts';
import type { Store } from './store/store.ts';
import { storeOptions } from './store-options.ts';
import { counted, statusSource } from './supervisor/status.ts';
import { Supervisor } from './supervisor/supervisor.ts';
import { Learning } from './verbs/learning.ts';
import { version } from './version.ts';

export interface Daemon {
  /** In force: what was loaded, and what reloads have changed of it. */
  readonly config: Config;
  /** Opens the store, then listens. @throws StartError, StoreError; what was opened is closed again. */
  start(): Promise<Addresses>;
  /** Accepts no more, answers what is in flight, writes what is held back, closes. During the start, at the end of that. */
  stop(): Promise<void>;
  /**
   * Reads the configuration again. Before the end of the start it is put off till then, after a stop was asked for there is
   * nothing to do: undefined. What comes of it is in the log.
   */
  reload(): Promise<Outcome> | undefined;
}

/** What a stop may take beside the drain; the last resort of `serve` ends it earlier. */
const STOP_EXTRA_MS = 20_000;

/** Reads the configuration and hands the rooms to each other; decides nothing. @throws ConfigError, StartError */
export function createDaemon(options: { readonly configPath?: string | undefined } = {}): Daemon {
  const source = new ConfigSource(options.configPath);
  const { config, unused } = source.load();
  const log = createLogger(config.log.level);
  for (const { name, nearest } of unused)
    log.warn({ variable: name, nearest }, 'an environment variable sets nothing');
  const supervisor = new Supervisor(log);
  const closers: Closers = [() => supervisor.close()];
  let starting: Promise<Addresses> | undefined;
  let stopping: Promise<void> | undefined;
  let reloader: Reloader | undefined;
  let isReloadDue = false;
  const close = async () => {
    const { limits } = reloader?.config ?? config;
    supervisor.stopping(limits.drain_seconds_max * 1_000 + STOP_EXTRA_MS);
    for (const closeOne of closers.splice(0).reverse()) await closeOne();
  };
  const open = async () => {
    try {
      const access = new Access(config);
      const started = await start({ source, config, log, access, supervisor }, closers);
      reloader = started.reloader;
      if (isReloadDue) void reload();
      return started.addresses;
    } catch (error) {
      await close();
      throw error;
    }
  };
  const reload = () => {
    if (reloader === undefined) isReloadDue = true;
    return stopping === undefined ? reloader?.reload() : undefined;
  };
  return {
    get config() {
      return reloader?.config ?? config;
    },
    start: () => {
      starting = open();
      return starting;
    },
    stop: () => {
      stopping ??= Promise.allSettled([starting])
        .then(close)
        .then(() => log.info('stopped'));
      return stopping;
    },
    reload,
  };
}

interface Foundation {
  readonly source: ConfigSource;
  readonly config: Config;
  readonly log: Logger;
  readonly access: Access;
  readonly supervisor: Supervisor;
}

interface Started {
  readonly addresses: Addresses;
  readonly reloader: Reloader;
}

async function start(foundation: Foundation, closers: Closers): Promise<Started> {
  const { config, log, access, supervisor } = foundation;
  for (const { path } of config.listen.unix) makeSocketDirectory(path);
  const replaying = () => supervisor.starting();
  const store = await openStore({ ...storeOptions(config, log, 'made'), replaying });
  closers.push(() => store.close());
  const metrics = new Metrics();
  const linear = fitterOf(config, log, store);
  closers.push(() => linear.close());
  const context = contextOf(foundation, { store, metrics, linear, reload: () => reloader.reload() });
  const server = new Server({
    limits: config.limits,
    events: {
      opened: createAttendants(context, log),
      answered: (verb, status) => metrics.request(verb ?? 'none', STATUS[status]),
      acceptFailed: (error) => log.error({ err: error }, 'a connection could not be accepted'),
      handshakeFailed: (listener, error) => {
        metrics.handshakeFailed();
        log.debug({ listener, reason: error.message }, 'a TLS handshake failed');
      },
    },
  });
  const parts = reloadablesOf({ ...context, log, access, linear, server });
  const reloader = new Reloader({ ...foundation, metrics, parts, events: supervisor });
  metrics.addGauges(gaugesOf({ store, linear, server, access, reloader }));
  closers.push(() => reloader.settled());
  closers.push(() => server.drain(reloader.config.limits.drain_seconds_max * 1_000));
  const rooms = { server, store, metrics, access, supervisor };
  const addresses = await listen(config, rooms, closers);
  log.info({ ...addresses, lessons: store.sizes().lessons }, 'started');
  supervisor.ready(statusOf(addresses, store, metrics));
  return { addresses, reloader };
}

/** Begins with the lessons that are there. */
function fitterOf(config: Config, log: Logger, { lessons }: Store): LinearFitter {
  const linear = new LinearFitter({
    lessons,
    bounds: fitterBounds(config),
    fitted: ({ error, milliseconds, ...fit }) => {
      const ms = Math.round(milliseconds);
      if (error === undefined) log.info({ ...fit, ms }, 'linear.server fitted');
      else log.error({ ...fit, ms, err: error }, 'linear.server could not be fitted; the fit before stays');
    },
  });
  linear.start();
  return linear;
}

type Shared = Pick<DaemonContext, 'store' | 'metrics' | 'reload'> & { readonly linear: LinearFitter };

function contextOf({ config, log, access }: Foundation, shared: Shared): DaemonContext {
  const { store, metrics, linear } = shared;
  return {
    ...shared,
    pipeline: createPipeline(
      config,
      { store, linear },
      {
        cacheHit: (unit) => metrics.cacheHit(unit),
        cacheMiss: (unit) => metrics.cacheMiss(unit),
        filterFailed: (unit, error) => {
          metrics.filterFailed(unit);
          log.warn({ filter: unit, err: error }, 'a filter failed and abstained');
        },
      },
    ),
    learning: new Learning(config.learn, store, Date.now),
    weigher: new Weigher(store, weigherOptions(config)),
    authenticate: (peer, name, secret) => access.authenticate(peer, name, secret),
    server: `Providence/${version()} (${PROTOCOL})`,
    now: Date.now,
  };
}

function statusOf({ unix, tcp }: Addresses, store: Store, metrics: Metrics): () => string {
  const places = `${counted(unix.length, 'Unix socket')} and ${counted(tcp.length, 'port')}`;
  const read = () => ({
    lessons: store.sizes().lessons,
    verdicts: metrics.verdicts,
    degraded: store.state !== 'ok',
  });
  return statusSource(places, read, () => performance.now());
}
