import { linkSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StoreError } from '../../errors.ts';

/** Starters that find and remove a dead owner's lock at the same moment. */
const TRIES_MAX = 5;

/**
 * One process owns a store: LMDB would let two in, and each would hold its own tables. The lock is a file with the owner's
 * pid and start time, so that one left behind by a crash is known for dead, even if its pid is somebody else's by now.
 * @returns releases the lock. @throws StoreError `locked`.
 */
export function lockDirectory(dir: string): () => void {
  const path = join(dir, 'owner.pid');
  const own = `${process.pid} ${startTime(process.pid)}\n`;
  const draft = `${path}.${process.pid}`;
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    rmSync(draft, { force: true });
    writeFileSync(draft, own, { mode: 0o600 });
    // link() is atomic and brings the content along: nobody ever reads half a lock.
    const taken = tryLink(draft, path);
    rmSync(draft, { force: true });
    if (taken) return () => rmSync(path, { force: true });
    removeDead(dir, path);
  }
  throw new StoreError('locked', `The store in ${dir} is being opened by other processes; try again.`);
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function removeDead(dir: string, path: string): void {
  const owner = readIfThere(path);
  if (owner === undefined) return;
  refuseIfAlive(dir, owner);
  // Between reading and removing, another starter may have put its own lock here: what was moved away is looked at again.
  const aside = `${path}.dead.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const moved = readIfThere(aside);
  if (moved !== owner) tryLink(aside, path);
  rmSync(aside, { force: true });
}

function refuseIfAlive(dir: string, owner: string): void {
  const [pid = '', started = ''] = owner.trim().split(' ');
  if (!isAlive(Number(pid)) || started !== startTime(Number(pid))) return;
  throw new StoreError(
    'locked',
    `The store in ${dir} is in use by process ${pid}; stop that process, or use another directory.`,
  );
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  if (isZombie(pid)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Killed, all threads gone, and not yet reaped by its parent: in a container that may never happen. */
function isZombie(pid: number): boolean {
  if (statFields(pid)[0] !== 'Z') return false;
  try {
    return readdirSync(`/proc/${pid}/task`).length <= 1;
  } catch {
    // Reaped at this moment.
    return true;
  }
}

/** Start of a process in clock ticks since boot, proc(5) field 22; '' where the system does not tell. */
function startTime(pid: number): string {
  return statFields(pid)[19] ?? '';
}

/** Fields of proc(5) stat from the third on. The second is the program's name in brackets and may hold anything. */
function statFields(pid: number): readonly string[] {
  const stat = readIfThere(`/proc/${pid}/stat`) ?? '';
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
