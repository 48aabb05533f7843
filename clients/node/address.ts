import { connect, isIP, isIPv4, type Socket } from 'node:net';
import { connect as connectSecurely, createSecureContext, type SecureContextOptions } from 'node:tls';
import { PnpError } from './pnp-error.ts';

/** Where the daemon listens; with `tls` by TLS, its certificate checked against `host`. */
export type Address =
  | { readonly path: string }
  | { readonly host: string; readonly port: number; readonly tls?: TLSOptions | undefined };

/** PEM. `ca`: whom to believe, else the public authorities; `cert` and `key`: the client certificate. */
export type TLSOptions = Pick<SecureContextOptions, 'ca' | 'cert' | 'key'> & {
  /** Name that the certificate must have, in place of `host`. */
  readonly servername?: string | undefined;
};

/** For people. */
export function placeOf(address: Address): string {
  return 'path' in address ? address.path : `${address.host}:${address.port}`;
}

/** Tries once, while somebody can be told, what can be tried of the options. @throws PnpError `bad-request` */
export function checkAddress(address: Address, hasSecret: boolean): void {
  if ('path' in address) return;
  if (address.tls === undefined) {
    if (!hasSecret || isLoopback(address.host)) return;
    throw new PnpError('bad-request', 'A secret is not sent in clear beyond this machine; give `tls`.');
  }
  try {
    createSecureContext(address.tls);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const message = `The TLS options cannot be used (${code}); give authorities, certificate and its key in PEM.`;
    throw new PnpError('bad-request', message, { cause });
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

/** The socket, and the event that says that it can be used. */
export function openSocket(address: Address): [Socket, 'connect' | 'secureConnect'] {
  if ('path' in address || address.tls === undefined)
    return [connect({ ...address, noDelay: true }), 'connect'];
  const { host, port, tls } = address;
  const { servername = isIP(host) === 0 ? host : '', ...context } = tls;
  const named = servername === '' ? {} : { servername };
  // Said, since the environment of the process may say something else.
  const socket = connectSecurely({ host, port, ...context, ...named, rejectUnauthorized: true });
  return [socket.setNoDelay(), 'secureConnect'];
}
