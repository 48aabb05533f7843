import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { StoreError } from '../../errors.ts';
import { metaKey } from '../keys.ts';
import type { StoreLog } from '../options.ts';
import type { Environment } from './environment.ts';
import { hasRoom, TRANSACTION_BYTES_MAX } from './preflight.ts';

/** Jobs of one transaction: a lesson takes up to three pages, 12 MiB in all. */
const JOBS_MAX = 1024;
const RETRY_MS = 1000;
/** A disk is taken for usable again when a file of this size can be written and flushed. */
const PROBE_BYTES = 2 ** 20;

interface Job {
  readonly puts: () => void;
  readonly resolve: () => void;
  readonly reject: (error: StoreError) => void;
}

/**
 * The only one who writes. What is asked for while a transaction is under way goes into the next one together, so that one
 * flush serves many lessons. A failed commit rejects all that waits, and nothing is written until a probe succeeds.
 */
export class Writer {
  readonly #environment: Environment;
  readonly #dir: string;
  readonly #log: StoreLog;
  readonly #now: () => number;
  #queue: Job[] = [];
  #inFlight: readonly Job[] = [];
  #running: Promise<void> | undefined;
  #degraded = false;
  #closing = false;
  #retry: NodeJS.Timeout | undefined;
  #probing: Promise<void> | undefined;

  constructor(options: { environment: Environment; dir: string; log: StoreLog; now: () => number }) {
    this.#environment = options.environment;
    this.#dir = options.dir;
    this.#log = options.log;
    this.#now = options.now;
  }

  get state(): 'ok' | 'degraded' {
    return this.#degraded ? 'degraded' : 'ok';
  }

  get pending(): number {
    return this.#queue.length + this.#inFlight.length;
  }

  /**
   * Runs `puts` in the next transaction; settles once that is flushed, in the order of the calls. `puts` runs later, must
   * not throw, and its values must not change until then.
   * @throws StoreError `degraded`: nothing of it was written.
   */
  commit(puts: () => void): Promise<void> {
    if (this.#degraded) return Promise.reject(refused());
    return new Promise((resolve, reject) => {
      this.#queue.push({ puts, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Waits for all that was asked for, and stops probing. */
  async close(): Promise<void> {
    this.#closing = true;
    clearTimeout(this.#retry);
    await Promise.all([this.#running, this.#probing]);
  }

  async #run(): Promise<void> {
    // Whoever calls within this turn of the event loop joins the first transaction.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#queue.length > 0) {
      const jobs = this.#queue.splice(0, JOBS_MAX);
      this.#inFlight = jobs;
      try {
        await this.#transact(() => {
          for (const job of jobs) job.puts();
        });
      } catch (error) {
        this.#degrade(error);
        break;
      }
      this.#inFlight = [];
      for (const job of jobs) job.resolve();
    }
    this.#running = undefined;
  }

  async #transact(puts: () => void): Promise<void> {
    if (!hasRoom(this.#dir, TRANSACTION_BYTES_MAX))
      throw new Error(`Less than ${TRANSACTION_BYTES_MAX} bytes are free on the disk`);
    try {
      await this.#environment.root.batch(puts);
    } catch (error) {
      // lmdb-js rejects a failed commit a second time, through a promise that nobody else holds (lmdb-js issue 368).
      const { commitError } = error as { commitError?: Promise<unknown> };
      commitError?.catch((reason: unknown) => this.#log.warn({ err: reason }, 'commit failed'));
      throw error;
    }
  }

  #degrade(error: unknown): void {
    this.#degraded = true;
    const jobs = [...this.#inFlight, ...this.#queue];
    this.#inFlight = [];
    this.#queue = [];
    this.#log.error(
      { err: error, lost: jobs.length },
      'the store cannot write; nothing is learnt until it can again',
    );
    for (const job of jobs) job.reject(refused(error));
    this.#probing = this.#revive().then(() => this.#probeLater());
  }

  /** At once, since reads cannot wait for the probe. */
  async #revive(): Promise<void> {
    try {
      await this.#environment.revive();
    } catch (error) {
      this.#log.error({ err: error }, 'the store cannot be read; it is opened again as soon as it can be');
    }
  }

  #probeLater(): void {
    if (this.#closing) return;
    this.#retry = setTimeout(() => {
      this.#probing = this.#probe();
    }, RETRY_MS).unref();
  }

  async #probe(): Promise<void> {
    try {
      await this.#environment.revive();
      await this.#writeProbe();
    } catch {
      this.#probeLater();
      return;
    }
    this.#degraded = false;
    this.#log.info({}, 'the store can write again');
  }

  /** A plain file first: LMDB may still find a free page on a full disk, and lmdb-js prints every failed commit. */
  async #writeProbe(): Promise<void> {
    const path = join(this.#dir, 'probe');
    try {
      const file = await open(path, 'w', 0o600);
      try {
        await file.writeFile(Buffer.alloc(PROBE_BYTES));
        await file.sync();
      } finally {
        await file.close();
      }
    } finally {
      await rm(path, { force: true });
    }
    const at = Buffer.alloc(8);
    at.writeDoubleLE(this.#now(), 0);
    await this.#transact(() => void this.#environment.meta.put(metaKey('probe'), at));
  }
}

function refused(cause?: unknown): StoreError {
  return new StoreError(
    'degraded',
    'The store cannot write, see its log; send the lesson again later.',
    cause === undefined ? undefined : { cause },
  );
}
