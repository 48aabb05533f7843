import { constants } from 'node:crypto';
import type { Socket } from 'node:net';
import { createServer, type Server as SecureServer, type TLSSocket } from 'node:tls';
import type { Door, Proof } from '../access/door.ts';
import type { TLSSettings } from '../access/tls-settings.ts';
import type { Limits } from './limits.ts';
import type { Server } from './server.ts';

/** Connections of one listener beyond `connections_max` and those amid the handshake, that it may tell them so. */
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
  server.follow(({ connections_max, unproven_connections_max }) => {
    listening.maxConnections = connections_max + unproven_connections_max + SPARE_CONNECTIONS;
  });
  boundHandshakes(listening, () => server.limits);
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

/** A handshake that has begun. */
interface Handshake {
  readonly socket: Socket;
  readonly timer: NodeJS.Timeout;
}

/**
 * Cuts off whoever takes longer over the handshake, and the oldest where there are too many: an honest one is over in a moment.
 * The time-out of `createServer` begins anew with each byte that comes, so that a client could draw a handshake out for ever.
 */
function boundHandshakes(listening: SecureServer, limits: () => Limits): void {
  /** Oldest first. */
  const underWay = new Map<string, Handshake>();
  const forget = (name: string) => {
    clearTimeout(underWay.get(name)?.timer);
    underWay.delete(name);
  };
  listening.on('connection', (socket: Socket) => {
    const { handshake_seconds_max, unproven_connections_max } = limits();
    const name = nameOf(socket);
    forget(name);
    for (const [older, { socket: olderSocket }] of underWay) {
      if (underWay.size < unproven_connections_max) break;
      forget(older);
      olderSocket.destroy();
    }
    const timer = setTimeout(() => socket.destroy(), handshake_seconds_max * 1_000);
    underWay.set(name, { socket, timer });
    // An earlier connection of the same name may be closed late.
    socket.once('close', () => {
      if (underWay.get(name)?.socket === socket) forget(name);
    });
    // A daemon that stops waits for nobody's handshake.
    timer.unref();
    socket.unref();
  });
  listening.on('secureConnection', (socket: TLSSocket) => {
    forget(nameOf(socket));
    socket.ref();
  });
}

/** What names a living connection of one listener, before and behind the handshake alike. */
function nameOf({ localAddress, remoteAddress, remotePort }: Socket): string {
  return `${localAddress} ${remoteAddress} ${remotePort}`;
}
