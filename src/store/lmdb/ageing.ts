import type { StoreBounds, StoreLog } from '../options.ts';
import { readForTimer } from './environment.ts';
import type { LessonArchive } from './lesson-archive.ts';
import type { UnusedUsers } from './unused-users.ts';
import type { Writer } from './writer.ts';

const DAY_MS = 86_400_000;
/** From the end of the log to its beginning again: how late a lesson may go. */
const REST_MS = 6 * 3_600_000;
/** Steps from one look at how much room lessons take to the next, and from some users to the next. */
const STEPS_PER_LOOK = 10;

export interface AgeingOptions {
  readonly archive: LessonArchive;
  readonly unused: UnusedUsers;
  readonly writer: Writer;
  readonly now: () => number;
  readonly log: StoreLog;
  readonly bounds: Pick<
    StoreBounds,
    'userLessonDays' | 'operatorLessonDays' | 'userLessonsMax' | 'lessonsBytesMax' | 'userUnusedDays'
  >;
}

/**
 * Takes away what is old: lessons, by the same exact subtraction as an undo, and users without any. It walks through the log a few
 * records a step, and rests at its end; so no step is long, however many lessons there are, and the operator's corpora, which stay,
 * are not looked at for ever.
 */
export class Ageing {
  /** Lessons undone, and users forgotten, since the start. */
  aged = 0;
  forgottenUsers = 0;
  readonly #options: AgeingOptions;
  #steps = 0;
  /** Where in the log the next step goes on. */
  #after = 0;
  /** When the last walk ended; a clock that was set back ends the rest, too. */
  #restsSince = Number.NEGATIVE_INFINITY;
  /** Lessons take more room than they may. */
  #isOver = false;
  #isStuck = false;
  /** What was undone since the walk began. */
  #agedInWalk = 0;
  #running: Promise<void> | undefined;

  constructor(options: AgeingOptions) {
    this.#options = options;
  }

  /** Starts a step unless one is under way. */
  step(): void {
    if (this.#running !== undefined || this.#options.writer.state === 'degraded') return;
    this.#running = this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  /** Settles when nothing is under way. */
  async settled(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    const { archive, unused, bounds, now } = this.#options;
    try {
      if (this.#steps++ % STEPS_PER_LOOK === 0) {
        const bytes = readForTimer(() => archive.liveBytes) ?? 0;
        this.#isOver = bytes > bounds.lessonsBytesMax;
        if (bounds.userUnusedDays > 0)
          this.forgottenUsers += await unused.step(now() - bounds.userUnusedDays * DAY_MS, now());
      }
      await this.#ageLessons();
    } catch {
      // The writer has said so and tries again; what is old is found again.
    }
  }

  async #ageLessons(): Promise<void> {
    const { archive, now } = this.#options;
    const isResting = Math.abs(now() - this.#restsSince) < REST_MS;
    if (isResting && (!this.#isOver || this.#isStuck)) return;
    const looked = readForTimer(() => archive.look(this.#after));
    if (looked === undefined) return;
    const { dropped, next } = await archive.drop(looked, this.#limits());
    this.aged += dropped;
    this.#agedInWalk += dropped;
    if (next !== undefined) this.#after = next;
    else this.#endWalk();
  }

  /** Where lessons take too much room there is no rest, unless a walk has found nothing that may go. */
  #endWalk(): void {
    const { now, log, bounds } = this.#options;
    this.#isStuck = this.#isOver && this.#agedInWalk === 0;
    if (this.#isStuck)
      log.warn(
        { lessons_bytes_max: bounds.lessonsBytesMax },
        'lessons take more room than they may; no user’s are left',
      );
    this.#restsSince = now();
    this.#agedInWalk = 0;
    this.#after = 0;
  }

  #limits() {
    const { bounds, now } = this.#options;
    const before = (days: number) => (days === 0 ? Number.NEGATIVE_INFINITY : now() - days * DAY_MS);
    return {
      usersBefore: this.#isOver ? Number.POSITIVE_INFINITY : before(bounds.userLessonDays),
      operatorBefore: before(bounds.operatorLessonDays),
      userLessonsMax: bounds.userLessonsMax,
    };
  }
}
