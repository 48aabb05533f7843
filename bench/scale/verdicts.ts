import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { stopChild } from '../child.ts';
import { startDaemon } from '../daemon.ts';
import type { LoadOrder, LoadResult } from '../load.ts';
import { median, rssAnonMb } from '../measure.ts';
import { copySeededStore } from '../seed.ts';
import { phrasesMax, type TableSizes } from '../tables.ts';
import { usersOf } from './stores.ts';

/** What verdicts over one store cost: medians of the rounds. */
export interface VerdictCost {
  readonly cpu_us: number;
  readonly p50_us: number;
  readonly per_s: number;
  readonly errors: number;
  readonly rss_anon_mb: number;
}

const ORDER = { verb: 'CHECK', traffic: 'mix', pace: { inFlight: 64 }, warmup: 1000, count: 20_000 } as const;
/** Long enough that the daemon's code is compiled, and most of 100,000 users have been asked about. */
const WARM_UP = { ...ORDER, warmup: 120_000, count: 2_000 } as const;

/** A daemon on a store, with a load generator of its own. */
class Place {
  readonly #daemon: ChildProcess;
  readonly #load: ChildProcess;
  readonly #directory: string;
  readonly #runs: LoadResult[] = [];

  private constructor(daemon: ChildProcess, load: ChildProcess, directory: string) {
    this.#daemon = daemon;
    this.#load = load;
    this.#directory = directory;
  }

  static async open(sizes: TableSizes, progress: (text: string) => void): Promise<Place> {
    const directory = mkdtempSync(path.join(os.tmpdir(), 'providence-bench-'));
    await copySeededStore(sizes, directory, progress);
    const socketPath = path.join(directory, 'pnp.sock');
    const daemon = await startDaemon({ ...sizes, directory, socketPath, cpuProf: undefined });
    const setup = { seed: sizes.seed, users: usersOf(sizes), phrasesMax: phrasesMax(sizes) };
    const load = fork(path.join(import.meta.dirname, '../load.js'), [JSON.stringify(setup)]);
    const place = new Place(daemon, load, directory);
    await place.#run(WARM_UP);
    return place;
  }

  async round(): Promise<void> {
    this.#runs.push(await this.#run(ORDER));
  }

  cost(): VerdictCost {
    const of = (figure: (run: LoadResult) => number) => median(this.#runs.map(figure));
    return {
      cpu_us: of((run) => run.serverCpuUs),
      p50_us: of((run) => run.p50_us),
      per_s: of((run) => run.per_s),
      errors: this.#runs.reduce((sum, run) => sum + run.errors, 0),
      rss_anon_mb: rssAnonMb(this.#daemon.pid!),
    };
  }

  async close(): Promise<void> {
    await Promise.all([stopChild(this.#daemon), stopChild(this.#load)]);
    rmSync(this.#directory, { recursive: true });
  }

  /** @throws Error where the generator ends over it */
  #run(order: Omit<LoadOrder, 'socketPath' | 'serverPid'>): Promise<LoadResult> {
    const socketPath = path.join(this.#directory, 'pnp.sock');
    return new Promise((resolve, reject) => {
      const fail = (): void => reject(new Error('the load generator ended; what it said stands above'));
      this.#load.once('exit', fail);
      this.#load.once('message', (result) => {
        this.#load.off('exit', fail);
        resolve(result as LoadResult);
      });
      this.#load.send({ ...order, socketPath, serverPid: this.#daemon.pid! });
    });
  }
}

/** By turns, so that what else the machine does meets all of them alike. */
export async function verdictCosts(
  sizes: readonly TableSizes[],
  rounds: number,
  progress: (text: string) => void,
): Promise<VerdictCost[]> {
  const places: Place[] = [];
  try {
    for (const each of sizes) places.push(await Place.open(each, progress));
    for (let round = 0; round < rounds; round++) {
      progress(`verdicts, round ${round + 1} of ${rounds}`);
      for (const place of places) await place.round();
    }
    return places.map((place) => place.cost());
  } finally {
    await Promise.all(places.map((place) => place.close()));
  }
}
