import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Figures, figuresOf } from '../eval/figures.ts';
import type { Row } from '../rows.ts';
import type { Job, Peer } from './peer.ts';

/** How a filter fared on a row. */
export type Result = Measured | Failed;

export interface Measured {
  readonly row: string;
  readonly peer: string;
  readonly n_train: number;
  readonly seconds: number;
  readonly figures: Figures;
}

export interface Failed {
  readonly row: string;
  readonly peer: string;
  readonly error: string;
}

export interface Bounds {
  /** Where folders for filters are made. */
  readonly dir: string;
  readonly interrupt: AbortSignal;
  /** Longest time of one filter on one row: the slowest takes one or two minutes. */
  readonly timeoutMs?: number;
}

const PEER_MS_MAX = 900_000;

/**
 * Has a filter learn and judge a row, in a folder of its own that is removed. A failure of the filter is a result.
 * @throws the signal's reason where `interrupt` ends it
 */
export async function measure(
  row: Row,
  peer: Peer,
  { dir, interrupt, timeoutMs = PEER_MS_MAX }: Bounds,
): Promise<Result> {
  const scratch = join(dir, `${row.name}.${peer.name}`);
  mkdirSync(scratch);
  const { train, test } = row;
  const timeout = AbortSignal.timeout(timeoutMs);
  const started = performance.now();
  try {
    const job = { train, test, dir: scratch, signal: AbortSignal.any([interrupt, timeout]) };
    const figures = await measured(peer, job);
    const seconds = (performance.now() - started) / 1000;
    return { row: row.name, peer: peer.name, n_train: train.length, seconds, figures };
  } catch (error) {
    interrupt.throwIfAborted();
    const message = timeout.aborted ? `took longer than ${timeoutMs / 1000} seconds` : String(error);
    return { row: row.name, peer: peer.name, error: message };
  } finally {
    rmSync(scratch, { recursive: true, maxRetries: 5 });
  }
}

async function measured(peer: Peer, job: Job): Promise<Figures> {
  const opinions = await peer.measure(job);
  const { length } = opinions;
  if (length !== job.test.length) throw new Error(`${length} opinions of ${job.test.length} messages`);
  const outcomes = job.test.map(({ label }, index) => ({ label, ...opinions[index]! }));
  const odd = outcomes.findIndex(({ total }) => !Number.isFinite(total));
  if (odd >= 0) throw new Error(`the opinion of message ${odd + 1} has no number`);
  return figuresOf(outcomes);
}
