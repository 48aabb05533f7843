import { type Address, type AuthOptions, PnpClient } from '../../clients/node/pnp-client.ts';
import { loadConfig } from '../config/load.ts';
import { CliError, EXIT } from './exit.ts';
import type { DaemonArgs } from './options.ts';
import { authOf, tcpAddress } from './remote-daemon.ts';

/** A person waits: long enough for a busy daemon, short enough to notice a dead one. */
const TIMEOUT_MS = 10_000;

/** The right that a command needs. `admin`: the listener of the operator, whose word needs no reporter. */
export type Need = 'check' | 'learn' | 'admin';

/** Runs `use` with a client of the daemon that the options name, and closes it. */
export async function withDaemon<T>(
  args: DaemonArgs,
  need: Need,
  use: (client: PnpClient) => Promise<T>,
): Promise<T> {
  // One call: what is too long the daemon says itself, by its own limit.
  const options = { timeoutMs: TIMEOUT_MS, requestBytesMax: Number.POSITIVE_INFINITY };
  const client = new PnpClient({ ...findDaemon(args, need), ...options });
  try {
    return await use(client);
  } finally {
    client.close();
  }
}

/** How to reach a daemon. */
export type DaemonPlace = Address & { readonly auth?: AuthOptions };

/**
 * Where the daemon listens: the options, else `$PROVIDENCE_SOCKET`, else the configuration's first Unix socket that has the
 * right, else its first plain TCP listener that has. @throws CliError, ConfigError, StartError a secret cannot be read
 */
export function findDaemon(args: DaemonArgs, need: Need, env: NodeJS.ProcessEnv = process.env): DaemonPlace {
  const address = findAddress(args, need, env);
  const auth = authOf(args);
  return auth === undefined ? address : { ...address, auth };
}

function findAddress(args: DaemonArgs, need: Need, env: NodeJS.ProcessEnv): Address {
  if (args.port !== undefined || args.host !== undefined) return tcpAddress(args);
  if (args.tls || args['tls-ca'] !== undefined || args['tls-certificate'] !== undefined) {
    throw new CliError(EXIT.usage, 'TLS options need to know where the daemon is; add --host or --port.');
  }
  const path = args.socket ?? env['PROVIDENCE_SOCKET'];
  if (path !== undefined && path !== '') return { path };
  const { unix, tcp } = loadConfig(args.config, env).config.listen;
  const socket = unix.find(({ rights }) => rights.includes(need));
  if (socket !== undefined) return { path: socket.path };
  // What a TLS listener wants to see, this configuration does not say.
  const listener = tcp.find(({ rights, tls_certificate }) => rights.includes(need) && tls_certificate === '');
  if (listener !== undefined) return { host: listener.host, port: listener.port };
  throw new CliError(
    EXIT.config,
    `No listener of the configuration has the right '${need}' without TLS; add one, or give --socket or --host.`,
  );
}
