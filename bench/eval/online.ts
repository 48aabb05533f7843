import type { Judge } from '../../src/cli/eval-judge.ts';
import type { Config } from '../../src/config/schema.ts';
import { createRandom } from '../random.ts';
import type { Message, Row } from '../rows.ts';
import { type Figures, figuresOf } from './figures.ts';
import { folds } from './folds.ts';
import { type Judged, judgeAll, judgeOne, withJudge } from './learn.ts';
import { fixed } from './print.ts';
import { shuffled } from './shuffle.ts';

/** Messages after which the figures of all until then are told. */
const CHECKPOINTS = [10, 30, 100, 300, 1_000];
/** Messages of a row that are learnt online at most. */
const STREAM_MAX = 10_000;
/** What is fitted behind the verdict is waited for when lessons have grown by so much, as a daemon fits anew now and then. */
const SETTLE_GROWTH = 1.1;
const SEED = 1;

/** What is taught of the messages that were judged: each, or those on which the verdict was wrong. */
export type Teaching = 'all' | 'errors';

export interface Checkpoint {
  readonly messages: number;
  /** Lessons taught until here. */
  readonly lessons: Readonly<Record<'spam' | 'ham', number>>;
  /** Of all messages until here, each judged by what was known before it. */
  readonly figures: Figures;
}

export interface OnlineReport {
  readonly row: string;
  readonly teaching: Teaching;
  readonly checkpoints: readonly Checkpoint[];
  /** Of a fifth of the file that was never taught, judged at the end. */
  readonly held_out: Figures;
}

/** Each message of a row's training file judged, then taught, by a filter from scratch; in file order where that is one. */
export async function runOnline(config: Config, row: Row): Promise<OnlineReport[]> {
  const [held = [], ...rest] = folds(row.train);
  const streamed = new Set(rest.flat());
  const stream = inOrder(row.train).filter((message) => streamed.has(message));
  const reports: OnlineReport[] = [];
  for (const teaching of ['all', 'errors'] as const)
    reports.push(
      await withJudge(config, undefined, async (judge) => {
        const checkpoints = await learnOnline(judge, stream.slice(0, STREAM_MAX), teaching);
        const figures = figuresOf(judgeAll(judge, held));
        return { row: row.name, teaching, checkpoints, held_out: figures };
      }),
    );
  return reports;
}

/** A file that has one class behind the other is no stream: it is shuffled, seeded. */
function inOrder(messages: readonly Message[]): readonly Message[] {
  const changes = messages.filter(({ label }, index) => index > 0 && label !== messages[index - 1]!.label);
  return changes.length <= 1 ? shuffled(messages, createRandom(SEED)) : messages;
}

export async function learnOnline(
  judge: Judge,
  stream: readonly Message[],
  teaching: Teaching,
): Promise<Checkpoint[]> {
  const judged: Judged[] = [];
  const lessons = { spam: 0, ham: 0 };
  const checkpoints: Checkpoint[] = [];
  let settledAt = 0;
  for (const message of stream) {
    const outcome = judgeOne(judge, message);
    judged.push(outcome);
    if (teaching === 'all' || isWrong(outcome)) {
      await judge.teach(message.label, message.text);
      lessons[message.label] += 1;
    }
    const count = lessons.spam + lessons.ham;
    if (count >= settledAt * SETTLE_GROWTH && count > settledAt) {
      await judge.settle();
      settledAt = count;
    }
    if (CHECKPOINTS.includes(judged.length) || judged.length === stream.length)
      checkpoints.push({ messages: judged.length, lessons: { ...lessons }, figures: figuresOf(judged) });
  }
  await judge.settle();
  return checkpoints;
}

/** `unsure` is wrong of both: a filter that never learns the ham it is unsure of would stay unsure for ever. */
export function isWrong({ label, verdict }: Judged): boolean {
  return verdict !== label;
}

interface Line {
  readonly name: string;
  readonly cell: (figures: Figures, checkpoint?: Checkpoint) => string;
}

const LINES: readonly Line[] = [
  { name: '1-AUC %', cell: ({ one_minus_auc_pct }) => fixed(one_minus_auc_pct, 2) },
  { name: 'caught %', cell: ({ spam_caught_pct }) => fixed(spam_caught_pct, 1) },
  { name: 'blocked %', cell: ({ ham_blocked_pct }) => fixed(ham_blocked_pct, 2) },
];
const LESSONS: Line = {
  name: 'lessons',
  cell: (_figures, checkpoint) =>
    checkpoint === undefined ? '' : String(checkpoint.lessons.spam + checkpoint.lessons.ham),
};
const CELL = 7;

/** For people, at most 80 columns wide. */
export function renderOnline(reports: readonly OnlineReport[]): string {
  const head = [...CHECKPOINTS.map(String), 'end', 'held'].map((cell) => cell.padStart(CELL)).join('');
  return [
    'online: each message judged, then taught; figures of all messages until then;',
    'held: a fifth of the file, never taught, judged at the end',
    `${''.padEnd(25)}${head}`,
    ...reports.flatMap(linesOf),
  ].join('\n');
}

function linesOf({ row, teaching, checkpoints, held_out }: OnlineReport): string[] {
  const names = teaching === 'all' ? [row, '', ''] : ['  errors only', '', '', ''];
  const end = checkpoints.at(-1);
  return (teaching === 'all' ? LINES : [...LINES, LESSONS]).map(({ name, cell }, index) => {
    const at = CHECKPOINTS.map((messages) => checkpoints.find((one) => one.messages === messages));
    const cells = [...at, end].map((one) => (one === undefined ? '' : cell(one.figures, one)));
    const line = [...cells, cell(held_out)].map((text) => text.padStart(CELL)).join('');
    return `${names[index]!.padEnd(16)}${name.padEnd(9)}${line}`.trimEnd();
  });
}
