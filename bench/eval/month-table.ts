import type { MonthReport } from './month.ts';
import { MONTH } from './month-plan.ts';

/** For people, at most 80 columns wide. */
export function renderMonth(report: MonthReport): string {
  const { periods, reports, observed, afterwards, met } = report;
  const answers = Object.entries(observed).map(([answer, times]) => `${times} × ${answer}`);
  const head = ['spam', 'caught', 'ham', 'blocked', 'opinions'];
  return [
    `month: ${MONTH.days} days of one user; messages of strangers, as they were judged;\nopinions: on how many of them bayes.user had one`,
    `${'days'.padEnd(12)}${head.map((cell) => cell.padStart(9)).join('')}`,
    ...periods.map((period) => {
      const cells = [
        period.spam,
        period.spam_caught,
        period.ham,
        period.ham_blocked,
        period.with_user_opinion,
      ];
      return `${`until ${period.until_day}`.padEnd(12)}${cells.map((cell) => String(cell).padStart(9)).join('')}`;
    }),
    `${reports} reports by TELL; OBSERVE: ${answers.join(', ')}`,
    ...('69 not-served' in observed ? ['  so first messages that were answered were taught by TELL'] : []),
    `${met ? '✔' : '✘'} afterwards bayes.user has an opinion on ${afterwards.opinions} of ${afterwards.messages} messages`,
    ...Object.entries(afterwards.abstentions).map(
      ([why, messages]) => `  on ${messages} it has none: ${why}`,
    ),
  ].join('\n');
}
