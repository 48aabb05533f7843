import type { LessonLabel, Lessons } from '../store/store.ts';
import { FitThread } from './fit-thread.ts';
import { LinearModel } from './model.ts';
import { type Problem, problemOf } from './problem.ts';

/** Records of the log that are read between two turns of the event loop: half a millisecond's work. */
const RECORDS_A_TURN = 16;
/** A fit is not begun sooner after the last one than so many times what that took: a fifth of a core at most. */
const REST_FACTOR = 4;
const CHECK_MS = 1_000;

export interface FitterOptions {
  readonly lessons: Pick<Lessons, 'generation' | 'newestBefore'>;
  readonly bounds: FitterBounds;
  /** A fit was published; or `error`, and the one before stays. */
  readonly fitted: (fit: {
    readonly spam: number;
    readonly ham: number;
    readonly milliseconds: number;
    readonly error?: unknown;
  }) => void;
}

export interface FitterBounds {
  /** False: nothing is fitted, and what was is let go: it would not forget what lessons forget. */
  readonly isWanted: boolean;
  /** Lessons that a fit takes at most: the newest of each class, half of them each where there are enough. */
  readonly lessonsMax: number;
  /** Least time between two fits. */
  readonly seconds: number;
}

/** What a fit was made of. */
type Basis = Pick<FitterBounds, 'lessonsMax'> & Pick<Lessons, 'generation'>;

/** Lessons of a fit, the newest first, in the pieces in which they were read. */
interface Collected {
  readonly parts: Problem[];
  readonly taken: Record<LessonLabel, number>;
}

/**
 * Fits `linear.server` anew when lessons have changed, on a thread of its own, and publishes each fit whole. Nothing is summed
 * up: what was forgotten is gone from the next fit. There is nothing on disk; after a start the first fit comes within seconds.
 */
export class LinearFitter {
  readonly #options: FitterOptions;
  #bounds: FitterBounds;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #thread: FitThread | undefined;
  #model: LinearModel | undefined;
  #basis: Basis | undefined;
  /** As the last check found it. */
  #generation = 0;
  /** Since when a fit waits for lessons to stop coming. */
  #dueAt: number | undefined;
  #endedAt = Number.NEGATIVE_INFINITY;
  #tookMs = 0;
  #isClosed = false;

  constructor(options: FitterOptions) {
    this.#options = options;
    this.#bounds = options.bounds;
  }

  /** The last fit; undefined until there is one, and where a class has no lesson. */
  get model(): LinearModel | undefined {
    return this.#model;
  }

  /** Takes effect at the next fit; with another number of lessons, one is due. */
  adopt(bounds: FitterBounds): void {
    this.#bounds = bounds;
    if (bounds.isWanted) return;
    this.#model = undefined;
    this.#basis = undefined;
    // Whoever switches it on again does not wait for the time between two fits.
    this.#endedAt = Number.NEGATIVE_INFINITY;
  }

  start(): void {
    this.#timer = setInterval(() => this.#check(), CHECK_MS).unref();
    this.#generation = this.#options.lessons.generation;
    this.#check();
  }

  /** Settles when a fit to all lessons of this moment was tried. */
  async settle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
    if (this.#isDue()) await this.#run();
  }

  /** Ends a fit that is under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    await this.#thread?.close();
    await this.#running;
  }

  /** A fit waits until no more lessons come, so that it does not begin amid a training; but not for ever. */
  #check(): void {
    const now = performance.now();
    const { generation } = this.#options.lessons;
    const isStill = generation === this.#generation;
    this.#generation = generation;
    const seconds = 1_000 * this.#bounds.seconds;
    const isRested = now - this.#endedAt >= Math.max(seconds, REST_FACTOR * this.#tookMs);
    if (this.#running !== undefined || !isRested || !this.#isDue()) return;
    this.#dueAt ??= now;
    if (!isStill && now - this.#dueAt < seconds) return;
    this.#dueAt = undefined;
    void this.#run();
  }

  #isDue(): boolean {
    const { generation } = this.#options.lessons;
    const basis = this.#basis ?? { generation: 0, lessonsMax: this.#bounds.lessonsMax };
    const isOther = generation !== basis.generation || this.#bounds.lessonsMax !== basis.lessonsMax;
    return isOther && this.#bounds.isWanted && !this.#isClosed;
  }

  #run(): Promise<void> {
    const startedAt = performance.now();
    this.#running = this.#fit(startedAt).finally(() => {
      this.#running = undefined;
      this.#endedAt = performance.now();
      this.#tookMs = this.#endedAt - startedAt;
    });
    return this.#running;
  }

  async #fit(startedAt: number): Promise<void> {
    const basis = { generation: this.#options.lessons.generation, lessonsMax: this.#bounds.lessonsMax };
    const collected: Collected = { parts: [], taken: { spam: 0, ham: 0 } };
    const milliseconds = () => performance.now() - startedAt;
    try {
      await this.#collect(collected, basis.lessonsMax);
      const model = await this.#work(collected, basis.lessonsMax);
      if (this.#isClosed || !this.#bounds.isWanted) return;
      this.#model = model;
      this.#basis = basis;
      if (model !== undefined)
        this.#options.fitted({ spam: model.spam, ham: model.ham, milliseconds: milliseconds() });
    } catch (error) {
      if (!this.#isClosed) this.#options.fitted({ ...collected.taken, milliseconds: milliseconds(), error });
    }
  }

  /** The newest first, until there are enough of each class, or no more: of a class that has few, all. */
  async #collect({ parts, taken }: Collected, lessonsMax: number): Promise<void> {
    const isWanted = (label: LessonLabel) => taken[label] < lessonsMax;
    const half = Math.floor(lessonsMax / 2);
    let before: number | undefined = Number.POSITIVE_INFINITY;
    while (before !== undefined && !this.#isClosed && (taken.spam < half || taken.ham < half)) {
      const { lessons, last } = this.#options.lessons.newestBefore(before, RECORDS_A_TURN, isWanted);
      for (const { label } of lessons) taken[label] += 1;
      if (lessons.length > 0) parts.push(problemOf(lessons));
      before = last;
      await nextTurn();
    }
  }

  async #work({ parts, taken }: Collected, lessonsMax: number): Promise<LinearModel | undefined> {
    if (this.#isClosed || taken.spam === 0 || taken.ham === 0) return undefined;
    this.#thread = new FitThread();
    try {
      for (const part of parts) {
        this.#thread.add(part);
        await nextTurn();
      }
      return new LinearModel(await this.#thread.fit(lessonsMax));
    } finally {
      await this.#thread.close();
      this.#thread = undefined;
    }
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
