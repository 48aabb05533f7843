import { createJudge, type Judge } from '../../src/cli/eval-judge.ts';
import { type Config, schema } from '../../src/config/schema.ts';
import { UNITS } from '../../src/model/unit.ts';
import { loadStarter } from '../../src/store/starter.ts';
import { createRandom } from '../random.ts';
import type { Message, Row } from '../rows.ts';
import { type Figures, figuresOf, meanFigures } from './figures.ts';
import { folds } from './folds.ts';
import { judgeAll, teachAll } from './learn.ts';
import { progress } from './print.ts';
import { shuffled } from './shuffle.ts';

/** Four users of one server: four languages, four subjects. The training side of each row is what the user gets. */
const ROWS = ['turkish', 'indonesian', 'sms-cluster', 'chinese'];
/** Messages that each user reports, spam and ham as they come. */
export const LESSONS_A_WEEK = 30;
const WEEKS = 8;
/** Held-out messages of a user that are judged each week. */
const JUDGED_MAX = 400;
const SEED = 1;

/** Which units have a say, and who teaches. */
export const VARIANTS = ['server', 'user', 'both', 'starter', 'pooled'] as const;
export type Variant = (typeof VARIANTS)[number];

/** One user at the end of a week; week 0 is before any lesson. */
export interface UserWeek {
  readonly user: string;
  readonly week: number;
  /** Of this user, until now. */
  readonly lessons: Readonly<Record<'spam' | 'ham', number>>;
  /** On messages of this user that are never taught. */
  readonly figures: Readonly<Record<Variant, Figures>>;
}

interface User {
  readonly name: string;
  readonly jid: string;
  /** What the user reports, as spam or as ham, in this order. */
  readonly lessons: readonly Message[];
  readonly held: readonly Message[];
}

/** All users teach one daemon, week by week; each week each user's held-out messages are judged, under every variant. */
export async function runUsers(config: Config, rows: readonly Row[]): Promise<UserWeek[]> {
  const users = rows.filter(({ name }) => ROWS.includes(name)).map(userOf);
  const judges = new Map<Variant, Judge>();
  try {
    for (const variant of VARIANTS) judges.set(variant, await judgeOf(variant, config));
    const weeks: UserWeek[] = [];
    for (let week = 0; week <= WEEKS; week += 1) {
      progress(`users, week ${week}`);
      for (const [variant, judge] of judges) await teachWeek(judge, variant, users, week);
      weeks.push(...users.map((user) => measure(user, week, judges)));
    }
    return weeks;
  } finally {
    for (const judge of judges.values()) await judge.close();
  }
}

function userOf({ name, train }: Row): User {
  const random = createRandom(SEED);
  const [held = [], ...rest] = folds(train);
  return {
    name,
    jid: `${name}@capulet.example`,
    lessons: shuffled(rest.flat(), random).slice(0, WEEKS * LESSONS_A_WEEK),
    held: shuffled(held, random).slice(0, JUDGED_MAX),
  };
}

function judgeOf(variant: Variant, config: Config): Promise<Judge> {
  switch (variant) {
    case 'server':
    case 'pooled':
      return createJudge(without('user', config));
    case 'user':
      return createJudge(without('server', config));
    case 'both':
      return createJudge(config);
    case 'starter':
      return createJudge(config, loadStarter(config.bayes.starter));
  }
}

/**
 * The configuration with the weight of all units of one scope at 0. Without the server's, its table is never trained either:
 * else `bayes.user` would tell its difference to an estimate that nobody adds.
 */
export function without(scope: 'server' | 'user', config: Config): Config {
  const copy = structuredClone(config) as Config & Record<string, Record<string, { weight: number }>>;
  for (const unit of UNITS) {
    const [family = '', name = ''] = unit.split('.');
    const options = copy[family]?.[name];
    if (name === scope && options !== undefined) options.weight = 0;
  }
  if (scope === 'server') copy.bayes.server.lessons_min = LESSONS_NEVER;
  return schema.parse(copy);
}

/** The largest `bayes.server.lessons_min`. */
const LESSONS_NEVER = 100_000;

async function teachWeek(
  judge: Judge,
  variant: Variant,
  users: readonly User[],
  week: number,
): Promise<void> {
  for (const { lessons, jid } of users) {
    const some = lessons.slice(Math.max(0, week - 1) * LESSONS_A_WEEK, week * LESSONS_A_WEEK);
    await teachAll(judge, some, variant === 'pooled' ? undefined : jid);
  }
}

function measure(user: User, week: number, judges: ReadonlyMap<Variant, Judge>): UserWeek {
  const taught = user.lessons.slice(0, week * LESSONS_A_WEEK);
  const count = (label: Message['label']) => taught.filter((lesson) => lesson.label === label).length;
  const figures = [...judges].map(([variant, judge]) => [
    variant,
    figuresOf(judgeAll(judge, user.held, user.jid)),
  ]);
  return {
    user: user.name,
    week,
    lessons: { spam: count('spam'), ham: count('ham') },
    figures: Object.fromEntries(figures) as Record<Variant, Figures>,
  };
}

/** Each week's mean over the users; lessons are summed. */
export function meansOf(weeks: readonly UserWeek[]): UserWeek[] {
  return [...new Set(weeks.map(({ week }) => week))].map((week) => {
    const all = weeks.filter((one) => one.week === week);
    const figures = VARIANTS.map((name) => [name, meanFigures(all.map((one) => one.figures[name]))]);
    const sum = (label: 'spam' | 'ham') => all.reduce((total, { lessons }) => total + lessons[label], 0);
    return {
      user: 'mean',
      week,
      lessons: { spam: sum('spam'), ham: sum('ham') },
      figures: Object.fromEntries(figures) as Record<Variant, Figures>,
    };
  });
}
