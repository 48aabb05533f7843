import { type Address, PnpClient } from '../../clients/node/pnp-client.ts';
import { loadConfig } from '../config/load.ts';
import { CliError, EXIT } from './exit.ts';
import type { DaemonArgs } from './options.ts';

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

/**
 * Where the daemon listens: the options, else `$PROVIDENCE_SOCKET`, else the configuration's first Unix socket that has the
 * right, else its first TCP listener that has. @throws CliError, ConfigError
 */
export function findDaemon(args: DaemonArgs, need: Need, env: NodeJS.ProcessEnv = process.env): Address {
  if (args.port !== undefined) return { host: '127.0.0.1', port: portNumber(args.port) };
  const path = args.socket ?? env['PROVIDENCE_SOCKET'];
  if (path !== undefined && path !== '') return { path };
  const { unix, tcp } = loadConfig(args.config, env).config.listen;
  const socket = unix.find(({ rights }) => rights.includes(need));
  if (socket !== undefined) return { path: socket.path };
  const listener = tcp.find(({ rights }) => rights.includes(need));
  if (listener !== undefined) return { host: listener.host, port: listener.port };
  throw new CliError(
    EXIT.config,
    `No listener of the configuration has the right '${need}'; add one, or give --socket.`,
  );
}

/** @throws CliError 64 */
export function portNumber(port: number): number {
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new CliError(EXIT.usage, 'A port is a whole number from 1 to 65535; correct --port.');
}
