import { Worker } from 'node:worker_threads';
import type { FittedModel } from './model.ts';
import type { Problem } from './problem.ts';

/** Of JavaScript objects; tables and lessons are outside of it. */
const MEMORY_MB = 256;

/** A thread that makes one fit. */
export class FitThread {
  readonly #worker = new Worker(new URL('./fit-worker.js', import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
  });
  readonly #model: Promise<FittedModel>;

  constructor() {
    this.#model = new Promise((resolve, reject) => {
      this.#worker.once('message', resolve);
      this.#worker.once('error', reject);
      this.#worker.once('exit', () => reject(new Error('the thread of the fit ended without a model')));
    });
    // It may end before anybody asks.
    this.#model.catch(() => undefined);
  }

  /** Hands lessons over: nobody else has them any more. */
  add(lessons: Problem): void {
    this.#worker.postMessage(
      lessons,
      Object.values(lessons).map((column: Problem[keyof Problem]) => column.buffer as ArrayBuffer),
    );
  }

  /** @throws Error of the thread: no memory, a defect of the program. */
  fit(lessonsMax: number): Promise<FittedModel> {
    this.#worker.postMessage(lessonsMax);
    return this.#model;
  }

  /** Ends the thread, whatever it does. */
  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}
