import { createHash, randomBytes } from 'node:crypto';
import { linkSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StoreError } from '../../errors.ts';
import { BEACON, beaconName, isLit, lightBeacon } from './beacon.ts';

const LOCK = 'owner.pid';
/** Owners that come and go while one starter tries. */
const TRIES_MAX = 5;

/**
 * One process owns a store: LMDB would let two in, and each would hold its own tables. The lock is a file with the owner's
 * pid, its start time and the name of its beacon. So one left behind by a crash is known for dead, even if its pid is somebody
 * else's by now; and one of another container is known for alive, where its pid is nobody's or is our own.
 * @returns releases the lock. @throws StoreError `locked`.
 */
export async function lockDirectory(dir: string): Promise<() => void> {
  const path = join(dir, LOCK);
  // Not by process id: in two containers that is the same.
  const draft = `${path}.${randomBytes(8).toString('hex')}`;
  const beacon = beaconName();
  writeFileSync(draft, `${process.pid} ${startTime(process.pid)} ${beacon}\n`, { mode: 0o600 });
  try {
    // Before the lock can be seen: whoever reads it finds the beacon lit.
    const putOut = await lightBeacon(dir, beacon);
    await take(dir, path, draft).catch((error: unknown) => {
      putOut();
      throw error;
    });
    return () => {
      rmSync(path, { force: true });
      putOut();
    };
  } finally {
    rmSync(draft, { force: true });
  }
}

async function take(dir: string, path: string, draft: string): Promise<void> {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    // link() is atomic and brings the content along: nobody ever reads half a lock.
    if (tryLink(draft, path) || (await replaceDead(dir, path, draft))) return;
  }
  throw new StoreError('locked', `The store in ${dir} is being opened by other processes; try again.`);
}

/**
 * Puts the draft in the place of a dead owner's lock. Of many who find it one gets the claim on it, a lock like any other: a
 * second one who came late must not remove what the first has put there. So no lock but a dead one is ever moved.
 * @returns false where the lock has changed meanwhile.
 */
async function replaceDead(dir: string, path: string, draft: string): Promise<boolean> {
  const owner = readIfThere(path);
  if (owner === undefined) return false;
  const beacon = await refuseIfAlive(dir, owner);
  const claim = join(dir, `${LOCK}.${createHash('sha256').update(owner).digest('hex').slice(0, 16)}`);
  await take(dir, claim, draft);
  if (readIfThere(path) !== owner) {
    rmSync(claim);
    return false;
  }
  renameSync(claim, path);
  if (beacon !== '') rmSync(join(dir, beacon), { force: true });
  return true;
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

/** @returns name of the dead owner's beacon, '' where it had none. */
async function refuseIfAlive(dir: string, owner: string): Promise<string> {
  const [pid = '', started = '', name = ''] = owner.trim().split(' ');
  const beacon = BEACON.test(name) ? name : '';
  const isHere = isAlive(Number(pid)) && started === startTime(Number(pid));
  if (!isHere && (beacon === '' || !(await isLit(dir, beacon)))) return beacon;
  const who = isHere ? `process ${pid}` : `a process of another container, there ${pid}`;
  throw new StoreError(
    'locked',
    `The store in ${dir} is in use by ${who}; stop that process, or use another directory.`,
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
