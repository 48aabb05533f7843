import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, closeSync, openSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { join } from 'node:path';

/** Names of beacons' sockets. */
export const BEACON = /^owner\.[0-9a-f]{16}\.sock$/;

const SIGNS_OF_DEATH: ReadonlySet<string> = new Set(['ECONNREFUSED', 'ENOENT']);

export function beaconName(): string {
  return `owner.${randomBytes(8).toString('hex')}.sock`;
}

/**
 * Makes a socket in a directory that says by being connectable that its owner lives. The kernel answers for a process that is
 * busy or stopped, never for one that is gone, and across containers that share the directory: there, process ids say nothing.
 * @returns closes and removes it. @throws the system's error
 */
export async function lightBeacon(dir: string, name: string): Promise<() => void> {
  const server = createServer((socket) => socket.destroy());
  const { path, release } = shortPath(dir, name);
  try {
    await once(server.listen(path), 'listening');
    chmodSync(path, 0o600);
  } catch (error) {
    server.close();
    release();
    throw error;
  }
  server.unref();
  return () => {
    server.close();
    release();
  };
}

/** Whether somebody listens there. */
export async function isLit(dir: string, name: string): Promise<boolean> {
  const { path, release } = shortPath(dir, name);
  const socket = createConnection(path);
  try {
    return await new Promise((resolve) => {
      socket.once('connect', () => resolve(true));
      // Whatever else there is, such as EAGAIN of one that is too busy to take us, is no sign of death.
      socket.once('error', ({ code }: NodeJS.ErrnoException) => resolve(!SIGNS_OF_DEATH.has(code ?? '')));
    });
  } finally {
    socket.destroy();
    release();
  }
}

/** A socket's path has 107 bytes at most (unix(7)), and Node cuts a longer one off: on Linux, by way of the open directory. */
function shortPath(dir: string, name: string): { path: string; release: () => void } {
  if (process.platform !== 'linux') return { path: join(dir, name), release: () => undefined };
  const directory = openSync(dir, 'r');
  return { path: `/proc/self/fd/${directory}/${name}`, release: () => closeSync(directory) };
}
