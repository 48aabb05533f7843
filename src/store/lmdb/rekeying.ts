import { setImmediate } from 'node:timers/promises';
import { StoreError } from '../../errors.ts';
import { idKey, numberKey, readNumberKey } from '../keys.ts';
import type { KeyChange, Rekeyed } from '../store.ts';
import type { Environment } from './environment.ts';
import { decodeRecord, headOf, type Learnt, userOf, withUids } from './lesson-record.ts';
import type { LMDBLessons } from './lessons.ts';
import type { LocalUser } from './local-user.ts';
import type { PastKeys } from './past-keys.ts';
import { hasRoom, TRANSACTION_BYTES_MAX } from './preflight.ts';
import { compactTokens, spreadTokens } from './token-ids.ts';
import { UserTable } from './user-table.ts';
import type { LMDBUserTables } from './user-tables.ts';
import type { Writer } from './writer.ts';

/** Lessons that go over to another key in one transaction; a user with more keeps the key. */
export const REKEYED_LESSONS_MAX = 5_000;
/** Users served by one walk through the log. */
const WALK_USERS_MAX = 256;
/** Records looked at in one go: half a millisecond. */
const WALK_RECORDS = 256;
/** Lessons counted into a new table in one go: half a millisecond. */
const COUNTED_LESSONS = 32;
/** What a lesson may take in a transaction: the page that it is in, and one that it runs over into. */
const LESSON_BYTES = 8192;

export interface RekeyingOptions {
  readonly dir: string;
  readonly environment: Environment;
  readonly writer: Writer;
  readonly lessons: LMDBLessons;
  readonly users: LMDBUserTables;
  readonly pastKeys: PastKeys;
  readonly userTokensMax: number;
}

/** What a user's id is made of does not hold its script. */
const NO_SCRIPTS = new Uint8Array();

interface Job {
  readonly change: KeyChange;
  readonly id: string;
  readonly resolve: (rekeyed: Rekeyed) => void;
  readonly reject: (error: unknown) => void;
}

/** With the numbers of the user's live lessons. */
interface Asked {
  readonly job: Job;
  readonly seqs: readonly number[];
}

/** What one transaction writes. */
interface Moved {
  readonly table: UserTable;
  readonly records: readonly (readonly [seq: Buffer, record: Buffer])[];
}

/**
 * Changes users' keys. A user's token ids cannot be turned back into those of the server, but lessons hold both: so the table
 * is counted anew from the user's lessons, and these, the table and the head with the new check value go to the disk in one
 * transaction. A crash leaves the old or the new, whole.
 *
 * Nothing finds a user's lessons but a walk through the log; users who are asked for meanwhile share the next one.
 */
export class Rekeying {
  readonly #options: RekeyingOptions;
  #waiting: Job[] = [];
  #running: Promise<void> | undefined;

  constructor(options: RekeyingOptions) {
    this.#options = options;
  }

  rekey(change: KeyChange): Promise<Rekeyed> {
    if (this.#options.writer.state === 'degraded') return Promise.reject(degraded());
    const { users } = this.#options;
    const { id } = users.open(change.bareJID, change.before);
    users.hold(id);
    const done = new Promise<Rekeyed>((resolve, reject) => {
      this.#waiting.push({ change, id, resolve, reject });
      this.#running ??= this.#run();
    });
    return done.finally(() => users.release(id));
  }

  /** Settles when nothing is under way. */
  async settled(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    // Whoever asks within this turn of the event loop joins the first walk.
    await setImmediate();
    while (this.#waiting.length > 0) await this.#serve(this.#takeJobs());
    this.#running = undefined;
  }

  /** In their order; a user's second wish waits for the first one. */
  #takeJobs(): Map<string, Job> {
    const jobs = new Map<string, Job>();
    this.#waiting = this.#waiting.filter((job) => {
      if (jobs.size >= WALK_USERS_MAX || jobs.has(job.id)) return true;
      jobs.set(job.id, job);
      return false;
    });
    return jobs;
  }

  async #serve(jobs: ReadonlyMap<string, Job>): Promise<void> {
    const { lessons } = this.#options;
    try {
      await lessons.settled();
      const lessonsOf = await this.#find(jobs);
      const asked = [...jobs.values()].map((job) => ({ job, seqs: lessonsOf.get(job.id) ?? [] }));
      for (const group of groupsOf(asked)) await this.#serveGroup(group);
    } catch (error) {
      for (const job of jobs.values()) job.reject(error);
    }
  }

  /** Together, so that they share transactions. */
  async #serveGroup(group: readonly Asked[]): Promise<void> {
    const bytes = group.reduce((sum, { seqs }) => sum + seqs.length * LESSON_BYTES, TRANSACTION_BYTES_MAX);
    if (!hasRoom(this.#options.dir, bytes)) throw degraded();
    await Promise.all(group.map(({ job, seqs }) => this.#change(job, seqs).then(job.resolve, job.reject)));
  }

  /** Numbers of the live lessons of those users whose key is to change. */
  async #find(jobs: ReadonlyMap<string, Job>): Promise<Map<string, number[]>> {
    const { environment, users } = this.#options;
    const found = new Map<string, number[]>();
    for (const [id, job] of jobs)
      if (this.#verdictOn(job) === undefined && (users.table(id)?.seq ?? 0) > 0) found.set(id, []);
    if (found.size === 0) return found;
    for (let start = 1; ; ) {
      let count = 0;
      for (const { key, value } of environment.lessons.getRange({
        start: numberKey(start),
        limit: WALK_RECORDS,
      })) {
        const record = Buffer.from(value.buffer, value.byteOffset, value.length);
        const seq = readNumberKey(key);
        const seqs = found.get(userOf(record));
        if (seqs !== undefined && this.#isLive(headOf(record).id, seq)) seqs.push(seq);
        start = seq + 1;
        count++;
      }
      if (count < WALK_RECORDS) return found;
      await setImmediate();
    }
  }

  #isLive(lessonId: Buffer, seq: number): boolean {
    return this.#options.environment.lessonIds.get(lessonId)?.equals(numberKey(seq)) === true;
  }

  /** What is answered without a change; undefined: the key is to change. */
  #verdictOn({ change: { bareJID, before, after }, id }: Job): Rekeyed['outcome'] | undefined {
    const { users } = this.#options;
    const head = users.table(id)?.head;
    if (head === undefined) return 'wrong-key';
    if (users.locks.unlock(bareJID, after, head).keyState === 'ok') return 'unchanged';
    return users.locks.unlock(bareJID, before, head).keyState === 'ok' ? undefined : 'wrong-key';
  }

  async #change(job: Job, seqs: readonly number[]): Promise<Rekeyed> {
    const { users, writer, environment, pastKeys } = this.#options;
    const { change, id } = job;
    const outcome = this.#verdictOn(job);
    if (outcome !== undefined) return { outcome, lessons: 0 };
    if (seqs.length > REKEYED_LESSONS_MAX) return { outcome: 'too-many-lessons', lessons: seqs.length };
    const { head: before, seq } = users.table(id)!;
    const after = users.locks.newHead(change.bareJID, change.after, before.created);
    const user = users.locks.unlock(change.bareJID, change.after, after);
    const { table, records } = await this.#move(seqs, user, new UserTable(after));
    table.seq = seq;
    const record = table.encode();
    let takeBack = (): void => undefined;
    const given = { check: before.check, user: users.locks.unlock(change.bareJID, change.before, before) };
    try {
      await writer.commit(() => {
        for (const [key, lesson] of records) void environment.lessons.put(key, lesson);
        void environment.users.put(idKey(id), record);
        takeBack = pastKeys.handOn(given, { check: after.check, user });
      });
    } catch (error) {
      takeBack();
      throw error;
    }
    users.replace(change.bareJID, id, table);
    return { outcome: 'changed', lessons: seqs.length };
  }

  /** Counts lessons into a table, in the order of the log, with token ids under the key of `user`. */
  async #move(seqs: readonly number[], { cipher }: LocalUser, table: UserTable): Promise<Moved> {
    const { environment, userTokensMax } = this.#options;
    const uidsOf = (sids: Buffer) => compactTokens(cipher!.tokens(spreadTokens(sids, NO_SCRIPTS)));
    const records: [Buffer, Buffer][] = [];
    for (const [i, seq] of seqs.entries()) {
      if (i % COUNTED_LESSONS === COUNTED_LESSONS - 1) await setImmediate();
      const key = numberKey(seq);
      const record = withUids(environment.lessons.get(key)!, uidsOf);
      table.seq = seq;
      table.learn(learntOf(record), userTokensMax);
      records.push([key, record]);
    }
    return { table, records };
  }
}

/** In their order, so many that they have no more lessons than one user may have. */
function* groupsOf(asked: readonly Asked[]): Generator<Asked[], void, void> {
  let group: Asked[] = [];
  let lessons = 0;
  for (const each of asked) {
    if (group.length > 0 && lessons + each.seqs.length > REKEYED_LESSONS_MAX) {
      yield group;
      group = [];
      lessons = 0;
    }
    group.push(each);
    lessons += each.seqs.length;
  }
  if (group.length > 0) yield group;
}

function learntOf(record: Buffer): Learnt {
  const decoded = decodeRecord(record);
  if (decoded.kind === 'undo') throw new Error('a live lesson is a record that undoes one');
  return decoded.learnt;
}

function degraded(): StoreError {
  return new StoreError('degraded', 'The store cannot write, see its log; change the key again later.');
}
