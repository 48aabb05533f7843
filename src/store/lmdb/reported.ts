import { isEmpty, isOrdinary } from '../../text/fingerprint.ts';
import { idKey, readReportedNumber, reportedKey } from '../keys.ts';
import type { StoreBounds } from '../options.ts';
import type { Reported, TextOfUser, Told } from '../reported.ts';
import type { ReportedText } from '../reported-entries.ts';
import { ReportedTexts } from '../reported-texts.ts';
import type { KeyedIds, LessonInput, LessonLabel } from '../store.ts';
import { type Environment, readForTimer } from './environment.ts';
import { labelOf } from './lesson-record.ts';
import { ReportedRecords, timeOf } from './reported-record.ts';
import type { Writer } from './writer.ts';

const DAY_MS = 86_400_000;
const LABELS: readonly LessonLabel[] = ['ham', 'spam'];
/** A report that is told again within this time stays as it is: else one who repeats it pushes out those of all others. */
const RENEWED_MS = DAY_MS;
/** Records of each label removed from the disk in one sweep, and how often there is one. */
const SWEPT_MAX = 64;
const STEPS_PER_SWEEP = 10;

/** What a lesson changes here: on the disk within its transaction, in memory once that is flushed. */
export interface ReportedChange {
  put(): void;
  apply(): void;
}

export const NO_CHANGE: ReportedChange = { put: () => undefined, apply: () => undefined };

export interface ReportedOptions {
  readonly environment: Environment;
  readonly writer: Writer;
  readonly ids: KeyedIds;
  /** 16 bytes. */
  readonly key: Buffer;
  readonly now: () => number;
  readonly reportedTextsMax: number;
  readonly bounds: Pick<StoreBounds, 'reportedDays'>;
}

/**
 * What users have reported, and its records on the disk. A record comes and goes in the transactions of its lesson, so a
 * lesson that was answered is remembered. It ends by its days or by the number of texts; the lesson stays.
 */
export class LMDBReported implements Reported {
  readonly #options: ReportedOptions;
  readonly #texts: ReportedTexts;
  readonly #records: ReportedRecords;
  #number = 0;
  #steps = 0;
  #sweeping: Promise<void> | undefined;

  constructor(options: ReportedOptions) {
    this.#options = options;
    this.#texts = new ReportedTexts(options.reportedTextsMax);
    this.#records = new ReportedRecords(options.key);
    for (const label of LABELS) this.#load(label);
  }

  get count(): number {
    return this.#texts.count;
  }

  look({ fingerprint, userId, senderId }: TextOfUser, now: number): Told {
    return this.#texts.look({
      fingerprint,
      userId,
      pairId: () => this.#options.ids.pair(userId, senderId),
      since: this.#since(now),
    });
  }

  /** What teaching a lesson changes. */
  keep(lesson: LessonInput): ReportedChange {
    const before = this.drop(lesson.id);
    if (!isReport(lesson)) return before;
    const { fingerprint, label, reporterId, senderId, at } = lesson;
    const pairId = this.#options.ids.pair(reporterId, senderId);
    const number = ++this.#number;
    const text = { fingerprint, label, userId: reporterId, pairId, lessonId: lesson.id, at, number };
    const record = this.#records.encode(text);
    return {
      put: () => {
        before.put();
        void this.#options.environment.reported.put(reportedKey(label, number), record);
      },
      apply: () => {
        before.apply();
        this.#texts.add(text);
      },
    };
  }

  /** What teaching it again changes: nothing, if that is what the user has said last, and not long ago. */
  renew(lesson: LessonInput): ReportedChange {
    if (!isReport(lesson)) return NO_CHANGE;
    const { id, label, fingerprint, reporterId: userId, senderId, at } = lesson;
    const { own, ownAt } = this.look({ fingerprint, userId, senderId }, at);
    const isNew = own === label && at - ownAt < RENEWED_MS && this.#texts.find(id) !== undefined;
    return isNew ? NO_CHANGE : this.keep(lesson);
  }

  /** What taking back a lesson changes. */
  drop(lessonId: string): ReportedChange {
    const before = this.#texts.find(lessonId);
    if (before === undefined) return NO_CHANGE;
    return {
      put: () => void this.#options.environment.reported.remove(reportedKey(before.label, before.number)),
      apply: () => this.#texts.remove(lessonId),
    };
  }

  /** Drops some of what is past, or one too many. */
  step(): void {
    this.#steps++;
    if (this.#steps % STEPS_PER_SWEEP !== 0) return;
    this.#texts.step(this.#since(this.#options.now()));
    if (this.#sweeping !== undefined || this.#options.writer.state === 'degraded') return;
    this.#sweeping = this.#sweep().finally(() => {
      this.#sweeping = undefined;
    });
  }

  /** Settles when nothing is under way. */
  async settled(): Promise<void> {
    await this.#sweeping;
  }

  async #sweep(): Promise<void> {
    const { environment, writer } = this.#options;
    const keys = readForTimer(() => LABELS.flatMap((label) => this.#findPast(label))) ?? [];
    if (keys.length === 0) return;
    try {
      await writer.commit(() => {
        for (const key of keys) void environment.reported.remove(key);
      });
    } catch {
      // The writer has said so; they are found again.
    }
  }

  #findPast(label: LessonLabel): Buffer[] {
    const since = this.#since(this.#options.now());
    const first = this.#texts.firstNumber(label);
    const keys: Buffer[] = [];
    for (const { key, value } of this.#all(label, SWEPT_MAX)) {
      if (timeOf(value) >= since && readReportedNumber(key) >= first) break;
      keys.push(Buffer.from(key));
    }
    return keys;
  }

  #load(label: LessonLabel): void {
    const since = this.#since(this.#options.now());
    for (const { key, value } of this.#all(label)) {
      const number = readReportedNumber(key);
      this.#number = Math.max(this.#number, number);
      const text = this.#records.decode(Buffer.from(value), { label, number });
      if (text !== undefined && text.at >= since && this.#isInForce(text)) this.#texts.add(text);
    }
  }

  /** A version that knew nothing of reported texts may have taken its lesson back. */
  #isInForce({ lessonId, label }: ReportedText): boolean {
    const { lessons, lessonIds } = this.#options.environment;
    const seq = lessonIds.get(idKey(lessonId));
    const lesson = seq === undefined ? undefined : lessons.get(Buffer.from(seq));
    return lesson !== undefined && labelOf(lesson) === label;
  }

  #all(label: LessonLabel, limit?: number) {
    const range = { start: reportedKey(label, 0), end: reportedKey(label, Number.MAX_SAFE_INTEGER) };
    return this.#options.environment.reported.getRange(limit === undefined ? range : { ...range, limit });
  }

  #since(now: number): number {
    return now - this.#options.bounds.reportedDays * DAY_MS;
  }
}

/**
 * What a user said of a text. The operator's lessons are whole corpora; what only gives way to a user's word is none. Ordinary
 * words of nobody's are no text that could come again.
 */
function isReport(lesson: LessonInput): lesson is LessonInput & { reporterId: string } {
  const { reporterId, fingerprint, senderId } = lesson;
  if (reporterId === undefined || lesson.yields === true || isEmpty(fingerprint)) return false;
  return senderId !== '' || !isOrdinary(fingerprint);
}
