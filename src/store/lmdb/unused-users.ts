import { idKey } from '../keys.ts';
import type { Environment } from './environment.ts';
import { readForTimer } from './environment.ts';
import type { LMDBLessons } from './lessons.ts';
import { UserTable } from './user-table.ts';
import type { LMDBUserTables } from './user-tables.ts';
import type { Writer } from './writer.ts';

/** Records looked at in one step, of 60 KiB at most each by default. */
const LOOKED_MAX = 16;
/** From the last record to the first one again. */
const REST_MS = 86_400_000;
const FIRST = Buffer.alloc(1);
/** Sorts in front of all keys that begin with the one before. */
const BEHIND = Buffer.alloc(1);

export interface UnusedUsersOptions {
  readonly environment: Environment;
  readonly writer: Writer;
  readonly users: LMDBUserTables;
  readonly lessons: LMDBLessons;
}

/**
 * Forgets users who have taught nothing that is in force: of each of them there is a salt, and which key is theirs, since something
 * was asked about them once. Whoever asks about whom a server has never had would fill the store with them.
 */
export class UnusedUsers {
  readonly #options: UnusedUsersOptions;
  #after: Buffer = FIRST;
  /** When the last walk ended; a clock that was set back ends the rest, too. */
  #restsSince = Number.NEGATIVE_INFINITY;

  constructor(options: UnusedUsersOptions) {
    this.#options = options;
  }

  /** Looks at a few records. @returns how many users were forgotten. @throws StoreError `degraded` */
  async step(firstSeenBefore: number, now: number): Promise<number> {
    if (Math.abs(now - this.#restsSince) < REST_MS) return 0;
    const ids = readForTimer(() => this.#find(firstSeenBefore, now)) ?? [];
    let forgotten = 0;
    for (const id of ids) if (await this.#forget(id)) forgotten++;
    return forgotten;
  }

  #find(firstSeenBefore: number, now: number): string[] {
    const found: string[] = [];
    let looked = 0;
    for (const { key, value } of this.#options.environment.users.getRange({
      start: this.#after,
      limit: LOOKED_MAX,
    })) {
      const table = UserTable.decode(Buffer.from(value));
      if (isUnused(table) && table.head.created < firstSeenBefore)
        found.push(Buffer.from(key).toString('hex'));
      this.#after = Buffer.concat([key, BEHIND]);
      looked++;
    }
    if (looked === LOOKED_MAX) return found;
    this.#after = FIRST;
    this.#restsSince = now;
    return found;
  }

  /** Nobody learns for this user meanwhile, so that no lesson is made under a salt that goes. */
  async #forget(id: string): Promise<boolean> {
    const { users, lessons, writer, environment } = this.#options;
    if (users.isChanging(id)) return false;
    users.hold(id);
    try {
      await lessons.settled();
      const table = users.table(id);
      if (table === undefined || !isUnused(table)) return false;
      await writer.commit(() => {
        void environment.users.remove(idKey(id));
        void environment.reporters.remove(idKey(id));
      });
      users.forget(id);
      return true;
    } finally {
      users.release(id);
    }
  }
}

function isUnused({ tokens, spamTotal, hamTotal }: UserTable): boolean {
  return tokens === 0 && spamTotal === 0 && hamTotal === 0;
}
