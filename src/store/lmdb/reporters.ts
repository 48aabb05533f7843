import { idKey } from '../keys.ts';
import type { StoreBounds } from '../options.ts';
import type { LessonInput, LessonLabel } from '../store.ts';
import type { Environment } from './environment.ts';
import { hostShareOf } from './host-share.ts';
import { LESSON_WEIGHT, type Learnt, OPERATOR_TAG } from './lesson-record.ts';
import type { Writer } from './writer.ts';

/** Lessons of a reporter that are remembered, to see whether others agree with them. */
export const LESSONS_REMEMBERED = 8;
const DAY_MS = 86_400_000;
const HEAD_BYTES = 24;

/** What is kept of one who teaches; weights in the server's table, in units of 1/256 lesson. */
interface Reporter {
  /** Days since 1970 of the last lesson. */
  readonly day: number;
  /** Weight taught on that day, with what was taken back. */
  readonly taught: number;
  /** Weight of all lessons in force, by class: one who has much ham from their contacts still reports spam like others. */
  readonly held: Readonly<Record<LessonLabel, number>>;
  /** The last lessons, the newest first. */
  readonly seqs: readonly number[];
}

const NEW: Reporter = { day: 0, taught: 0, held: { spam: 0, ham: 0 }, seqs: [] };

/** What a table takes of a lesson, in units of 1/256 lesson. @param worth 0 … 1 */
export type Grant = (worth: number) => number;

/** A lesson by its place in the log. */
export interface Logged {
  readonly seq: number;
  readonly learnt: Learnt;
}

export type ReporterBounds = Pick<
  StoreBounds,
  'reporterLessonsPerDay' | 'reporterLessonsWhole' | 'reporterLessonsMax'
>;

export interface ReportersOptions {
  readonly environment: Environment;
  readonly writer: Writer;
  readonly bounds: ReporterBounds;
}

/** Those who teach, and how much of the server's table is theirs. Records are written with the lessons that change them. */
export class LMDBReporters {
  readonly #options: ReportersOptions;
  /** Those with lessons under way, as they are after these. */
  readonly #waiting = new Map<string, { reporter: Reporter; commits: number }>();

  constructor(options: ReportersOptions) {
    this.#options = options;
  }

  /** Where the last lessons of a reporter are in the log, the newest first. */
  lastOf(id: string): readonly number[] {
    return this.#of(id).seqs;
  }

  /** How much a lesson may weigh in the server's table, and as much again in a host's. The operator has all the room. */
  roomFor(lesson: LessonInput, undone: Logged | undefined): Grant {
    if (lesson.reporterId === undefined) return (worth) => Math.round(LESSON_WEIGHT * worth);
    const { reporterLessonsPerDay, reporterLessonsWhole, reporterLessonsMax } = this.#options.bounds;
    const reporter = without(this.#of(lesson.reporterId), undone);
    const held = reporter.held[lesson.label];
    const whole = reporterLessonsWhole * LESSON_WEIGHT;
    const today = reporter.day === dayOf(lesson.at) ? reporter.taught : 0;
    const room = Math.min(
      reporterLessonsPerDay * LESSON_WEIGHT - today,
      reporterLessonsMax * LESSON_WEIGHT - held,
    );
    const unit = held > whole ? (LESSON_WEIGHT * whole) / held : LESSON_WEIGHT;
    return (worth) => Math.max(0, Math.min(Math.round(worth * unit), room));
  }

  /** Commits a change of the log together with what it changes of its reporter. @throws StoreError as `Writer.commit` */
  async commit(
    { reporterTag, userId: id }: Learnt,
    change: { readonly taught?: Logged; readonly undone: Logged | undefined },
    puts: () => void,
  ): Promise<void> {
    const { environment, writer } = this.#options;
    if (reporterTag === OPERATOR_TAG) return writer.commit(puts);
    const reporter = withLesson(without(this.#of(id), change.undone), change.taught);
    const record = encode(reporter);
    this.#waiting.set(id, { reporter, commits: 1 + (this.#waiting.get(id)?.commits ?? 0) });
    try {
      await writer.commit(() => {
        puts();
        void environment.reporters.put(idKey(id), record);
      });
    } finally {
      this.#settle(id);
    }
  }

  /** A failed commit refuses all that waits, so what is on the disk is true once nothing waits any more. */
  #settle(id: string): void {
    const waiting = this.#waiting.get(id)!;
    if (--waiting.commits === 0) this.#waiting.delete(id);
  }

  #of(id: string): Reporter {
    const waiting = this.#waiting.get(id);
    if (waiting !== undefined) return waiting.reporter;
    const record = this.#options.environment.reporters.get(idKey(id));
    return record === undefined ? NEW : decode(record);
  }
}

function withLesson(reporter: Reporter, lesson: Logged | undefined): Reporter {
  if (lesson === undefined) return reporter;
  const { label, at } = lesson.learnt;
  const weight = weightOf(lesson.learnt);
  // One that is put back from a copy was taught before.
  const day = Math.max(reporter.day, dayOf(at));
  return {
    day,
    taught: (day === reporter.day ? reporter.taught : 0) + (day === dayOf(at) ? weight : 0),
    held: { ...reporter.held, [label]: weight + reporter.held[label] },
    seqs: [lesson.seq, ...reporter.seqs].slice(0, LESSONS_REMEMBERED),
  };
}

/** What was taught today stays: else a reporter could teach and take back without end. */
function without(reporter: Reporter, lesson: Logged | undefined): Reporter {
  if (lesson === undefined) return reporter;
  const { seq, learnt } = lesson;
  const { label } = learnt;
  return {
    ...reporter,
    held: { ...reporter.held, [label]: Math.max(0, reporter.held[label] - weightOf(learnt)) },
    seqs: reporter.seqs.filter((each) => each !== seq),
  };
}

/** The room that it takes: in whichever table it weighs more. */
function weightOf(learnt: Learnt): number {
  return Math.max(learnt.weight, hostShareOf(learnt)?.weight ?? 0);
}

function dayOf(at: number): number {
  return Math.floor(at / DAY_MS);
}

function encode({ day, taught, held, seqs }: Reporter): Buffer {
  // Not from Buffer's shared pool, as a lesson's record.
  const record = Buffer.allocUnsafeSlow(HEAD_BYTES + 8 * seqs.length);
  record.writeUInt32LE(day, 0);
  record.writeUInt32LE(taught, 4);
  record.writeDoubleLE(held.spam, 8);
  record.writeDoubleLE(held.ham, 16);
  for (const [index, seq] of seqs.entries()) record.writeDoubleLE(seq, HEAD_BYTES + 8 * index);
  return record;
}

function decode(record: Buffer): Reporter {
  const seqs: number[] = [];
  for (let at = HEAD_BYTES; at < record.length; at += 8) seqs.push(record.readDoubleLE(at));
  return {
    day: record.readUInt32LE(0),
    taught: record.readUInt32LE(4),
    held: { spam: record.readDoubleLE(8), ham: record.readDoubleLE(16) },
    seqs,
  };
}
