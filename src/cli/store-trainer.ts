import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { LessonLabel, Store } from '../store/store.ts';
import type { CorpusStanza } from './corpus.ts';
import type { Labelled, ReadBatch } from './corpus-reader.ts';

/** Stanzas that go to a thread at once. */
const BATCH_STANZAS = 128;
/** Batches that a thread has at most, or that came from it and are on their way to the disk. */
const BATCHES_PER_THREAD = 8;
/** Threads that read stanzas; the one that has the store keeps up with no more. */
const THREADS_MAX = 3;
/** Teaches a store that no daemon has: threads read the stanzas, this one learns. The counts are those of `Trainer`. */
export class StoreTrainer {
  taught = 0;
  unchanged = 0;
  refused = 0;
  refusal: string | undefined;
  readonly #store: Store;
  readonly #threads: ReaderThread[];
  #batch: Labelled[] = [];
  #sent = 0;
  /** Batches go to the store in the order of the corpus: of a text that is in it twice, the last word counts. */
  #handed: Promise<void> = Promise.resolve();
  #underWay = 0;
  #wake: (() => void) | undefined;
  #failure: unknown;

  /** @param secret of the store. */
  constructor(store: Store, secret: Buffer) {
    this.#store = store;
    const count = Math.max(1, Math.min(THREADS_MAX, availableParallelism() - 1));
    this.#threads = Array.from({ length: count }, () => new ReaderThread(secret));
  }

  get answered(): number {
    return this.taught + this.unchanged + this.refused;
  }

  /** Waits only while too much is under way. @throws StoreError `degraded`, Error of a thread */
  async teach(label: LessonLabel, message: CorpusStanza): Promise<void> {
    const { text } = message;
    this.#batch.push(text === undefined ? [label, message.stanza, 'stanza'] : [label, text, 'text']);
    if (this.#batch.length >= BATCH_STANZAS) await this.#send();
  }

  /** Waits until all is on the disk. @throws as `teach` */
  async finish(): Promise<void> {
    if (this.#batch.length > 0) await this.#send();
    while (this.#underWay > 0) await this.#oneDone();
    this.#throwFailure();
  }

  /** Ends the threads, then closes the store, which writes what it holds back. */
  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.end()));
    while (this.#underWay > 0) await this.#oneDone();
    await this.#store.close();
  }

  async #send(): Promise<void> {
    while (this.#underWay >= BATCHES_PER_THREAD * this.#threads.length) await this.#oneDone();
    this.#throwFailure();
    const read = this.#threads[this.#sent++ % this.#threads.length]!.read(this.#batch);
    this.#batch = [];
    this.#underWay += 1;
    this.#handed = this.#handed
      .then(() => read)
      .then(
        (batch) => void this.#learn(batch),
        (error: unknown) => this.#done(error),
      );
  }

  async #learn(batch: ReadBatch): Promise<void> {
    const records = Buffer.from(batch.records.buffer);
    const learning = batch.ends.map((end, index) =>
      this.#store.archive.learn(records.subarray(batch.ends[index - 1] ?? 0, end)),
    );
    try {
      for (const outcome of await Promise.all(learning))
        if (outcome === 'unchanged') this.unchanged += 1;
        else this.taught += 1;
      this.unchanged += batch.empty;
      this.refused += batch.refused;
      this.refusal ??= batch.refusal;
      this.#done(undefined);
    } catch (error) {
      this.#done(error);
    }
  }

  #done(failure: unknown): void {
    this.#failure ??= failure;
    this.#underWay -= 1;
    this.#wake?.();
  }

  #oneDone(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }
}

/** A thread that reads stanzas; it answers in the order in which it was asked. */
class ReaderThread {
  readonly #worker: Worker;
  readonly #asked: { resolve: (batch: ReadBatch) => void; reject: (error: unknown) => void }[] = [];

  constructor(secret: Buffer) {
    this.#worker = new Worker(new URL('./corpus-worker.js', import.meta.url), { workerData: secret });
    this.#worker.on('message', (batch: ReadBatch) => this.#asked.shift()?.resolve(batch));
    this.#worker.on('error', (error) => this.#rejectAll(error));
    this.#worker.on('exit', () => this.#rejectAll(new Error('a thread that reads the corpus has ended')));
  }

  read(stanzas: readonly Labelled[]): Promise<ReadBatch> {
    return new Promise((resolve, reject) => {
      this.#asked.push({ resolve, reject });
      this.#worker.postMessage(stanzas);
    });
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #rejectAll(error: unknown): void {
    for (const { reject } of this.#asked.splice(0)) reject(error);
  }
}
