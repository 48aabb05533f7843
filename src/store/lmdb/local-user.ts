import { SCRIPTS } from '../../text/scripts.ts';
import type { CountColumns, User } from '../store.ts';
import { LESSON_WEIGHT } from './lesson-record.ts';
import type { MaskedCipher } from './masked-cipher.ts';
import type { UserTable } from './user-table.ts';

const NO_IDS = Buffer.alloc(0);
const NO_LESSONS = new Float64Array(SCRIPTS);

/** Where a user's table is found, in memory or on disk. */
export interface TableSource {
  table(id: string): UserTable | undefined;
}

/** A local user as the store knows one. A class: few words a user, which a verdict has to fetch from far memory. */
export class LocalUser implements User {
  readonly id: string;
  readonly host: string;
  /** Undefined: the key was wrong. */
  readonly cipher: MaskedCipher | undefined;
  readonly #tables: TableSource;

  constructor(
    { id, host }: Pick<User, 'id' | 'host'>,
    cipher: MaskedCipher | undefined,
    tables: TableSource,
  ) {
    this.id = id;
    this.host = host;
    this.cipher = cipher;
    this.#tables = tables;
  }

  get keyState(): 'ok' | 'wrong-key' {
    return this.cipher === undefined ? 'wrong-key' : 'ok';
  }

  get generation(): number {
    return this.#table?.seq ?? 0;
  }

  get hamLessons(): number {
    return (this.#table?.hamTotal ?? 0) / LESSON_WEIGHT;
  }

  tokens(sids: Buffer): Buffer {
    return this.cipher?.tokens(sids) ?? NO_IDS;
  }

  lookup(ids: Buffer, count: number, into: CountColumns): void {
    const table = this.#table;
    if (table === undefined) lookupNothing(count, into);
    else table.lookup(ids, count, into);
  }

  get #table(): UserTable | undefined {
    return this.cipher === undefined ? undefined : this.#tables.table(this.id);
  }
}

function lookupNothing(count: number, into: CountColumns): void {
  into.spam.fill(0, 0, count);
  into.ham.fill(0, 0, count);
  into.scripts.fill(0, 0, count);
  into.count = count;
  into.spamTotal = 0;
  into.hamTotal = 0;
  into.spamByScript = NO_LESSONS;
  into.hamByScript = NO_LESSONS;
}
