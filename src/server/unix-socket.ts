import { chmodSync, chownSync, existsSync, lstatSync, readFileSync, rmSync, type Stats } from 'node:fs';
import { createConnection } from 'node:net';
import { dirname } from 'node:path';
import { makeDirectories } from '../directory.ts';
import { StartError } from '../errors.ts';

/** `sun_path` holds 108 bytes with its last zero (unix(7)). */
const PATH_BYTES_MAX = 107;

/** Makes the directory of a socket; the socket's group may go through it. @throws StartError */
export function makeSocketDirectory(path: string): void {
  try {
    makeDirectories(dirname(path), 0o750);
  } catch (cause) {
    throw new StartError(
      `The directory of the socket ${path} cannot be made (${codeOf(cause)}). Make it, or choose another path.`,
      { cause },
    );
  }
}

/**
 * Makes sure that a socket can be made at `path`: one left behind by a daemon that died is removed.
 * @throws StartError the path is too long, taken by something else, or by a living daemon.
 */
export async function clearSocketPath(path: string): Promise<void> {
  checkSocketPlace(path);
  if (!existsSync(dirname(path))) {
    throw new StartError(`There is no directory for the socket ${path}. Create it first.`);
  }
  if (lookAt(path) === undefined) return;
  const answer = await knock(path);
  if (answer === 'ECONNREFUSED') rmSync(path, { force: true });
  else if (answer === 'connected' || answer === 'EAGAIN') {
    throw new StartError(`A daemon listens on ${path} already. Stop it, or choose another path.`);
  } else if (answer !== 'ENOENT') {
    throw new StartError(`The socket ${path} cannot be tried (${answer}). Remove it if no daemon uses it.`);
  }
}

/** What of that can be seen without a knock. @throws StartError the path is too long, or taken by something else. */
export function checkSocketPlace(path: string): void {
  if (Buffer.byteLength(path) > PATH_BYTES_MAX) {
    throw new StartError(
      `The socket path ${path} is longer than ${PATH_BYTES_MAX} bytes. Choose a shorter one.`,
    );
  }
  const there = lookAt(path);
  if (there !== undefined && !there.isSocket()) {
    throw new StartError(`${path} is there and is no socket. Move it away, or choose another path.`);
  }
}

function lookAt(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (cause) {
    const message = `The socket path ${path} cannot be looked at (${codeOf(cause)}). Choose another one.`;
    throw new StartError(message, { cause });
  }
}

/** Sets group and mode of a fresh socket; until then it was its owner's alone. @throws StartError */
export function openToGroup(path: string, mode: string, group: string): void {
  try {
    if (group !== '') chownSync(path, process.geteuid?.() ?? -1, groupId(group));
    chmodSync(path, Number.parseInt(mode, 8));
  } catch (error) {
    if (error instanceof StartError) throw error;
    throw new StartError(
      `${path} cannot be given to group ${group} (${codeOf(error)}). Run the daemon as a member of that group.`,
      { cause: error },
    );
  }
}

/** Code of a system error. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}

async function knock(path: string): Promise<string> {
  const socket = createConnection(path);
  try {
    return await new Promise((resolve) => {
      socket.once('connect', () => resolve('connected'));
      socket.once('error', (error) => resolve(codeOf(error)));
    });
  } finally {
    socket.destroy();
  }
}

/** Node cannot look a group up by name; a number is taken as it is. @throws StartError there is no such group. */
export function groupId(group: string): number {
  if (/^[0-9]{1,9}$/.test(group)) return Number(group);
  const line = readFileSync('/etc/group', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${group}:`));
  const id = line?.split(':')[2];
  if (id !== undefined) return Number(id);
  throw new StartError(
    `There is no group ${group} in /etc/group. Create it, or name another one or its number.`,
  );
}
