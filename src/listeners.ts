import type { Access } from './access/access.ts';
import type { Config } from './config/schema.ts';
import type { Metrics } from './metrics/metrics.ts';
import { startHttp } from './server/http.ts';
import { type Listener, listenTCP, listenUnix } from './server/listener.ts';
import type { Server } from './server/server.ts';
import type { Store } from './store/store.ts';
import type { Supervisor } from './supervisor/supervisor.ts';

/** Where a started daemon listens. */
export interface Addresses {
  readonly unix: readonly string[];
  /** `host:port` of each TCP listener. */
  readonly tcp: readonly string[];
  readonly http: string | undefined;
}

/** What is undone at the stop, in reverse. */
export type Closers = (() => void | Promise<void>)[];

interface Rooms {
  readonly server: Server;
  readonly store: Store;
  readonly metrics: Metrics;
  readonly access: Access;
  readonly supervisor: Supervisor;
}

/** Opens what the configuration names; each place is closed by one of the closers. @throws StartError */
export async function listen({ listen, http }: Config, rooms: Rooms, closers: Closers): Promise<Addresses> {
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
