import { type BiasReport, HAM_TAUGHT, MEAN_PROBABILITY_MAX, type Said, SPAM_MAX_PCT } from './bias.ts';
import { fixed } from './print.ts';

/** For people, at most 80 columns wide. */
export function renderBias(reports: readonly BiasReport[]): string {
  const said = ({ spam_pct, mean_probability, met }: Said) =>
    `${fixed(spam_pct, 2).padStart(8)}${fixed(mean_probability, 3).padStart(8)} ${met ? '✔' : '✘'}`;
  return [
    `bias: ${HAM_TAUGHT} English ham and the spam of one language taught, ham of it judged:`,
    `% that is spam (<= ${SPAM_MAX_PCT}), mean probability (<= ${MEAN_PROBABILITY_MAX}); without starter, with it`,
    ...reports.map(({ taught, ham, without_starter, with_starter }) => {
      const what = `${taught.spam} ${taught.lang}`.padStart(6);
      const name = `${ham.lang.padEnd(4)}${ham.file.replace(/^.*\//, '')}`.padEnd(30);
      return `${what}  ${name}${String(ham.n).padStart(6)}${said(without_starter)}${said(with_starter)}`;
    }),
    ...new Set(
      reports.map(({ taught }) => {
        const { lang, spam_caught_held_out_pct: caught } = taught;
        return `        ${`spam ${lang}, a fifth held out: caught %, without starter`.padEnd(60)}${fixed(caught, 1)}`;
      }),
    ),
  ].join('\n');
}
