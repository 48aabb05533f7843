import { StoreError } from '../../errors.ts';
import { metaKey, SCHEMA } from '../keys.ts';
import type { StoreLog } from '../options.ts';
import type { Databases } from './databases.ts';
import { MIGRATIONS, type Migration } from './migrations.ts';
import { checkRoom, TRANSACTION_BYTES_MAX } from './preflight.ts';

/**
 * Set in the number of the schema while a migration is under way. A version that does not know of it takes the store for a newer
 * one and refuses, and so does the version that it came from: it would read half a store.
 */
const UNDER_WAY = 0x80000000;

export interface Owner {
  readonly dir: string;
  /** Of the daemon's secret. */
  readonly fingerprint: Buffer;
  readonly log: StoreLog;
}

/**
 * Makes a new store this schema's and this secret's; an older one is migrated, one transaction after the other, and may be
 * killed anywhere. @throws StoreError `newer-schema`, `older-schema`, `wrong-secret`, `unusable`: the store is left as it is.
 */
export function settleSchema(databases: Databases, { dir, fingerprint, log }: Owner): void {
  const { root, meta } = databases;
  const stored = meta.get(metaKey('schema'))?.readUInt32LE(0);
  if (stored === undefined) {
    root.transactionSync(() => {
      putSchema(databases, SCHEMA);
      meta.putSync(metaKey('secret'), fingerprint);
    });
    return;
  }
  const schema = (stored & ~UNDER_WAY) >>> 0;
  refuseUnknown(schema, dir);
  if (!meta.get(metaKey('secret'))?.equals(fingerprint))
    throw new StoreError(
      'wrong-secret',
      `The store in ${dir} belongs to another secret; give the secret it was made with, or another directory.`,
    );
  for (const migration of MIGRATIONS) {
    if (migration.from < schema) continue;
    checkRoom(dir, TRANSACTION_BYTES_MAX);
    const lessons = migrate(databases, migration);
    log.warn({ schema: migration.from + 1, lessons_retired: lessons }, migration.says);
  }
}

function refuseUnknown(schema: number, dir: string): void {
  if (schema > SCHEMA)
    throw new StoreError(
      'newer-schema',
      `The store in ${dir} has schema ${schema}, this version knows ${SCHEMA}; run the version that wrote it, or a newer one.`,
    );
  const oldest = MIGRATIONS[0]?.from ?? SCHEMA;
  if (schema < oldest)
    throw new StoreError(
      'older-schema',
      `The store in ${dir} has schema ${schema}, which is no longer read; run the version that wrote it, or move the directory away and begin anew.`,
    );
}

/** @returns how many lessons were retired. */
function migrate(databases: Databases, { from, pieces }: Migration): number {
  const { root } = databases;
  root.transactionSync(() => putSchema(databases, from + UNDER_WAY));
  const work = pieces(databases);
  for (;;) {
    const piece = root.transactionSync(() => work.next());
    if (piece.done !== true) continue;
    root.transactionSync(() => putSchema(databases, from + 1));
    return piece.value;
  }
}

function putSchema({ meta }: Databases, schema: number): void {
  const value = Buffer.alloc(4);
  value.writeUInt32LE(schema, 0);
  meta.putSync(metaKey('schema'), value);
}
