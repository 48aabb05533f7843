import { fork } from 'node:child_process';
import path from 'node:path';
import { median } from '../measure.ts';

/** What is done of a message's text, one after the other. */
export const STAGES = ['features', 'ids', 'server', 'user', 'linear'] as const;
/** Processor time a message up to each stage, in microseconds. */
export type StageCosts = readonly number[];

/** The same for each stage by itself, and in all. */
export type TextCost = Readonly<Record<(typeof STAGES)[number] | 'all', number>>;

/** Medians of some runs over different messages, in a process of its own. */
export async function textCost(rounds: number, progress: (text: string) => void): Promise<TextCost> {
  progress('text');
  const child = fork(path.join(import.meta.dirname, 'text-child.js'));
  const runs = await new Promise<StageCosts[]>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`measuring text ended with ${code}`)));
    child.once('message', (costs) => resolve(costs as StageCosts[]));
    child.send(rounds);
  });
  const upTo = STAGES.map((_, index) => median(runs.map((run) => run[index]!)));
  const each = STAGES.map((stage, index) => [stage, upTo[index]! - (upTo[index - 1] ?? 0)]);
  return { ...Object.fromEntries(each), all: upTo.at(-1)! } as TextCost;
}
