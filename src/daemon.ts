import type { Logger } from 'pino';
import { Access, type AccessConfig } from './access/access.ts';
import { createAttendants, type DaemonContext } from './attendant.ts';
import { loadConfig } from './config/load.ts';
import type { Config } from './config/schema.ts';
import { createLogger } from './logger.ts';
import { Metrics } from './metrics/metrics.ts';
import { createPipeline } from './pipeline/create.ts';
import { PROTOCOL, STATUS } from './pnp/grammar.ts';
import { startHttp } from './server/http.ts';
import { type Listener, listenTCP, listenUnix } from './server/listener.ts';
import { Server } from './server/server.ts';
import { makeSocketDirectory } from './server/unix-socket.ts';
import { openStore } from './store/lmdb/store.ts';
import { loadOrCreateSecret } from './store/secret.ts';
import type { Store } from './store/store.ts';
import { counted, statusSource } from './supervisor/status.ts';
import { Supervisor } from './supervisor/supervisor.ts';
import { version } from './version.ts';

/** Where a started daemon listens. */
export interface Addresses {
  readonly unix: readonly string[];
  /** `host:port` of each TCP listener. */
  readonly tcp: readonly string[];
  readonly http: string | undefined;
}

export interface Daemon {
  readonly config: Config;
  /** Opens the store, then listens. @throws StartError, StoreError; what was opened is closed again. */
  start(): Promise<Addresses>;
  /**
   * Takes over rights, domains, credentials and certificates, for open connections, too. Call it between `start` and `stop`.
   * @throws StartError something cannot be used; nothing has changed then
   */
  reload(config: AccessConfig): void;
  /** Accepts no more, answers what is in flight, writes what is held back, closes. May be called at any time. */
  stop(): Promise<void>;
}

/** What a stop may take beside the drain; the last resort of `serve` ends it earlier. */
const STOP_EXTRA_MS = 20_000;

/** Reads the configuration and hands the rooms to each other; decides nothing. @throws ConfigError, StartError */
export function createDaemon(options: { readonly configPath?: string | undefined } = {}): Daemon {
  const { config, unused } = loadConfig(options.configPath);
  const log = createLogger(config.log.level);
  for (const { name, nearest } of unused)
    log.warn({ variable: name, nearest }, 'an environment variable sets nothing');
  const supervisor = new Supervisor(log);
  /** Undone in reverse at the stop. */
  const closers: (() => void | Promise<void>)[] = [() => supervisor.close()];
  let stopping: Promise<void> | undefined;
  let access: Access | undefined;
  const stop = async () => {
    supervisor.stopping(config.limits.drain_seconds_max * 1_000 + STOP_EXTRA_MS);
    for (const close of closers.splice(0).reverse()) await close();
  };
  return {
    config,
    start: async () => {
      try {
        access = new Access(config);
        return await start({ config, log, access, supervisor }, closers);
      } catch (error) {
        await stop();
        throw error;
      }
    },
    reload: (next) => access?.reload(next),
    stop: () => {
      stopping ??= stop().then(() => log.info('stopped'));
      return stopping;
    },
  };
}

type Closers = (() => void | Promise<void>)[];

interface Foundation {
  readonly config: Config;
  readonly log: Logger;
  readonly access: Access;
  readonly supervisor: Supervisor;
}

async function start(foundation: Foundation, closers: Closers): Promise<Addresses> {
  const { config, log, access, supervisor } = foundation;
  for (const { path } of config.listen.unix) makeSocketDirectory(path);
  const store = await openStoreOf(config, log, supervisor);
  closers.push(() => store.close());
  const metrics = new Metrics();
  const context = contextOf(foundation, store, metrics);
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
  metrics.addGauges(gaugesOf(store, server, access));
  closers.push(() => server.drain(config.limits.drain_seconds_max * 1_000));
  const rooms = { server, store, metrics, access, supervisor };
  const addresses = await listen(config, rooms, closers);
  log.info({ ...addresses, lessons: store.sizes().lessons }, 'started');
  supervisor.ready(statusOf(addresses, store, metrics));
  return addresses;
}

function openStoreOf(
  { store, bayes, traces, cache }: Config,
  log: Logger,
  supervisor: Supervisor,
): Promise<Store> {
  return openStore({
    dir: store.directory,
    secret: loadOrCreateSecret(store.secret_file),
    now: Date.now,
    log,
    replaying: () => supervisor.starting(),
    serverTokensMax: bayes.server.tokens_max,
    userTokensMax: bayes.user.tokens_max,
    userCacheBytesMax: bayes.user.cache_bytes_max,
    tracesBytesMax: traces.bytes_max,
    tracesDays: traces.days,
    undoDays: store.undo_days,
    factRecordsMax: cache.records_max,
    checkpointSeconds: store.checkpoint_seconds,
    mapBytesMax: store.map_bytes_max,
    sync: store.sync,
  });
}

function contextOf({ config, log, access }: Foundation, store: Store, metrics: Metrics): DaemonContext {
  return {
    pipeline: createPipeline(config, store, {
      cacheHit: (unit) => metrics.cacheHit(unit),
      cacheMiss: (unit) => metrics.cacheMiss(unit),
      filterFailed: (unit, error) => {
        metrics.filterFailed(unit);
        log.warn({ filter: unit, err: error }, 'a filter failed and abstained');
      },
    }),
    store,
    metrics,
    limits: config.limits,
    authenticate: (peer, name, secret) => access.authenticate(peer, name, secret),
    server: `Providence/${version()} (${PROTOCOL})`,
    now: Date.now,
  };
}

function gaugesOf(store: Store, server: Server, access: Access) {
  const size = (name: keyof ReturnType<Store['sizes']>) => () => store.sizes()[name];
  return {
    providence_connections: { help: 'Open connections.', read: () => server.connections },
    providence_queue_requests: { help: 'Requests that wait for their turn.', read: () => server.queued },
    providence_certificate_expires_seconds: {
      help: 'When the first certificate of a listener expires, in seconds since 1970; 0: there is none.',
      read: () => access.certificateExpiresAt,
    },
    providence_store_writes_pending: { help: 'Writes not yet committed.', read: size('writesPending') },
    providence_store_degraded: {
      help: '1 while the store cannot write.',
      read: () => (store.state === 'ok' ? 0 : 1),
    },
    providence_store_bytes: { help: 'Bytes of the store in use.', read: size('fileBytes') },
    providence_server_tokens: { help: 'Tokens in the server-wide table.', read: size('serverTokens') },
    providence_server_tokens_refused: {
      help: 'Tokens for which the server-wide table had no room.',
      read: size('serverTokensRefused'),
    },
    providence_user_tables_cached: { help: "Users' tables in memory.", read: size('userTablesCached') },
    providence_lessons_live: { help: 'Lessons that are in force.', read: size('lessons') },
    providence_trace_bytes: { help: 'Bytes of traces.', read: size('traceBytes') },
    providence_fact_records_cached: { help: 'Fact records in memory.', read: size('factRecordsCached') },
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

interface Rooms {
  readonly server: Server;
  readonly store: Store;
  readonly metrics: Metrics;
  readonly access: Access;
  readonly supervisor: Supervisor;
}

async function listen({ listen, http }: Config, rooms: Rooms, closers: Closers): Promise<Addresses> {
  const opened = async (listener: Promise<Listener>) => {
    const { name, close } = await listener;
    closers.push(close);
    return name;
  };
  const { server, access } = rooms;
  const { sockets } = rooms.supervisor;
  const unix: string[] = [];
  for (const [index, options] of listen.unix.entries()) {
    const door = access.unix(index);
    unix.push(await opened(listenUnix(server, { ...options, door }, sockets)));
  }
  const tcp: string[] = [];
  for (const [index, options] of listen.tcp.entries()) {
    const door = access.tcp(index);
    tcp.push(await opened(listenTCP(server, { ...options, door }, sockets)));
  }
  sockets.refuseRest();
  return { unix, tcp, http: http.host === '' ? undefined : await listenHttp(http, rooms, closers) };
}

async function listenHttp(
  http: Config['http'],
  { store, metrics }: Rooms,
  closers: Closers,
): Promise<string> {
  const page = await startHttp({
    ...http,
    metrics,
    readiness: () => {
      const ready = store.state === 'ok';
      return { ready, reason: ready ? 'ready' : 'the store cannot write: lessons are refused' };
    },
  });
  closers.push(() => page.close());
  return `http://${http.host}:${page.port}`;
}
