import { accessSync, closeSync, constants, existsSync, openSync, readSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { StoreError } from '../../errors.ts';

/** Where a page of LMDB's file that describes the environment has its magic number, and what it is. */
const MAGIC_AT = 24;
const MAGIC = 0xbeefc0de;
const META_BYTES = 4096;
/** LMDB maps its lock file; without room for its pages the process would get a SIGBUS. */
const FREE_BYTES_MIN = 2 ** 20;
/**
 * The largest transaction may take as much: lessons, and beside them one step of tables (8 MiB), of traces (4) and of facts
 * (4). With less room the disk is full. LMDB is not to find out by itself: where it cannot write a page, lmdb-js writes a
 * message beyond the memory that it took for it (decision 0030).
 */
export const TRANSACTION_BYTES_MAX = 2 ** 25;

/**
 * Looks at all that could keep LMDB from opening: lmdb-js does not survive it (a failed open frees its context, then uses
 * it, and the process is gone without a word). @throws StoreError `unusable`.
 */
export function checkFiles(dir: string): void {
  checkRoom(dir, FREE_BYTES_MIN);
  for (const file of ['data.mdb', 'lock.mdb']) checkRights(join(dir, file));
  if (!isDatabase(join(dir, 'data.mdb')))
    throw unusable(
      dir,
      'data.mdb is damaged or no database; restore the directory from a backup, or remove it',
    );
}

/** @throws StoreError `unusable` where the disk has less room. */
export function checkRoom(dir: string, bytesMin: number): void {
  if (!hasRoom(dir, bytesMin)) throw unusable(dir, 'the disk is full; make room and start again');
}

export function hasRoom(dir: string, bytesMin: number): boolean {
  const { bavail, bsize } = statfsSync(dir);
  return bavail * bsize >= bytesMin;
}

function checkRights(path: string): void {
  if (!existsSync(path)) return;
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
  } catch (cause) {
    throw unusable(
      path,
      'this user may not read and write it; give it to the user that runs the daemon',
      cause,
    );
  }
}

/** An empty file is one as well: LMDB fills it. */
function isDatabase(path: string): boolean {
  if (!existsSync(path)) return true;
  const file = openSync(path, 'r');
  try {
    const page = Buffer.alloc(META_BYTES);
    const bytes = readSync(file, page, 0, META_BYTES, 0);
    return bytes === 0 || (bytes === META_BYTES && page.readUInt32LE(MAGIC_AT) === MAGIC);
  } finally {
    closeSync(file);
  }
}

/** @param path of the directory or the file that is to blame. */
export function unusable(path: string, reason: string, cause?: unknown): StoreError {
  const message = `The store in ${path} cannot be opened: ${reason}.`;
  return new StoreError('unusable', message, cause === undefined ? undefined : { cause });
}
