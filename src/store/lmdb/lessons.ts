import { StoreError } from '../../errors.ts';
import { LRU } from '../../lru.ts';
import { Turns } from '../../turns.ts';
import { idKey, numberKey, readNumberKey } from '../keys.ts';
import type { StoreBounds } from '../options.ts';
import type { HostShare, LessonInput, Lessons, PastLesson } from '../store.ts';
import type { Environment } from './environment.ts';
import { fitLessons } from './fit-lessons.ts';
import { decodeRecord, encodeLearn, encodeUndo, type Learnt, learntFrom } from './lesson-record.ts';
import type { LessonSeal } from './lesson-seal.ts';
import { pastLesson } from './past-lesson.ts';
import { type LMDBReported, NO_CHANGE, type ReportedChange } from './reported.ts';
import { type Grant, LMDBReporters, type Logged, type ReporterBounds } from './reporters.ts';
import type { LMDBServerTokens } from './server-tokens.ts';
import type { LMDBUserTables } from './user-tables.ts';
import type { Writer } from './writer.ts';

const DAY_MS = 86_400_000;
/** Lessons of those who report that are held ready to weigh their next report: of some 1,000 reporters, 10 MB. */
const PAST_LESSONS_MAX = 8_192;

/** A lesson and the record that took it back: both leave the disk once no checkpoint needs them. */
export interface Forgotten {
  readonly learnSeq: number;
  readonly undoSeq: number;
}

export interface LessonsOptions {
  readonly environment: Environment;
  readonly writer: Writer;
  readonly server: LMDBServerTokens;
  readonly users: LMDBUserTables;
  readonly reported: LMDBReported;
  readonly bounds: Pick<StoreBounds, 'undoDays' | 'hostsMax'> & ReporterBounds;
  readonly seal: LessonSeal;
}

/** What is written with a lesson. */
interface Learning {
  readonly before: Logged | undefined;
  readonly kept: ReportedChange;
  readonly record?: Buffer;
}

/**
 * The log of lessons, from which all tables can be made again. A lesson is in memory only after its record is flushed, and
 * in the order of the log, so that a checkpoint can say which lessons it holds by one number.
 */
export class LMDBLessons implements Lessons {
  count = 0;
  /** In the order of their undoing. */
  readonly forgotten: Forgotten[] = [];
  readonly #options: LessonsOptions;
  readonly #reporters: LMDBReporters;
  readonly #past = new LRU<number, PastLesson>(PAST_LESSONS_MAX);
  #seq = 0;
  /** What is being done to a lesson's id: the same lesson sent twice at once is taught once. */
  readonly #turns = new Turns();

  constructor(options: LessonsOptions) {
    this.#options = options;
    this.#reporters = new LMDBReporters(options);
    this.count = entries(options.environment.lessonIds.getStats());
  }

  async teach(lesson: LessonInput): Promise<'set' | 'replaced' | 'unchanged'> {
    return this.#turns.take(lesson.id, async () => {
      this.#refuseIfDegraded();
      this.#refuseIfHeld(lesson.user?.id);
      const live = this.#live(lesson.id);
      if (live !== undefined && (lesson.yields === true || live.learnt.label === lesson.label)) {
        await this.#change(this.#options.reported.renew(lesson));
        return 'unchanged';
      }
      const { seal, reported } = this.#options;
      const grant = this.#reporters.roomFor(lesson, live);
      const granted = { weight: grant(lesson.weight ?? 1), host: this.#hostOf(lesson, grant) };
      const learnt = learntFrom(lesson, granted, seal);
      await this.#learn(learnt, { before: live, kept: reported.keep(lesson) });
      return live === undefined ? 'set' : 'replaced';
    });
  }

  async forget(id: string, at: number): Promise<'removed' | 'unchanged' | 'too-old'> {
    return this.#turns.take(id, async () => {
      this.#refuseIfDegraded();
      const live = this.#live(id);
      if (live === undefined) return 'unchanged';
      this.#refuseIfHeld(live.learnt.userId);
      if (at - live.learnt.at > this.#options.bounds.undoDays * DAY_MS) return 'too-old';
      await this.#unlearn(live);
      return 'removed';
    });
  }

  get generation(): number {
    return this.#options.server.generation;
  }

  lastOf(reporterId: string): readonly PastLesson[] {
    return this.#reporters.lastOf(reporterId).flatMap((seq) => this.#pastAt(seq) ?? []);
  }

  /** What a record says never changes but for the ids of its user's table; one that was undone is no reporter's any more. */
  #pastAt(seq: number): PastLesson | undefined {
    const known = this.#past.get(seq);
    if (known !== undefined) return known;
    const learnt = this.#read(seq);
    if (learnt === undefined) return undefined;
    const lesson = pastLesson(learnt, this.#options.seal);
    this.#past.set(seq, lesson);
    return lesson;
  }

  newestBefore(...[before, count, isWanted]: Parameters<Lessons['newestBefore']>) {
    const end = Math.min(before, this.#seq + 1) - 1;
    return fitLessons({ ...this.#options, end, count, isWanted });
  }

  /** Whether the record of this number is the lesson of this id in force. */
  isLive(id: string, seq: number): boolean {
    return this.#seqOf(id) === seq;
  }

  /** Learns what the operator teaches. @param record of it. @throws StoreError as `teach` */
  async learn(learnt: Learnt, record: Buffer): Promise<'set' | 'replaced' | 'unchanged'> {
    return this.#turns.take(learnt.id, async () => {
      this.#refuseIfDegraded();
      const before = this.#live(learnt.id);
      if (before?.learnt.label === learnt.label) return 'unchanged';
      await this.#learn(learnt, { before, kept: NO_CHANGE, record });
      return before === undefined ? 'set' : 'replaced';
    });
  }

  /**
   * Puts back a lesson as it was taught; one of its id that is there stays.
   * @param record of it, as it lay in a log. @throws StoreError as `teach`
   */
  async restore(learnt: Learnt, record: Buffer): Promise<boolean> {
    return this.#turns.take(learnt.id, async () => {
      this.#refuseIfDegraded();
      this.#refuseIfHeld(learnt.userId);
      if (this.#seqOf(learnt.id) !== undefined) return false;
      // Texts that were reported are remembered for a while only, and not kept in a log.
      await this.#learn(learnt, { before: undefined, kept: NO_CHANGE, record });
      return true;
    });
  }

  /** Undoes the lesson of this record, however old it is; not one that has taken its place. @throws StoreError as `teach` */
  async drop(id: string, seq: number): Promise<boolean> {
    return this.#turns.take(id, async () => {
      this.#refuseIfDegraded();
      const live = this.#live(id);
      if (live?.seq !== seq) return false;
      this.#refuseIfHeld(live.learnt.userId);
      await this.#unlearn(live);
      return true;
    });
  }

  /** Settles when nothing is under way. */
  async settled(): Promise<void> {
    await this.#turns.settled();
  }

  /**
   * Applies the log from `first` on, at start; each table skips what it has. What was undone after `scrubbed` is noted.
   * @param spare is called now and then, to make room.
   */
  replay(first: number, scrubbed: number, spare: () => void): number {
    const { environment, server, users } = this.#options;
    this.#seq = Math.max(server.generation, users.generation);
    let replayed = 0;
    for (const { key, value } of environment.lessons.getRange({ start: numberKey(first) })) {
      const seq = readNumberKey(key);
      const record = decodeRecord(Buffer.from(value));
      if (record.kind === 'learn') this.#apply(record.learnt, seq, 1);
      else {
        const undone = this.#read(record.learnSeq);
        if (undone !== undefined) this.#apply(undone, seq, -1);
        if (seq > scrubbed) this.forgotten.push({ learnSeq: record.learnSeq, undoSeq: seq });
      }
      this.#seq = Math.max(this.#seq, seq);
      replayed++;
      spare();
    }
    return replayed;
  }

  async #change(change: ReportedChange): Promise<void> {
    if (change === NO_CHANGE) return;
    await this.#options.writer.commit(() => change.put());
    change.apply();
  }

  async #learn(learnt: Learnt, { before, kept, record = encodeLearn(learnt) }: Learning): Promise<void> {
    const { environment, users } = this.#options;
    const undoSeq = before === undefined ? 0 : ++this.#seq;
    const seq = ++this.#seq;
    await this.#reporters.commit(learnt, { taught: { seq, learnt }, undone: before }, () => {
      if (before !== undefined)
        void environment.lessons.put(numberKey(undoSeq), encodeUndo(before.learnt, before.seq));
      users.putIfNew(learnt.userId);
      void environment.lessons.put(numberKey(seq), record);
      void environment.lessonIds.put(idKey(learnt.id), numberKey(seq));
      kept.put();
    });
    kept.apply();
    if (before !== undefined) this.#undone(before, undoSeq);
    this.#apply(learnt, seq, 1);
    this.count++;
  }

  async #unlearn(live: Logged): Promise<void> {
    const { environment } = this.#options;
    const undoSeq = ++this.#seq;
    const dropped = this.#options.reported.drop(live.learnt.id);
    await this.#reporters.commit(live.learnt, { undone: live }, () => {
      void environment.lessons.put(numberKey(undoSeq), encodeUndo(live.learnt, live.seq));
      void environment.lessonIds.remove(idKey(live.learnt.id));
      dropped.put();
    });
    dropped.apply();
    this.#undone(live, undoSeq);
  }

  #undone(live: Logged, undoSeq: number): void {
    this.#apply(live.learnt, undoSeq, -1);
    this.forgotten.push({ learnSeq: live.seq, undoSeq });
    this.count--;
  }

  #apply(learnt: Learnt, seq: number, sign: 1 | -1): void {
    this.#options.server.apply(learnt, seq, sign);
    this.#options.users.apply(learnt, seq, sign);
  }

  /** Beyond so many hosts a new one has no table of its own. */
  #hostOf({ host }: LessonInput, grant: Grant): HostShare | undefined {
    const { server, bounds } = this.#options;
    if (host === undefined || !(server.hasHost(host.id) || server.hosts < bounds.hostsMax)) return undefined;
    return { ...host, weight: grant(host.weight) };
  }

  #seqOf(id: string): number | undefined {
    const seqKey = this.#options.environment.lessonIds.get(idKey(id));
    return seqKey === undefined ? undefined : readNumberKey(seqKey);
  }

  #live(id: string): Logged | undefined {
    const seq = this.#seqOf(id);
    if (seq === undefined) return undefined;
    const learnt = this.#read(seq);
    return learnt === undefined ? undefined : { seq, learnt };
  }

  #read(seq: number): Learnt | undefined {
    const value = this.#options.environment.lessons.get(numberKey(seq));
    if (value === undefined) return undefined;
    const record = decodeRecord(Buffer.from(value));
    return record.kind === 'learn' ? record.learnt : undefined;
  }

  #refuseIfHeld(userId: string | undefined): void {
    if (userId !== undefined && this.#options.users.isChanging(userId))
      throw new StoreError('rekeying', "The user's key is being changed; send the lesson again.");
  }

  #refuseIfDegraded(): void {
    if (this.#options.writer.state === 'degraded')
      throw new StoreError('degraded', 'The store cannot write, see its log; send the lesson again later.');
  }
}

function entries(stats: object): number {
  return (stats as { entryCount: number }).entryCount;
}
