import assert from 'node:assert/strict';
import { createHmac, timingSafeEqual } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { Archive, LessonOverview, Pruned, PruneStep } from '../archive.ts';
import type { DaemonKeys } from '../crypto.ts';
import { numberKey, readNumberKey, SCHEMA } from '../keys.ts';
import type { Environment } from './environment.ts';
import { decodeRecord, LESSON_WEIGHT, type Learnt, OPERATOR_TAG } from './lesson-record.ts';
import type { LMDBLessons } from './lessons.ts';
import type { LMDBServerTokens } from './server-tokens.ts';
import type { UserHead } from './user-table.ts';
import type { LMDBUserTables } from './user-tables.ts';

/** A step ends after so many records, or so much time, whichever comes first. */
const RECORDS_MAX = 64;
const STEP_MS = 0.3;
/** Lessons undone in one step: they share a transaction, and each is taken out of up to two tables. */
const DROPPED_MAX = 16;
/** While so many new users wait to be written, nobody else's lessons are put back. */
const NEW_USERS_MAX = 5_000;
const WAIT_MS = 100;
const OLDEST_STEPS_MAX = 10;

/* A piece of a dump: tag 8, head of the user's record 32 (zeros: no user's), the lesson's record. */
const TAG_BYTES = 8;
const SALT_BYTES = 16;
const CHECK_BYTES = 8;
const HEAD_AT = TAG_BYTES;
const RECORD_AT = HEAD_AT + SALT_BYTES + CHECK_BYTES + 8;
/** Largest piece that is looked at: a record has at most 64 KiB a field. */
const PIECE_BYTES_MAX = 2 ** 18;

export interface LessonArchiveOptions {
  readonly environment: Environment;
  readonly server: LMDBServerTokens;
  readonly users: LMDBUserTables;
  readonly lessons: LMDBLessons;
  readonly keys: Pick<DaemonKeys, 'dump' | 'fingerprint'>;
}

/** Live lessons among a few records; `next` is the last record looked at, undefined: there are no more. */
export interface Looked {
  readonly lessons: readonly Logged[];
  readonly next: number | undefined;
}

/** Which lessons go. */
export interface AgeLimits {
  /** Those taught before, in milliseconds since 1970. */
  readonly usersBefore: number;
  readonly operatorBefore: number;
  /** Of a user who has more, this one as well. */
  readonly userLessonsMax: number;
}

/** A live lesson with its number in the log. */
interface Logged {
  readonly seq: number;
  readonly learnt: Learnt;
  /** As it lies in the log. */
  readonly record: Buffer;
}

/** The log of lessons as a whole: what is in it, out of it, back into it, and away with the old. */
export class LessonArchive implements Archive {
  readonly schema = SCHEMA;
  readonly #options: LessonArchiveOptions;

  constructor(options: LessonArchiveOptions) {
    this.#options = options;
  }

  get fingerprint(): string {
    return this.#options.keys.fingerprint.toString('hex');
  }

  overview(): LessonOverview {
    const { environment, server, lessons } = this.#options;
    const [spam = 0] = server.totals.spam;
    const [ham = 0] = server.totals.ham;
    return {
      lessons: lessons.count,
      spam: spam / LESSON_WEIGHT,
      ham: ham / LESSON_WEIGHT,
      oldestAt: this.#oldest()?.learnt.at,
      users: this.users,
      lessonBytes: statsOf(environment.lessons).bytes + statsOf(environment.lessonIds).bytes,
      userBytes: statsOf(environment.users).bytes,
      serverBytes: statsOf(environment.server).bytes,
    };
  }

  page(after: number): ReturnType<Archive['page']> {
    const { lessons, next } = this.look(after);
    return { lessons: lessons.map((lesson) => this.#pieceOf(lesson)), next };
  }

  async restore(piece: Buffer): Promise<'restored' | 'unchanged' | 'other-key' | 'damaged'> {
    if (!this.#isWhole(piece)) return 'damaged';
    const { lessons, users } = this.#options;
    const record = Buffer.from(piece.subarray(RECORD_AT));
    const decoded = decodeRecord(record);
    if (decoded.kind !== 'learn') return 'damaged';
    const { userId } = decoded.learnt;
    while (userId !== '' && users.dirty >= NEW_USERS_MAX) await setTimeout(WAIT_MS);
    if (userId !== '' && !users.restoreHead(userId, headFrom(piece))) return 'other-key';
    return (await lessons.restore(decoded.learnt, record)) ? 'restored' : 'unchanged';
  }

  learn(record: Buffer): Promise<'set' | 'replaced' | 'unchanged'> {
    const decoded = decodeRecord(record);
    assert(decoded.kind === 'learn', 'a record of a corpus teaches');
    return this.#options.lessons.learn(decoded.learnt, record);
  }

  prune({ after, before, of }: PruneStep): Promise<Pruned> {
    const operatorBefore = of === 'all' ? before : Number.NEGATIVE_INFINITY;
    return this.drop(this.look(after), {
      usersBefore: before,
      operatorBefore,
      userLessonsMax: Number.POSITIVE_INFINITY,
    });
  }

  /** Undoes those of the lessons that go, in the order of the log. @throws StoreError `degraded` */
  async drop({ lessons: looked, next }: Looked, limits: AgeLimits): Promise<Pruned> {
    const { lessons } = this.#options;
    const surplus = new Surplus(limits.userLessonsMax, this.#options.users);
    const old = looked.filter(({ learnt }) => this.#goes(learnt, limits, surplus));
    const now = old.slice(0, DROPPED_MAX);
    const dropped = await Promise.all(now.map(({ seq, learnt }) => lessons.drop(learnt.id, seq)));
    return {
      dropped: dropped.filter((isDropped) => isDropped).length,
      next: old.length > now.length ? now.at(-1)!.seq : next,
    };
  }

  /** A user whose key is being changed is left alone until the next walk. */
  #goes({ at, reporterTag, userId }: Learnt, limits: AgeLimits, surplus: Surplus): boolean {
    const { users } = this.#options;
    if (reporterTag === OPERATOR_TAG) return at < limits.operatorBefore;
    if (users.isChanging(userId)) return false;
    return surplus.take(userId) || at < limits.usersBefore;
  }

  /** Bytes that lessons take, without those that were forgotten and wait for the next checkpoint to go. */
  get liveBytes(): number {
    const { environment, lessons } = this.#options;
    return (
      (statsOf(environment.lessons).bytes * lessons.count) /
      Math.max(1, lessons.count + lessons.forgotten.length)
    );
  }

  /** Users of whom there is a record. */
  get users(): number {
    return statsOf(this.#options.environment.users).entries;
  }

  /** Those that were forgotten lie in front of it until the next checkpoint. */
  #oldest(): Logged | undefined {
    let after: number | undefined = 0;
    for (let steps = 0; after !== undefined && steps < OLDEST_STEPS_MAX; steps++) {
      const looked: Looked = this.look(after);
      if (looked.lessons[0] !== undefined) return looked.lessons[0];
      after = looked.next;
    }
    return undefined;
  }

  /** The live lessons of the next records; `next` is the last record looked at. */
  look(after: number): Looked {
    const { environment, lessons } = this.#options;
    const found: Logged[] = [];
    const startedAt = performance.now();
    let looked = 0;
    for (const { key, value } of environment.lessons.getRange({ start: numberKey(after + 1) })) {
      const seq = readNumberKey(key);
      const record = Buffer.from(value);
      const decoded = decodeRecord(record);
      if (decoded.kind === 'learn' && lessons.isLive(decoded.learnt.id, seq))
        found.push({ seq, learnt: decoded.learnt, record });
      if (++looked >= RECORDS_MAX || performance.now() - startedAt > STEP_MS)
        return { lessons: found, next: seq };
    }
    return { lessons: found, next: undefined };
  }

  #pieceOf({ learnt, record }: Logged): Buffer {
    const piece = Buffer.alloc(RECORD_AT + record.length);
    const head = learnt.userId === '' ? undefined : this.#options.users.headOf(learnt.userId);
    if (head !== undefined) {
      piece.set(head.salt, HEAD_AT);
      piece.set(head.check, HEAD_AT + SALT_BYTES);
      piece.writeDoubleLE(head.created, HEAD_AT + SALT_BYTES + CHECK_BYTES);
    }
    piece.set(record, RECORD_AT);
    piece.set(this.#tagOf(piece), 0);
    return piece;
  }

  #isWhole(piece: Buffer): boolean {
    if (piece.length <= RECORD_AT || piece.length > PIECE_BYTES_MAX) return false;
    return timingSafeEqual(this.#tagOf(piece), piece.subarray(0, TAG_BYTES));
  }

  /** Nobody but who has the secret can make one: what passes was written by a store of this secret, and is whole. */
  #tagOf(piece: Buffer): Buffer {
    return createHmac('sha256', this.#options.keys.dump)
      .update(piece.subarray(TAG_BYTES))
      .digest()
      .subarray(0, TAG_BYTES);
  }
}

/** How many lessons users have too many, while some of them are looked at. */
class Surplus {
  readonly #most: number;
  readonly #users: LMDBUserTables;
  readonly #left = new Map<string, number>();

  constructor(most: number, users: LMDBUserTables) {
    this.#most = most;
    this.#users = users;
  }

  /** Whether a lesson of this user is one too many; then it is no longer counted. */
  take(userId: string): boolean {
    const left = this.#left.get(userId) ?? this.#users.lessonsNear(userId) - this.#most;
    this.#left.set(userId, left - 1);
    return left > 0;
  }
}

function headFrom(piece: Buffer): UserHead {
  const check = HEAD_AT + SALT_BYTES;
  return {
    salt: Buffer.from(piece.subarray(HEAD_AT, check)),
    check: Buffer.from(piece.subarray(check, check + CHECK_BYTES)),
    created: piece.readDoubleLE(check + CHECK_BYTES),
  };
}

function statsOf(table: Environment['lessons']): { readonly entries: number; readonly bytes: number } {
  const stats = table.getStats() as unknown as TableStats;
  const pages = stats.treeBranchPageCount + stats.treeLeafPageCount + stats.overflowPages;
  return { entries: stats.entryCount, bytes: pages * stats.pageSize };
}

interface TableStats {
  readonly entryCount: number;
  readonly pageSize: number;
  readonly treeBranchPageCount: number;
  readonly treeLeafPageCount: number;
  readonly overflowPages: number;
}
