import {
  type BiasReport,
  HAM_TAUGHT,
  MEAN_PROBABILITY_MAX,
  type Said,
  SPAM_MAX_PCT,
  USER_TAUGHT,
} from './bias.ts';
import { fixed } from './print.ts';

/** For people, at most 80 columns wide. */
export function renderBias(reports: readonly BiasReport[]): string {
  const said = ({ spam_pct, mean_probability, met }: Said) =>
    `${fixed(spam_pct, 2).padStart(8)}${fixed(mean_probability, 3).padStart(8)} ${met ? '✔' : '✘'}`;
  const named = ({ ham }: BiasReport) =>
    `${`${ham.lang.padEnd(4)}${ham.file.replace(/^.*\//, '')}`.padEnd(30)}${String(ham.n).padStart(6)}`;
  return [
    `bias: ${HAM_TAUGHT} English ham and the spam of one language taught, ham of it judged:`,
    `% that is spam (<= ${SPAM_MAX_PCT}), mean probability (<= ${MEAN_PROBABILITY_MAX}); without starter, with it`,
    ...reports.map((report) => {
      const { taught, without_starter, with_starter } = report;
      const what = `${taught.spam} ${taught.lang}`.padStart(6);
      return `${what}  ${named(report)}${said(without_starter)}${said(with_starter)}`;
    }),
    `the same to a user who has taught ${USER_TAUGHT} of each, with the starter`,
    ...reports.map((report) => `        ${named(report)}${said(report.to_user)}`),
    ...new Set(
      reports.map(({ taught }) => {
        const { lang, spam_caught_held_out_pct: caught } = taught;
        return `        ${`spam ${lang}, a fifth held out: caught %, without starter`.padEnd(60)}${fixed(caught, 1)}`;
      }),
    ),
  ].join('\n');
}
