import { createJudge, type Judge } from '../../src/cli/eval-judge.ts';
import type { Outcome } from '../../src/cli/eval-metrics.ts';
import type { Config } from '../../src/config/schema.ts';
import type { Starter } from '../../src/store/starter.ts';
import type { Message, Row } from '../rows.ts';
import { folds } from './folds.ts';

/** A message of known label with what the daemon would answer. */
export interface Judged extends Outcome {
  /** Of spam, 0 … 1. */
  readonly probability: number;
}

/** Lessons taught at once: they share a commit. */
const LESSONS_AT_ONCE = 256;

/** Lends a judge that knows nothing but the starter, and takes it away again. */
export async function withJudge<T>(
  config: Config,
  starter: Starter | undefined,
  use: (judge: Judge) => Promise<T>,
): Promise<T> {
  const judge = await createJudge(config, starter);
  try {
    return await use(judge);
  } finally {
    await judge.close();
  }
}

/** Teaches in order, as the operator or as a user, and waits until all of it counts. */
export async function teachAll(judge: Judge, messages: readonly Message[], user?: string): Promise<void> {
  for (let start = 0; start < messages.length; start += LESSONS_AT_ONCE) {
    const some = messages.slice(start, start + LESSONS_AT_ONCE);
    await Promise.all(some.map(({ label, text }) => judge.teach(label, text, user)));
  }
  await judge.settle();
}

export function judgeOne(judge: Judge, { label, text }: Message, user?: string): Judged {
  const { verdict, total, probability } = judge.judge(text, user);
  return { label, verdict, total, probability };
}

export function judgeAll(judge: Judge, messages: readonly Message[], user?: string): Judged[] {
  return messages.map((message) => judgeOne(judge, message, user));
}

/** A filter from scratch, without the starter, learns one side and judges the other. */
export function fromScratch(config: Config, { train, test }: Omit<Row, 'name'>): Promise<Judged[]> {
  return withJudge(config, undefined, async (judge) => {
    await teachAll(judge, train);
    return judgeAll(judge, test);
  });
}

/** Every message judged by a filter from scratch that has learnt the other folds, near-duplicates of it left out. */
export async function crossValidated(config: Config, messages: readonly Message[]): Promise<Judged[]> {
  const judged: Judged[] = [];
  for (const sides of crossSplits(messages)) judged.push(...(await fromScratch(config, sides)));
  return judged;
}

/** What is learnt and what is judged by it: both sides of a row, or its training side's folds, each against the others. */
export function splitsOf(row: Row, isCv: boolean): readonly Omit<Row, 'name'>[] {
  return isCv ? crossSplits(row.train) : [row];
}

function crossSplits(messages: readonly Message[]): Omit<Row, 'name'>[] {
  const parts = folds(messages);
  return parts.map((test) => ({ train: parts.filter((part) => part !== test).flat(), test }));
}
