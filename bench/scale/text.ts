import { fork } from 'node:child_process';
import path from 'node:path';
import { median } from '../measure.ts';

/** What is done of a message's text, one after the other. */
export const STAGES = ['features', 'ids', 'server', 'user', 'linear'] as const;
/** Processor time a message up to each stage, in microseconds. */
export type StageCosts = readonly number[];

/** What a process that measures found. */
export interface TextRuns {
  readonly runs: readonly StageCosts[];
  /** Messages of a run, and what they are: of the `corpora`, or `invented`. */
  readonly judged: number;
  readonly source: string;
}

/** Of each stage by itself, and in all. */
export type TextCost = Readonly<Record<(typeof STAGES)[number] | 'all', number>> & Omit<TextRuns, 'runs'>;

/** Medians of some runs over different messages, in a process of its own. */
export async function textCost(rounds: number, progress: (text: string) => void): Promise<TextCost> {
  progress('text');
  const child = fork(path.join(import.meta.dirname, 'text-child.js'));
  const { runs, ...of } = await new Promise<TextRuns>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`measuring text ended with ${code}`)));
    child.once('message', (found) => resolve(found as TextRuns));
    child.send(rounds);
  });
  const upTo = STAGES.map((_, index) => median(runs.map((run) => run[index]!)));
  const each = STAGES.map((stage, index) => [stage, upTo[index]! - (upTo[index - 1] ?? 0)]);
  return { ...Object.fromEntries(each), all: upTo.at(-1)!, ...of } as TextCost;
}
