import { constants } from 'node:crypto';
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
    handshakeTimeout: server.limits.handshake_seconds_max * 1_000,
  });
  listening.maxConnections = server.limits.connections_max + SPARE_CONNECTIONS;
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
