import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import type { Outcome } from '../../src/cli/eval-metrics.ts';
import type { Message } from '../rows.ts';

/** What a filter says of one message: a number that ranks it, the higher the more like spam, and its verdict by default. */
export type Opinion = Pick<Outcome, 'total' | 'verdict'>;

/** A filter that learns from one side of a row and judges the other. */
export interface Peer {
  readonly name: string;
  /** Programs it needs, each with the Debian package that has it. */
  readonly needs: Readonly<Record<string, string>>;
  /** Begins anew. One opinion a test message, in their order. No process outlives it. @throws Error where it cannot */
  measure(job: Job): Promise<Opinion[]>;
}

export interface Job {
  readonly train: readonly Message[];
  readonly test: readonly Message[];
  /** An empty folder for all that is written; the caller removes it. */
  readonly dir: string;
  /** Ends the work. */
  readonly signal: AbortSignal;
}

/** Debian packages whose programs are not on this machine. */
export function missingPackages({ needs }: Peer): string[] {
  return Object.keys(needs).flatMap((program) => (isOnPath(program) ? [] : [needs[program] as string]));
}

function isOnPath(program: string): boolean {
  return (process.env['PATH'] ?? '').split(':').some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
