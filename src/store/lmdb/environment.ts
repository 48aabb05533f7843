import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { type Database, open, type RootDatabase } from 'lmdb';
import { makeDirectories } from '../../directory.ts';
import { StoreError } from '../../errors.ts';
import { metaKey, SCHEMA } from '../keys.ts';
import { checkFiles, unusable } from './preflight.ts';
import { lockDirectory } from './process-lock.ts';

export type Table = Database<Buffer, Buffer>;

/** The environment and its databases; `keys.ts` draws what is in them. They are others after `revive`: not to be kept. */
export interface Environment extends Databases {
  /**
   * Opens the files again where LMDB has given up on them: once a write of its meta page failed, it refuses every read and
   * never answers a write. @throws StoreError `unusable`: they cannot be opened now, and nothing can be read.
   */
  revive(): Promise<void>;
  close(): Promise<void>;
}

interface Databases {
  readonly root: RootDatabase<Buffer, Buffer>;
  readonly meta: Table;
  readonly lessons: Table;
  readonly lessonIds: Table;
  readonly server: Table;
  readonly users: Table;
  readonly traces: Table;
  readonly facts: Table;
  readonly expiry: Table;
}

export interface EnvironmentOptions {
  readonly dir: string;
  readonly mapBytesMax: number;
  readonly sync: boolean;
  /** Of the daemon's secret. */
  readonly fingerprint: Buffer;
}

const DATABASES_MAX = 32;
const BINARY = { encoding: 'binary', keyEncoding: 'binary' } as const;

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
    checkOwner(environment, options);
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
export function takeDirectory(dir: string): () => void {
  try {
    makeDirectories(dir, 0o700);
    return lockDirectory(dir);
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
    const table = (name: string): Table => root.openDB<Buffer, Buffer>(name, BINARY);
    return {
      root,
      meta: table('meta'),
      lessons: table('lessons'),
      lessonIds: table('lesson_ids'),
      server: table('server'),
      users: table('users'),
      traces: table('traces'),
      facts: table('facts'),
      expiry: table('expiry'),
    };
  } catch (error) {
    throw cannotOpen(dir, error);
  } finally {
    process.umask(umask);
  }
}

function checkOwner({ root, meta }: Databases, { dir, fingerprint }: EnvironmentOptions): void {
  const schema = meta.get(metaKey('schema'))?.readUInt32LE(0);
  if (schema === undefined) {
    const value = Buffer.alloc(4);
    value.writeUInt32LE(SCHEMA, 0);
    root.transactionSync(() => {
      meta.putSync(metaKey('schema'), value);
      meta.putSync(metaKey('secret'), fingerprint);
    });
    return;
  }
  if (schema > SCHEMA)
    throw new StoreError(
      'newer-schema',
      `The store in ${dir} has schema ${schema}, this version knows ${SCHEMA}; run the version that wrote it, or a newer one.`,
    );
  if (schema < SCHEMA)
    throw new StoreError(
      'older-schema',
      `The store in ${dir} has schema ${schema}, which is no longer read; run the version that wrote it, or move the directory away and begin anew.`,
    );
  if (!meta.get(metaKey('secret'))?.equals(fingerprint))
    throw new StoreError(
      'wrong-secret',
      `The store in ${dir} belongs to another secret; give the secret it was made with, or another directory.`,
    );
}

function cannotOpen(dir: string, cause: unknown): StoreError {
  if (cause instanceof StoreError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return unusable(dir, `${reason}; check the directory and its owner`, cause);
}
