import type { Judge } from '../../src/cli/eval-judge.ts';
import type { Config } from '../../src/config/schema.ts';
import { createRandom } from '../random.ts';
import type { Message, Row } from '../rows.ts';
import { splitsOf, teachAll, withJudge } from './learn.ts';
import { DISGUISES, hasWord, MEASURES, PLACES, padding, type Trick } from './tricks.ts';

/** All tricks by name, those with padding behind the others: `leet`, `start 0.5`. */
export const TRICKS: Readonly<Record<string, Trick>> = {
  ...DISGUISES,
  ...Object.fromEntries(
    PLACES.flatMap((place) =>
      MEASURES.map((measure) => [`${place} ${measure}`, padding(place, measure)] as const),
    ),
  ),
};
/** Least part of what is caught as it is that is to be caught in spite of a trick, in percent. */
export const KEPT_MIN_PCT = 85;
const SEED = 1;

/** Spam that is caught as it is, and what is left of it. */
export interface Kept {
  /** Messages that the trick changed. */
  n: number;
  kept: number;
}

export interface EvasionReport {
  readonly row: string;
  readonly spam: number;
  readonly caught: number;
  readonly tricks: Readonly<Record<string, Kept>>;
}

/**
 * Is spam that is caught still caught when it is written in another way? Each trick changes every caught message once, at the
 * configured thresholds. Seeded: the same messages, the same tricks.
 * @param isCv true: the training side alone is read, and judged by cross-validation
 */
export async function runEvasion(config: Config, row: Row, isCv: boolean): Promise<EvasionReport> {
  const tricks = Object.fromEntries(Object.keys(TRICKS).map((name) => [name, { n: 0, kept: 0 }]));
  const report = { row: row.name, spam: 0, caught: 0, tricks };
  for (const { train, test } of splitsOf(row, isCv)) {
    const ham = textsOf('ham', train).filter(hasWord);
    const spam = textsOf('spam', test);
    report.spam += spam.length;
    await withJudge(config, undefined, async (judge) => {
      await teachAll(judge, train);
      const caught = spam.filter((text) => isSpam(judge, text));
      report.caught += caught.length;
      for (const [name, kept] of Object.entries(tricks)) evade(judge, caught, { ham, name, kept });
    });
  }
  return report;
}

interface Attempt {
  readonly name: string;
  readonly ham: readonly string[];
  /** What is counted on. */
  readonly kept: Kept;
}

function evade(judge: Judge, caught: readonly string[], { name, ham, kept }: Attempt): void {
  const random = createRandom(SEED);
  const trick = TRICKS[name]!;
  for (const text of caught) {
    const changed = trick(text, { random, ham });
    if (changed === text) continue;
    kept.n += 1;
    if (isSpam(judge, changed)) kept.kept += 1;
  }
}

function textsOf(wanted: Message['label'], messages: readonly Message[]): string[] {
  return messages.filter(({ label }) => label === wanted).map(({ text }) => text);
}

function isSpam(judge: Judge, text: string): boolean {
  return judge.judge(text).verdict === 'spam';
}

/** One trick over all rows. */
export function sumOf(reports: readonly EvasionReport[], trick: string): Kept {
  const sum = { n: 0, kept: 0 };
  for (const { tricks } of reports) {
    sum.n += tricks[trick]!.n;
    sum.kept += tricks[trick]!.kept;
  }
  return sum;
}

/** In percent; null where the trick changed nothing. */
export function keptPct({ n, kept }: Kept): number | null {
  return n === 0 ? null : (100 * kept) / n;
}
