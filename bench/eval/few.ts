import type { Judge } from '../../src/cli/eval-judge.ts';
import { type Config, schema } from '../../src/config/schema.ts';
import { loadStarter } from '../../src/store/starter.ts';
import { createRandom } from '../random.ts';
import type { Message, Row } from '../rows.ts';
import { type Figures, figuresOf, meanFigures } from './figures.ts';
import { folds } from './folds.ts';
import { judgeAll, teachAll, withJudge } from './learn.ts';
import { fixed, progress } from './print.ts';
import { shuffled } from './shuffle.ts';

const ROWS = ['turkish', 'thai', 'indonesian', 'sms-cluster', 'chinese', 'youtube-psy'];
/** Lessons of spam and of ham that the user has taught. */
export const STEPS = [
  [0, 0],
  [3, 3],
  [5, 3],
  [10, 10],
  [20, 20],
] as const;
/** Whose messages the operator taught before: the user's own community, another one, or nobody's but the starter's. */
export const SETTINGS = ['same', 'other', 'starter'] as const;
export type Setting = (typeof SETTINGS)[number];
/** Users drawn of each row. */
const DRAWS = 3;
const JUDGED_MAX = 500;
const USER = 'juliet@capulet.example';

export interface FewReport {
  readonly row: string;
  readonly setting: Setting;
  /** By step; the first one is the server's judgement alone. */
  readonly figures: readonly Figures[];
}

/**
 * What the first lessons of a user are worth, and whether they do harm: the user's table has a say from the first lesson of
 * each class on, and messages of the same community that nobody taught are judged after each step.
 */
export async function runFew(config: Config, rows: readonly Row[]): Promise<FewReport[]> {
  const eager = structuredClone(config) as { bayes: { user: { lessons_min: number } } };
  eager.bayes.user.lessons_min = 1;
  const used = rows.filter(({ name }) => ROWS.includes(name));
  const reports: FewReport[] = [];
  for (const setting of SETTINGS)
    for (const row of used) {
      progress(`few, ${row.name}, ${setting}`);
      reports.push(await measure(schema.parse(eager), row, setting, used));
    }
  return reports;
}

async function measure(config: Config, row: Row, setting: Setting, rows: readonly Row[]): Promise<FewReport> {
  const [held = [], own = [], ...rest] = folds(row.train);
  const starter = setting === 'starter' ? loadStarter(config.bayes.starter) : undefined;
  const stranger = rows.find(({ name }) => name === (row.name === 'sms-cluster' ? 'turkish' : 'sms-cluster'));
  const taught = { same: rest.flat(), other: stranger?.train ?? [], starter: [] }[setting];
  const draws: Figures[][] = [];
  for (let draw = 1; draw <= DRAWS; draw += 1) {
    const judged = shuffled(held, createRandom(draw)).slice(0, JUDGED_MAX);
    draws.push(
      await withJudge(config, starter, async (judge) => {
        await teachAll(judge, taught);
        return stepsOf(judge, shuffled(own, createRandom(draw)), judged);
      }),
    );
  }
  const figures = STEPS.map((_, step) => meanFigures(draws.map((each) => each[step]!)));
  return { row: row.name, setting, figures };
}

async function stepsOf(
  judge: Judge,
  own: readonly Message[],
  judged: readonly Message[],
): Promise<Figures[]> {
  const left = {
    spam: own.filter(({ label }) => label === 'spam'),
    ham: own.filter(({ label }) => label === 'ham'),
  };
  const figures: Figures[] = [];
  let before: readonly [spam: number, ham: number] = [0, 0];
  for (const step of STEPS) {
    const lessons = [...left.spam.slice(before[0], step[0]), ...left.ham.slice(before[1], step[1])];
    await teachAll(judge, lessons, USER);
    figures.push(figuresOf(judgeAll(judge, judged, USER)));
    before = step;
  }
  return figures;
}

/** For people, at most 80 columns wide. */
export function renderFew(reports: readonly FewReport[]): string {
  const head = STEPS.map(([spam, ham]) => `${spam}+${ham}`.padStart(7)).join('');
  const lines = SETTINGS.flatMap((setting) => {
    const of = reports.filter((report) => report.setting === setting);
    const means = STEPS.map((_, step) => meanFigures(of.map(({ figures }) => figures[step]!)));
    return [
      `${TITLES[setting]}`,
      ...of.map(({ row, figures }) => `  ${row.padEnd(22)}${cells(figures, 'one_minus_auc_pct', 2)}`),
      `  ${'mean 1-AUC %'.padEnd(22)}${cells(means, 'one_minus_auc_pct', 2)}`,
      `  ${'mean spam caught %'.padEnd(22)}${cells(means, 'spam_caught_pct', 1)}`,
      `  ${'mean ham blocked %'.padEnd(22)}${cells(means, 'ham_blocked_pct', 2)}`,
    ];
  });
  return [
    'few: a user after so many lessons of spam + ham; 1-AUC % of a row, means of all',
    `${''.padEnd(24)}${head}`,
    ...lines,
  ].join('\n');
}

const TITLES: Readonly<Record<Setting, string>> = {
  same: 'the server has learnt from the same community',
  other: 'the server has learnt from another one',
  starter: 'the server has the starter alone',
};

function cells(
  figures: readonly Figures[],
  name: 'one_minus_auc_pct' | 'spam_caught_pct' | 'ham_blocked_pct',
  digits: number,
): string {
  return figures.map((each) => fixed(each[name], digits).padStart(7)).join('');
}
