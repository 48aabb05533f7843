import { LRU } from '../../lru.ts';
import type { ActiveUsers } from '../active-users.ts';
import type { BlockCipher } from '../crypto.ts';
import { idKey } from '../keys.ts';
import type { KeyedIds, User, UserTables } from '../store.ts';
import type { Environment } from './environment.ts';
import { LESSON_WEIGHT, type Learnt } from './lesson-record.ts';
import type { LocalUser } from './local-user.ts';
import type { Writing } from './server-tokens.ts';
import { UserLocks } from './user-locks.ts';
import { type UserHead, UserTable } from './user-table.ts';

/** Users whose keys are held ready. */
const OPEN_USERS_MAX = 32_768;
/** Users whose first record waits to be written; while nothing can be written, one more is treated as if the key were wrong. */
const NEW_USERS_MAX = 10_000;
/** While there is no room, so many tables that are asked for leave one behind: to keep one costs as much as to read it. */
const READ_PER_KEPT = 8;
/** Tables taken to be written at once, in bytes: with one more that begins before. */
const TAKEN_BYTES_MAX = 2 ** 22;

interface OpenUser {
  readonly userKey: Buffer | undefined;
  readonly user: LocalUser;
}

/** A table that differs from what is on disk, or is on its way there. */
interface Pinned {
  readonly table: UserTable;
  /** First lesson that is not on disk; 0 = none, Infinity = only the record itself is new. */
  dirtySince: number;
  writing: boolean;
  /** There is a record on disk. */
  saved: boolean;
}

export interface UserTablesOptions {
  readonly environment: Environment;
  readonly ids: KeyedIds;
  readonly cipher: BlockCipher;
  readonly secret: Buffer;
  readonly now: () => number;
  readonly userTokensMax: number;
  readonly userCacheBytesMax: number;
  readonly active: ActiveUsers;
}

export class LMDBUserTables implements UserTables {
  /** Last lesson applied to any table; all of them up to this one are. */
  generation = 0;
  readonly locks: UserLocks;
  readonly #options: UserTablesOptions;
  #open = new LRU<string, OpenUser>(OPEN_USERS_MAX);
  readonly #tables: LRU<string, UserTable>;
  readonly #pinned = new Map<string, Pinned>();
  /** Users whose key is being changed, and how often: their tables are not written meanwhile, and nothing is learnt. */
  readonly #held = new Map<string, number>();
  /** Tables read while there was no room to keep them. */
  #passed = 0;

  constructor(options: UserTablesOptions) {
    this.#options = options;
    this.locks = new UserLocks(options, this);
    this.#tables = new LRU(options.userCacheBytesMax, (table) => table.bytes);
  }

  open(bareJID: string, userKey: Buffer | undefined): User {
    const user = this.#opened(bareJID, userKey);
    this.#options.active.mark(user.id, this.#options.now());
    return user;
  }

  active(now: number): number {
    return this.#options.active.count(now);
  }

  #opened(bareJID: string, userKey: Buffer | undefined): User {
    const open = this.#open.get(bareJID);
    if (open !== undefined && isSameKey(open.userKey, userKey)) return open.user;
    const id = this.#options.ids.id('user', bareJID);
    const table = this.table(id) ?? this.#create(id, bareJID, userKey);
    if (table === undefined) return this.locks.withoutKey(bareJID);
    const user = this.locks.unlock(bareJID, userKey, table.head);
    // A wrong key does not push out the right one.
    if (open === undefined || open.user.keyState !== 'ok') this.#open.set(bareJID, { userKey, user });
    return user;
  }

  find(bareJID: string, userKey: Buffer | undefined): User | undefined {
    const id = this.#options.ids.id('user', bareJID);
    return this.table(id) === undefined ? undefined : this.#opened(bareJID, userKey);
  }

  /** Salt, check value and time of a user whose lesson is kept elsewhere; undefined where there is no record. */
  headOf(id: string): UserHead | undefined {
    const pinned = this.#near(id);
    if (pinned !== undefined) return pinned.head;
    const record = this.#record(id);
    return record === undefined ? undefined : UserTable.decode(record).head;
  }

  /**
   * Makes the record of a user who has none. @returns whether the user's key is that of this head now: ids under another are of no
   * use. Of a key that the XMPP server holds nothing hangs on the salt; where the daemon's own does, its check value does too.
   */
  restoreHead(id: string, head: UserHead): boolean {
    const known = this.headOf(id);
    if (known !== undefined) return known.check.equals(head.check);
    if (this.#pinned.size >= NEW_USERS_MAX) return false;
    this.#pin(id, new UserTable(head), false).dirtySince = Number.POSITIVE_INFINITY;
    return true;
  }

  get cached(): number {
    return this.#tables.size + this.#pinned.size;
  }

  /** Tables that wait for a checkpoint. */
  get dirty(): number {
    return this.#pinned.size;
  }

  /**
   * The table of a user to be read at once, or undefined where there is no record. One that is not kept lies in memory that
   * LMDB overwrites at the next read.
   */
  table(id: string): UserTable | undefined {
    const near = this.#near(id);
    if (near !== undefined) return near;
    const record = this.#record(id);
    if (record === undefined) return undefined;
    const isKept = this.#tables.hasRoomFor(record.length) || ++this.#passed % READ_PER_KEPT === 0;
    if (!isKept) return UserTable.decode(record);
    const table = UserTable.decode(copyOf(record));
    this.#tables.set(id, table);
    return table;
  }

  /** As `table`, to be changed. */
  #ownTable(id: string): UserTable | undefined {
    const near = this.#near(id);
    if (near !== undefined) return near;
    const record = this.#record(id);
    return record === undefined ? undefined : UserTable.decode(copyOf(record));
  }

  #near(id: string): UserTable | undefined {
    return this.#pinned.get(id)?.table ?? this.#tables.get(id);
  }

  /** Where LMDB has copied it to, until the next read. What it returns is all of that memory, with another length on top. */
  #record(id: string): Buffer | undefined {
    const memory = this.#options.environment.users.getBinaryFast(idKey(id));
    return memory && Buffer.from(memory.buffer, memory.byteOffset, memory.length);
  }

  apply(learnt: Learnt, seq: number, sign: 1 | -1): void {
    this.generation = Math.max(this.generation, seq);
    const table = learnt.uids.length === 0 ? undefined : this.#ownTable(learnt.userId);
    if (table === undefined || seq <= table.seq) return;
    const pinned = this.#pin(learnt.userId, table);
    pinned.dirtySince = Math.min(pinned.dirtySince || seq, seq);
    if (sign === 1) table.learn(learnt, this.#options.userTokensMax);
    else table.unlearn(learnt);
    table.seq = seq;
  }

  /** Within a transaction: a lesson is worth nothing without the salt of its ids. */
  putIfNew(id: string): void {
    const pinned = this.#pinned.get(id);
    if (pinned !== undefined && !pinned.saved)
      void this.#options.environment.users.put(idKey(id), pinned.table.encode());
  }

  /** Takes up to `count` tables that are due, those that wait longest first, or fewer large ones; the caller writes them. */
  take(count: number): Writing[] {
    const writings: Writing[] = [];
    let bytes = 0;
    for (const [id, pinned] of this.#pinned) {
      if (writings.length >= count || bytes >= TAKEN_BYTES_MAX) break;
      if (pinned.dirtySince === 0 || pinned.writing || this.#held.has(id)) continue;
      const writing = this.#takeTable(id, pinned);
      writings.push(writing);
      bytes += writing.value.length;
    }
    return writings;
  }

  /** All lessons up to this one are on disk, once what was taken is. */
  get floor(): number {
    let first = this.generation + 1;
    for (const { dirtySince } of this.#pinned.values())
      if (dirtySince !== 0 && dirtySince < first) first = dirtySince;
    return first - 1;
  }

  isChanging(id: string): boolean {
    return this.#held.has(id);
  }

  hold(id: string): void {
    this.#held.set(id, (this.#held.get(id) ?? 0) + 1);
  }

  /** Once for each `hold`. */
  release(id: string): void {
    const left = (this.#held.get(id) ?? 0) - 1;
    if (left > 0) this.#held.set(id, left);
    else this.#held.delete(id);
  }

  /**
   * Takes another table, which is on disk already, and forgets the key that opened the one before. What was taken of that one to
   * be written was written first: the writer keeps the order.
   */
  replace(bareJID: string, id: string, table: UserTable): void {
    this.#open.delete(bareJID);
    this.#pinned.delete(id);
    this.#tables.set(id, table);
  }

  /** Forgets a user whose record is gone from the disk. Who is held ready is known by JID, so all of them are let go. */
  forget(id: string): void {
    this.#open = new LRU(OPEN_USERS_MAX);
    this.#pinned.delete(id);
    this.#tables.delete(id);
  }

  /** Lessons in the table of a user, as far as that is in memory: so is one that learns. */
  lessonsNear(id: string): number {
    const table = this.#near(id);
    return table === undefined ? 0 : (table.spamTotal + table.hamTotal) / LESSON_WEIGHT;
  }

  #takeTable(id: string, pinned: Pinned): Writing {
    const since = pinned.dirtySince;
    pinned.dirtySince = 0;
    pinned.writing = true;
    return {
      key: idKey(id),
      value: pinned.table.encode(),
      written: () => {
        pinned.writing = false;
        pinned.saved = true;
        // Whatever was learnt meanwhile goes to the end of the line.
        this.#pinned.delete(id);
        if (pinned.dirtySince === 0) this.#tables.set(id, pinned.table);
        else this.#pinned.set(id, pinned);
      },
      failed: () => {
        pinned.writing = false;
        pinned.dirtySince = Math.min(pinned.dirtySince || since, since);
      },
    };
  }

  #pin(id: string, table: UserTable, saved = true): Pinned {
    let pinned = this.#pinned.get(id);
    if (pinned === undefined) {
      // A pinned table may grow, and the LRU weighs only what stays as it is.
      this.#tables.delete(id);
      pinned = { table, dirtySince: 0, writing: false, saved };
      this.#pinned.set(id, pinned);
    }
    return pinned;
  }

  #create(id: string, bareJID: string, userKey: Buffer | undefined): UserTable | undefined {
    if (this.#pinned.size >= NEW_USERS_MAX) return undefined;
    const table = new UserTable(this.locks.newHead(bareJID, userKey, this.#options.now()));
    this.#pin(id, table, false).dirtySince = Number.POSITIVE_INFINITY;
    return table;
  }
}

function copyOf(record: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(record.length);
  copy.set(record);
  return copy;
}

function isSameKey(a: Buffer | undefined, b: Buffer | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && a.equals(b));
}
