import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { open } from 'lmdb';
import { makeDirectories } from '../../directory.ts';
import { StoreError } from '../../errors.ts';
import { metaKey } from '../keys.ts';
import type { StoreLog } from '../options.ts';
import { BINARY, type Databases, openDatabases } from './databases.ts';
import { checkFiles, unusable } from './preflight.ts';
import { lockDirectory } from './process-lock.ts';
import { settleSchema } from './schema.ts';

/** The environment and its databases. They are others after `revive`: not to be kept. */
export interface Environment extends Databases {
  /**
   * Opens the files again where LMDB has given up on them: once a write of its meta page failed, it refuses every read and
   * never answers a write. @throws StoreError `unusable`: they cannot be opened now, and nothing can be read.
   */
  revive(): Promise<void>;
  close(): Promise<void>;
}

export interface EnvironmentOptions {
  readonly dir: string;
  readonly mapBytesMax: number;
  readonly sync: boolean;
  /** Of the daemon's secret. */
  readonly fingerprint: Buffer;
  readonly log: StoreLog;
}

const DATABASES_MAX = 32;

/** @throws StoreError `newer-schema`, `older-schema`, `wrong-secret`, `unusable`. */
export async function openEnvironment(options: EnvironmentOptions): Promise<Environment> {
  let isOpen = true;
  const environment: Environment = {
    ...openFiles(options),
    revive: async () => {
      if (isOpen && canRead(environment)) return;
      await environment.close();
      Object.assign(environment, openFiles(options));
      isOpen = true;
    },
    close: async () => {
      if (isOpen) await environment.root.close();
      isOpen = false;
    },
  };
  try {
    settleSchema(environment, options);
  } catch (error) {
    await environment.close();
    throw cannotOpen(options.dir, error);
  }
  return environment;
}

function canRead({ root, meta }: Databases): boolean {
  try {
    // A read transaction that is still open would not notice.
    root.resetReadTxn();
    meta.get(metaKey('schema'));
    return true;
  } catch {
    return false;
  }
}

/**
 * What `read` returns, or undefined where LMDB has given up on its files and the writer is yet to hear of it: for what a timer
 * reads, which nobody waits for and which can be read again after `revive`.
 */
export function readForTimer<Result>(read: () => Result): Result | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/**
 * Makes the directory, for its owner only, and locks it. One that is there keeps its mode: it may be another one's, named by
 * mistake. @returns releases the lock. @throws StoreError `locked`, `unusable`
 */
export async function takeDirectory(dir: string): Promise<() => void> {
  try {
    makeDirectories(dir, 0o700);
    return await lockDirectory(dir);
  } catch (error) {
    throw cannotOpen(dir, error);
  }
}

function openFiles({ dir, mapBytesMax, sync }: EnvironmentOptions): Databases {
  const umask = process.umask(0o077);
  try {
    checkFiles(dir);
    // overlappingSync off: a commit settles after its fdatasync, and one whose flush failed is rejected (decision 0030).
    const durability = sync ? { overlappingSync: false } : { noSync: true };
    const root = open<Buffer, Buffer>({
      path: dir,
      noSubdir: false,
      maxDbs: DATABASES_MAX,
      mapSize: mapBytesMax,
      // The writer batches by itself; with both, lmdb-js makes a promise of the commit that nobody can get at.
      eventTurnBatching: false,
      ...durability,
      ...BINARY,
    });
    for (const file of ['data.mdb', 'lock.mdb']) chmodSync(join(dir, file), 0o600);
    return openDatabases(root);
  } catch (error) {
    throw cannotOpen(dir, error);
  } finally {
    process.umask(umask);
  }
}

function cannotOpen(dir: string, cause: unknown): StoreError {
  if (cause instanceof StoreError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return unusable(dir, `${reason}; check the directory and its owner`, cause);
}
