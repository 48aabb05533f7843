import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect as connectSocket, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Response } from '../src/pnp/response.ts';
import type { Limits } from '../src/server/limits.ts';
import { type Listener, listenTCP, listenUnix, type UnixOptions } from '../src/server/listener.ts';
import type { Serve } from '../src/server/serve.ts';
import { Server } from '../src/server/server.ts';
import { doorFor, request, TEST_LIMITS, WireClient } from './wire-harness.ts';

export const OK: Response = { status: 'EX_OK' };

/** A server that stops with the test. */
export function serverFor(t: TestContext, serve: Serve = () => OK, limits: Partial<Limits> = {}): Server {
  const server = new Server({
    limits: { ...TEST_LIMITS, ...limits },
    events: {
      opened: () => ({
        serve,
        failed: (_verb, error) => assert.fail(String(error)),
        closed: () => undefined,
      }),
      answered: () => undefined,
      acceptFailed: (error) => assert.fail(String(error)),
      handshakeFailed: (_listener, error) => assert.fail(String(error)),
    },
  });
  t.after(() => server.drain(0));
  return server;
}

/** A directory that goes with the test. */
export function directoryFor(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'pnp-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** A listener on a path, with a server of its own. */
export async function listenOnUnix(
  t: TestContext,
  options: Partial<UnixOptions> & { path: string },
): Promise<Listener> {
  const listener = await listenUnix(serverFor(t), {
    mode: '660',
    group: '',
    door: doorFor(['check']),
    ...options,
  });
  t.after(() => listener.close());
  return listener;
}

/** A listener on a free port. */
export async function listenOnTCP(
  t: TestContext,
  server: Server,
  host = '127.0.0.1',
  port = 0,
): Promise<Listener> {
  const listener = await listenTCP(server, { host, port, door: doorFor(['check']) });
  t.after(() => listener.close());
  return listener;
}

/** A client on a path or a port. */
export async function open(place: string | number | undefined): Promise<WireClient & { socket: Socket }> {
  const socket =
    typeof place === 'string' ? connectSocket(place) : connectSocket(place as number, '127.0.0.1');
  socket.allowHalfOpen = true;
  await once(socket, 'connect');
  return Object.assign(new WireClient(socket), { socket });
}

/** Status of a PING on a fresh connection. */
export async function ping(place: string | number | undefined): Promise<number> {
  const client = await open(place);
  const { status } = await client.send(request('PING')).answer();
  client.socket.destroy();
  return status;
}
