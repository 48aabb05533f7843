import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { BlockList, createServer, isIP, type ListenOptions, type Server as NetServer } from 'node:net';
import type { Door } from '../access/door.ts';
import { StartError } from '../errors.ts';
import type { InheritedSockets } from '../supervisor/inherited-sockets.ts';
import type { Server } from './server.ts';
import { createSecureServer } from './tls-server.ts';
import { clearSocketPath, codeOf, openToGroup } from './unix-socket.ts';

export interface UnixOptions {
  readonly path: string;
  /** Octal digits. */
  readonly mode: string;
  /** Name or number; '' = the daemon's own. */
  readonly group: string;
  readonly door: Door;
}

export interface TCPOptions {
  /** An address, or the name of one. */
  readonly host: string;
  /** 0 = any free one. */
  readonly port: number;
  /** Without TLS it is opened on loopback only. */
  readonly door: Door;
}

/** A place where PNP is spoken. */
export interface Listener {
  /** Path, or address and port. */
  readonly name: string;
  /** TCP port; undefined for a Unix socket. */
  readonly port: number | undefined;
  /** Accepts no more, and removes the socket's file unless it was inherited; open connections go on. */
  close(): void;
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');
/** While it is made, a Unix socket is its owner's alone. */
const OWNER_ONLY = 0o177;

/**
 * An inherited socket at this path is taken over, with the mode and owner that it has.
 * @throws StartError naming what is in the way, and what to do.
 */
export async function listenUnix(
  server: Server,
  options: UnixOptions,
  inherited?: InheritedSockets,
): Promise<Listener> {
  const { path, mode, group } = options;
  const listening = netServer(server, path, options.door);
  const listener = { name: path, port: undefined, close: () => void listening.close() };
  const fd = inherited?.takeUnix(path);
  if (fd !== undefined) {
    await start(listening, { fd }, path);
    return listener;
  }
  await clearSocketPath(path);
  const umask = process.umask(OWNER_ONLY);
  // `listen` makes the file before it returns.
  const started = start(listening, { path }, path);
  process.umask(umask);
  await started;
  try {
    openToGroup(path, mode, group);
  } catch (error) {
    listening.close();
    throw error;
  }
  return listener;
}

/**
 * An inherited socket of this address and port is taken over.
 * @throws StartError the port is taken, or the address lies beyond loopback and there is no TLS.
 */
export async function listenTCP(
  server: Server,
  options: TCPOptions,
  inherited?: InheritedSockets,
): Promise<Listener> {
  const address = isIP(options.host) === 0 ? await resolved(options.host) : options.host;
  if (options.door.tls === undefined || !options.door.needsProof) requireLoopback(options.host, address);
  const place = (port: number) => `${isIP(address) === 6 ? `[${address}]` : address}:${port}`;
  const listening = netServer(server, place(options.port), options.door);
  const fd = inherited?.takeTCP(address, options.port);
  const where = fd === undefined ? { host: address, port: options.port } : { fd };
  await start(listening, where, place(options.port));
  const bound = listening.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : options.port;
  return { name: place(port), port, close: () => listening.close() };
}

function netServer(server: Server, name: string, door: Door): NetServer {
  const listening =
    door.tls === undefined
      ? createServer({ allowHalfOpen: true, noDelay: true }, (socket) =>
          server.accept(socket, door.admit(name, socket.remoteAddress ?? name)),
        )
      : createSecureServer(server, name, { door, tls: door.tls });
  listening.once('listening', () => listening.on('error', (error) => server.acceptFailed(error)));
  return listening;
}

async function start(
  listening: NetServer,
  options: ListenOptions | { fd: number },
  name: string,
): Promise<void> {
  listening.listen(options);
  try {
    await once(listening, 'listening');
  } catch (error) {
    throw new StartError(`Cannot listen on ${name} (${codeOf(error)}). ${adviceOn(codeOf(error))}`, {
      cause: error,
    });
  }
}

function adviceOn(code: string): string {
  if (code === 'EADDRINUSE') return 'Something listens there already: stop it, or choose another place.';
  if (code === 'EACCES') return 'Give the daemon the right to it, or choose another place.';
  return 'Choose another place.';
}

/** The configuration knows a name by its letters; here it is an address. */
function requireLoopback(host: string, address: string): void {
  if (LOOPBACK.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')) return;
  throw new StartError(
    `${host} is no loopback address; beyond loopback TLS is needed, and a proof of who asks. Listen on 127.0.0.1, on ::1 or on a Unix socket, or name the address itself, with tls_certificate and tls_key.`,
  );
}

async function resolved(host: string): Promise<string> {
  try {
    return (await lookup(host)).address;
  } catch (error) {
    throw new StartError(
      `The address ${host} cannot be resolved (${codeOf(error)}). Name an address of this machine.`,
      {
        cause: error,
      },
    );
  }
}
