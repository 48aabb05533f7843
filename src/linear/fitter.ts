import { Worker } from 'node:worker_threads';
import type { FitLesson, Lessons } from '../store/store.ts';
import { type FittedModel, LinearModel } from './model.ts';
import { type Problem, problemOf } from './problem.ts';

/** Lessons read from the store between two turns of the event loop. */
const LESSONS_A_TURN = 32;
/** A fit is not begun sooner after the last one than so many times what that took. */
const REST_FACTOR = 10;
const CHECK_MS = 1_000;
const WORKER_MEMORY_MB = 256;

export interface FitterOptions {
  readonly lessons: Pick<Lessons, 'generation' | 'newestBefore'>;
  readonly bounds: FitterBounds;
  /** What came of a fit; `error` where none did: the model before stays. */
  readonly fitted: (fit: {
    readonly lessons: number;
    readonly milliseconds: number;
    readonly error?: unknown;
  }) => void;
}

export interface FitterBounds {
  /** False: nothing is fitted, the last fit stays. */
  readonly isWanted: boolean;
  /** Lessons that a fit takes at most: the newest of each class, half of them each where there are enough. */
  readonly lessonsMax: number;
  /** Least time between two fits. */
  readonly seconds: number;
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
  #worker: Worker | undefined;
  #model: LinearModel | undefined;
  #generation = 0;
  #endedAt = Number.NEGATIVE_INFINITY;
  #tookMs = 0;
  #isClosed = false;

  constructor(options: FitterOptions) {
    this.#options = options;
    this.#bounds = options.bounds;
  }

  /** The last fit; undefined until there is one. */
  get model(): LinearModel | undefined {
    return this.#model;
  }

  /** How many lessons have come and gone since the last fit, as a number of the log. */
  get behind(): number {
    return this.#options.lessons.generation - this.#generation;
  }

  adopt(bounds: FitterBounds): void {
    this.#bounds = bounds;
  }

  start(): void {
    this.#timer = setInterval(() => this.#check(), CHECK_MS).unref();
    this.#check();
  }

  /** Settles when a fit holds all lessons of this moment. */
  async settle(): Promise<void> {
    await this.#running;
    if (this.#bounds.isWanted && this.behind > 0 && !this.#isClosed) await this.#run();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    await this.#worker?.terminate();
    await this.#running;
  }

  #check(): void {
    const rest = Math.max(this.#bounds.seconds * 1_000, REST_FACTOR * this.#tookMs);
    if (!this.#bounds.isWanted || this.#running !== undefined || this.behind === 0) return;
    if (performance.now() - this.#endedAt >= rest) void this.#run();
  }

  #run(): Promise<void> {
    this.#running = this.#fit().finally(() => {
      this.#running = undefined;
      this.#endedAt = performance.now();
    });
    return this.#running;
  }

  async #fit(): Promise<void> {
    const startedAt = performance.now();
    const { generation } = this.#options.lessons;
    const lessons = await this.#collect();
    if (this.#isClosed) return;
    const note = () => ({ lessons: lessons.length, milliseconds: performance.now() - startedAt });
    try {
      const model = hasBoth(lessons) ? await this.#work(problemOf(lessons)) : undefined;
      if (this.#isClosed) return;
      this.#model = model === undefined ? undefined : new LinearModel(model);
      this.#generation = generation;
      this.#tookMs = note().milliseconds;
      this.#options.fitted(note());
    } catch (error) {
      this.#tookMs = note().milliseconds;
      if (!this.#isClosed) this.#options.fitted({ ...note(), error });
    }
  }

  /** The newest lessons first; of a class that has few, all. */
  async #collect(): Promise<FitLesson[]> {
    const { lessonsMax } = this.#bounds;
    const taken: Record<FitLesson['label'], FitLesson[]> = { spam: [], ham: [] };
    for (let before = Number.POSITIVE_INFINITY; !this.#isClosed; ) {
      const { lessons, last } = this.#options.lessons.newestBefore(before, LESSONS_A_TURN);
      for (const lesson of lessons)
        if (taken[lesson.label].length < lessonsMax) taken[lesson.label].push(lesson);
      if (last === undefined || isEnough(taken, lessonsMax)) break;
      before = last;
      await nextTurn();
    }
    const spam = Math.max(lessonsMax / 2, lessonsMax - taken.ham.length);
    const ham = Math.max(lessonsMax / 2, lessonsMax - taken.spam.length);
    return [...taken.spam.slice(0, spam), ...taken.ham.slice(0, ham)];
  }

  #work(problem: Problem): Promise<FittedModel> {
    const buffers = Object.values(problem).map(
      (column: Problem[keyof Problem]) => column.buffer as ArrayBuffer,
    );
    const worker = new Worker(new URL('./fit-worker.js', import.meta.url), {
      workerData: problem,
      transferList: buffers,
      resourceLimits: { maxOldGenerationSizeMb: WORKER_MEMORY_MB },
    });
    this.#worker = worker;
    return new Promise((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
      worker.once('exit', () => reject(new Error('the thread of the fit ended without a model')));
    });
  }
}

function hasBoth(lessons: readonly FitLesson[]): boolean {
  return lessons.some(({ label }) => label === 'spam') && lessons.some(({ label }) => label === 'ham');
}

function isEnough(taken: Readonly<Record<FitLesson['label'], readonly FitLesson[]>>, max: number): boolean {
  return taken.spam.length >= max / 2 && taken.ham.length >= max / 2;
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
