import { readFileSync } from 'node:fs';
import type { Address, AuthOptions, TLSOptions } from '../../clients/node/pnp-client.ts';
import { SECRET_BYTES_MAX, SECRET_BYTES_MIN } from '../access/credentials.ts';
import { isLoopback } from '../config/schema-listen.ts';
import { readSecretLine, readSource, SOURCE_FORM, SOURCE_PATTERN } from '../secret-source.ts';
import { CliError, cannotRead, EXIT } from './exit.ts';
import type { DaemonArgs } from './options.ts';

const PORT = 7711;

/** A daemon named by --host and --port; beyond loopback nothing is said in clear. @throws CliError, StartError */
export function tcpAddress(args: DaemonArgs): Address {
  const host = args.host ?? '127.0.0.1';
  const port = args.port === undefined ? PORT : portNumber(args.port);
  const tls = tlsOf(args);
  return tls === undefined && isLoopback(host) ? { host, port } : { host, port, tls: tls ?? {} };
}

/** What AUTH sends; undefined: nothing. @throws CliError, StartError the secret cannot be read */
export function authOf({ credential, 'secret-from': source }: DaemonArgs): AuthOptions | undefined {
  if (credential === undefined || source === undefined) return undefined;
  const limits = { bytesMin: SECRET_BYTES_MIN, bytesMax: SECRET_BYTES_MAX };
  const what = 'The secret of --secret-from';
  return {
    credential,
    secret: readSecretLine(checked('secret-from', source), { what, modeRefused: 0o007, ...limits }),
  };
}

function tlsOf(args: DaemonArgs): TLSOptions | undefined {
  const { tls, 'tls-ca': ca, 'tls-certificate': certificate, 'tls-key': key } = args;
  if ((certificate === undefined) !== (key === undefined)) {
    throw new CliError(
      EXIT.usage,
      'A client certificate needs its key; give --tls-certificate and --tls-key together.',
    );
  }
  if (!tls && ca === undefined && certificate === undefined) return undefined;
  const what = 'The key of --tls-key';
  return {
    ...(ca === undefined ? {} : { ca: read(ca) }),
    ...(certificate === undefined ? {} : { cert: read(certificate) }),
    ...(key === undefined ? {} : { key: readSource(checked('tls-key', key), { what, modeRefused: 0o007 }) }),
  };
}

function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw cannotRead(path, error);
  }
}

/** Not echoed: it may be the secret. */
function checked(option: string, source: string): string {
  if (SOURCE_PATTERN.test(source)) return source;
  throw new CliError(EXIT.usage, `--${option} is ${SOURCE_FORM}.`);
}

/** @throws CliError 64 */
export function portNumber(port: number): number {
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new CliError(EXIT.usage, 'A port is a whole number from 1 to 65535; correct --port.');
}
