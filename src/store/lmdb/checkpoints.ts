import { metaKey, numberKey, segmentKey } from '../keys.ts';
import { type CheckpointRecord, encodeCheckpoint } from './checkpoint-record.ts';
import type { Environment } from './environment.ts';
import type { LMDBLessons } from './lessons.ts';
import { checkRoom, hasRoom, TRANSACTION_BYTES_MAX } from './preflight.ts';
import type { LMDBServerTokens, Writing } from './server-tokens.ts';
import type { LMDBUserTables } from './user-tables.ts';
import type { Writer } from './writer.ts';

/** Forgotten lessons removed from the disk in one step. */
const FORGOTTEN_MAX = 256;
/** Segments written at once at the end: 2.8 MB. */
const SEGMENTS_MAX = 32;
/** User tables that may wait; beyond it, the surplus is written in the next steps. */
const TABLES_WAITING_MAX = 1000;

export interface CheckpointsOptions {
  readonly dir: string;
  readonly environment: Environment;
  readonly writer: Writer;
  readonly server: LMDBServerTokens;
  readonly users: LMDBUserTables;
  readonly lessons: LMDBLessons;
  /** Steps in which everything that has learnt gets written, at this moment. */
  readonly stepsOf: () => number;
}

/** Writes tables behind the lessons: a few a step, one step at a time. */
export class Checkpoints {
  readonly #options: CheckpointsOptions;
  #running: Promise<void> | undefined;
  #written: CheckpointRecord;
  #stepsSince = 0;

  constructor(options: CheckpointsOptions, written: CheckpointRecord) {
    this.#options = options;
    this.#written = written;
  }

  /** Starts a step unless one is under way. */
  step(): void {
    const { server, users, stepsOf, writer } = this.#options;
    if (this.#running !== undefined || writer.state === 'degraded') return;
    this.#stepsSince++;
    const steps = stepsOf();
    const segments = server.take(Math.ceil(server.segments / steps));
    const tables = users.take(Math.max(Math.ceil(users.dirty / steps), users.dirty - TABLES_WAITING_MAX));
    if (segments.length + tables.length === 0 && !this.#isRecordDue()) return;
    this.#running = this.#write(segments, tables).finally(() => {
      this.#running = undefined;
    });
  }

  /** Writes all that is due. */
  async finish(): Promise<void> {
    const { server, users, writer } = this.#options;
    await this.#running;
    do {
      if (writer.state === 'degraded') return;
      await this.#write(server.take(SEGMENTS_MAX), users.take(users.dirty));
    } while (this.#isScrubDue() || users.dirty > 0 || server.floor < server.generation);
  }

  /** Writes user tables that are due, if there is room; only before the store is open to others. */
  writeUsersNow(): void {
    const { dir, environment, users } = this.#options;
    if (!hasRoom(dir, TRANSACTION_BYTES_MAX)) return;
    const tables = users.take(users.dirty);
    environment.root.transactionSync(() => {
      for (const { key, value } of tables) environment.users.putSync(key, value);
    });
    for (const table of tables) table.written();
  }

  /** Even where no table is due, the log must not be replayed from further and further back. */
  #isRecordDue(): boolean {
    const { server, stepsOf } = this.#options;
    if (this.#isScrubDue()) return true;
    return this.#stepsSince >= stepsOf() && server.generation > this.#written.totalsSeq;
  }

  /** A forgotten lesson is on disk that no table needs any more. */
  #isScrubDue(): boolean {
    const first = this.#options.lessons.forgotten[0];
    return first !== undefined && first.undoSeq <= this.#floor();
  }

  #floor(): number {
    return Math.min(this.#options.server.floor, this.#options.users.floor);
  }

  /**
   * Another size of the server's table: all of it is written at once; only before the store is open to others.
   * @throws StoreError `unusable` where the disk has no room for it
   */
  resizeServerNow(segments: number): void {
    const { dir, environment, server } = this.#options;
    const before = server.segments;
    server.resize(segments);
    const writings = server.take(segments);
    checkRoom(dir, TRANSACTION_BYTES_MAX + writings.reduce((bytes, { value }) => bytes + value.length, 0));
    const record = { ...this.#record(), scrubbed: this.#written.scrubbed };
    environment.root.transactionSync(() => {
      for (let segment = segments; segment < before; segment++)
        environment.server.removeSync(segmentKey(segment));
      for (const { key, value } of writings) environment.server.putSync(key, value);
      environment.meta.putSync(metaKey('checkpoint'), encodeCheckpoint(record));
    });
    this.#written = record;
  }

  async #write(segments: readonly Writing[], tables: readonly Writing[]): Promise<void> {
    const { environment, writer, lessons } = this.#options;
    const record = this.#record();
    const value = encodeCheckpoint(record);
    const forgotten = lessons.forgotten
      .slice(0, FORGOTTEN_MAX)
      .filter((each) => each.undoSeq <= record.scrubbed);
    this.#stepsSince = 0;
    try {
      await writer.commit(() => {
        for (const segment of segments) void environment.server.put(segment.key, segment.value);
        for (const table of tables) void environment.users.put(table.key, table.value);
        for (const { learnSeq, undoSeq } of forgotten) {
          void environment.lessons.remove(numberKey(learnSeq));
          void environment.lessons.remove(numberKey(undoSeq));
        }
        void environment.meta.put(metaKey('checkpoint'), value);
      });
    } catch {
      // The writer has said so and tries again; the tables stay due.
      for (const writing of [...segments, ...tables]) writing.failed();
      return;
    }
    for (const writing of [...segments, ...tables]) writing.written();
    lessons.forgotten.splice(0, forgotten.length);
    this.#written = record;
  }

  #record(): CheckpointRecord {
    const { server, users, lessons } = this.#options;
    const left = lessons.forgotten[FORGOTTEN_MAX]?.undoSeq ?? Number.POSITIVE_INFINITY;
    return {
      segments: server.segments,
      serverFloor: server.floor,
      usersFloor: users.floor,
      scrubbed: Math.max(this.#written.scrubbed, Math.min(this.#floor(), left - 1)),
      totalsSeq: server.generation,
      // Copies: what is written is not to change.
      spamByScript: server.totals.spam.slice(),
      hamByScript: server.totals.ham.slice(),
      hosts: server.encodeHosts(),
    };
  }
}
