import type { FigureName } from './figures.ts';
import { fixed } from './print.ts';
import { LESSONS_A_WEEK, meansOf, type UserWeek, VARIANTS, type Variant } from './users.ts';

const VARIANT_PROSE: Readonly<Record<Variant, string>> = {
  server: "the server's units alone",
  user: "the user's alone",
  both: 'both, as configured',
  starter: 'both over the starter, which has seen sms-cluster',
  pooled: "the server's alone, each lesson believed as if it were the operator's",
};

const GROUPS: readonly (readonly [string, FigureName, number, number])[] = [
  ['1-AUC %', 'one_minus_auc_pct', 1, 5],
  ['caught %', 'spam_caught_pct', 0, 4],
  ['blocked %', 'ham_blocked_pct', 1, 5],
];

/** Week, and lessons of spam and of ham until then. */
const HEAD_WIDTH = 10;

/** For people, at most 80 columns wide. */
export function renderUsers(weeks: readonly UserWeek[]): string {
  const names = [...new Set(weeks.map(({ user }) => user))];
  const letters = GROUPS.map(([, , , width]) =>
    VARIANTS.map((name) => name.slice(0, 2).padStart(width)).join(''),
  );
  const titles = GROUPS.map(([title, , , width]) => title.padStart(VARIANTS.length * width));
  return [
    `users: ${names.length} of one server, ${LESSONS_A_WEEK} lessons a week each, spam + ham`,
    ...VARIANTS.map((name) => `  ${name.slice(0, 2)} = ${VARIANT_PROSE[name]}`),
    `${''.padEnd(HEAD_WIDTH)}${titles.join('')}`,
    `${'week'.padEnd(HEAD_WIDTH)}${letters.join('')}`,
    ...names.flatMap((name) => [name, ...weeks.filter(({ user }) => user === name).map(lineOf)]),
    'mean',
    ...meansOf(weeks).map(lineOf),
  ].join('\n');
}

function lineOf({ week, lessons, figures }: UserWeek): string {
  const cells = GROUPS.map(([, name, digits, width]) =>
    VARIANTS.map((variant) => fixed(figures[variant][name], digits).padStart(width)).join(''),
  );
  return `${`${week} ${lessons.spam}+${lessons.ham}`.padEnd(HEAD_WIDTH)}${cells.join('')}`;
}
