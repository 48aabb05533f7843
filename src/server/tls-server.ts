import { constants } from 'node:crypto';
import type { Socket } from 'node:net';
import { createServer, type Server as SecureServer, type TLSSocket } from 'node:tls';
import type { Door, Proof } from '../access/door.ts';
import type { TLSSettings } from '../access/tls-settings.ts';
import type { Server } from './server.ts';

/** Connections of one listener beyond `connections_max`, that it may tell them so; still more are cut off amid the handshake. */
const SPARE_CONNECTIONS = 64;
/** A certificate is looked at on each connection, never believed from an earlier one; and only once on it. */
const SECURE_OPTIONS = constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION;

/** Serves PNP over TLS. Its door tells who came in, and brings other settings at a reload. */
export function createSecureServer(
  server: Server,
  name: string,
  { door, tls }: { readonly door: Door; readonly tls: TLSSettings },
): SecureServer {
  const listening = createServer({
    ...contextOf(tls),
    allowHalfOpen: true,
    noDelay: true,
    // Whom to believe is the door's to say: a refusal amid the handshake could tell nobody why.
    requestCert: true,
    rejectUnauthorized: false,
  });
  server.follow((limits) => {
    listening.maxConnections = limits.connections_max + SPARE_CONNECTIONS;
  });
  boundHandshakes(listening, () => server.limits.handshake_seconds_max * 1_000);
  listening.on('tlsClientError', (error) => server.handshakeFailed(name, error));
  listening.on('secureConnection', (socket: TLSSocket) =>
    server.accept(socket, door.admit(name, socket.remoteAddress ?? name, proofOf(socket))),
  );
  door.onTLS = (settings) => listening.setSecureContext(contextOf(settings));
  return listening;
}

function contextOf({ cert, key, ca, minVersion }: TLSSettings) {
  // A list of authorities, be it empty, keeps the public ones out.
  return { cert, key, ca: [...ca], minVersion, secureOptions: SECURE_OPTIONS };
}

function proofOf(socket: TLSSocket): Proof {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return { certificate, fault: undefined };
  return { certificate, fault: socket.authorized ? undefined : String(socket.authorizationError) };
}

/**
 * Cuts off whoever takes longer over the handshake. The time-out of `createServer` begins anew with each byte that comes, so
 * that a client could draw a handshake out for ever.
 */
function boundHandshakes(listening: SecureServer, milliseconds: () => number): void {
  const timers = new Map<string, NodeJS.Timeout>();
  const stop = (name: string) => {
    clearTimeout(timers.get(name));
    timers.delete(name);
  };
  listening.on('connection', (socket: Socket) => {
    const name = nameOf(socket);
    const timer = setTimeout(() => socket.destroy(), milliseconds());
    stop(name);
    timers.set(name, timer);
    // An earlier connection of the same name may be closed late.
    socket.once('close', () => {
      if (timers.get(name) === timer) stop(name);
    });
    // A daemon that stops waits for nobody's handshake.
    timer.unref();
    socket.unref();
  });
  listening.on('secureConnection', (socket: TLSSocket) => {
    stop(nameOf(socket));
    socket.ref();
  });
}

/** What names a living connection of one listener, before and behind the handshake alike. */
function nameOf({ localAddress, remoteAddress, remotePort }: Socket): string {
  return `${localAddress} ${remoteAddress} ${remotePort}`;
}
