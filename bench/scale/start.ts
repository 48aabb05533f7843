import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { stopChild } from '../child.ts';
import { startDaemon } from '../daemon.ts';
import { cpuNanoseconds, median, rssAnonMb } from '../measure.ts';
import { copySeededStore } from '../seed.ts';
import type { TableSizes } from '../tables.ts';

/** Milliseconds of a start: to load the tables, to add the starter table, and of processor time in all; memory of the daemon then. */
export interface StartCost {
  readonly store_ms: number;
  readonly starter_ms: number;
  readonly cpu_ms: number;
  readonly rss_anon_mb: number;
}

/** Medians of some starts on a filled store. */
export async function startCost(
  sizes: TableSizes,
  rounds: number,
  progress: (text: string) => void,
): Promise<StartCost> {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'providence-bench-'));
  const starts: StartCost[] = [];
  try {
    await copySeededStore(sizes, directory, progress);
    for (let round = 0; round < rounds; round++) {
      progress(`start ${round + 1} of ${rounds}`);
      const options = {
        ...sizes,
        directory,
        socketPath: path.join(directory, 'pnp.sock'),
        cpuProf: undefined,
      };
      const daemon = await startDaemon(options);
      const cpu_ms = cpuNanoseconds(daemon.pid!) / 1e6;
      const rss_anon_mb = rssAnonMb(daemon.pid!);
      await stopChild(daemon);
      const log = readFileSync(path.join(directory, 'daemon.log'), 'utf8');
      starts.push({
        store_ms: msOf(log, 'store opened'),
        starter_ms: msOf(log, 'starter table loaded'),
        cpu_ms,
        rss_anon_mb,
      });
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
  const of = (figure: keyof StartCost) => median(starts.map((start) => start[figure]));
  return {
    store_ms: of('store_ms'),
    starter_ms: of('starter_ms'),
    cpu_ms: of('cpu_ms'),
    rss_anon_mb: of('rss_anon_mb'),
  };
}

/** What a line of the log says that it took. */
function msOf(log: string, message: string): number {
  const line = log.split('\n').find((each) => each.includes(`"msg":"${message}"`)) ?? '{}';
  return (JSON.parse(line) as { ms?: number }).ms ?? Number.NaN;
}
