import { join } from 'node:path';
import { readRows } from '../../packaging/starter/messages.ts';
import type { Config } from '../../src/config/schema.ts';
import { loadStarter } from '../../src/store/starter.ts';
import { judgeAll, withJudge } from './learn.ts';
import { fixed, progress } from './print.ts';

/** Ham of communities that the starter has not seen. */
export const HAM_FILES = [
  'irc-ham-en',
  'nus-ham-en',
  'nus-ham-zh',
  'tatoeba-ham-multi',
  'spamassassin-subjects',
];

export interface HamReport {
  readonly name: string;
  /** Messages of ham; what else the file holds is left out. */
  readonly n: number;
  readonly ham_blocked: number;
  readonly ham_blocked_pct: number;
  readonly mean_probability: number;
}

/** What a daemon with the starter table and no lesson does to ham. */
export function runHamFiles(config: Config, corpora: string): Promise<HamReport[]> {
  return withJudge(config, loadStarter(config.bayes.starter), async (judge) => {
    return HAM_FILES.map((name) => {
      progress(name);
      const ham = readRows(join(corpora, 'eval', `${name}.tsv`)).filter(({ label }) => label === 'ham');
      return { name, ...summaryOf(judgeAll(judge, ham)) };
    });
  });
}

function summaryOf(judged: ReturnType<typeof judgeAll>): Omit<HamReport, 'name'> {
  const n = judged.length;
  const blocked = judged.filter(({ verdict }) => verdict === 'spam').length;
  const sum = judged.reduce((total, { probability }) => total + probability, 0);
  return {
    n,
    ham_blocked: blocked,
    ham_blocked_pct: (100 * blocked) / n,
    mean_probability: sum / n,
  };
}

/** For people, at most 80 columns wide. */
export function renderHam(reports: readonly HamReport[]): string {
  const rows = reports.map(({ name, n, ham_blocked, ham_blocked_pct, mean_probability }) => {
    const cells = [String(n), String(ham_blocked), fixed(ham_blocked_pct, 3), fixed(mean_probability, 3)];
    return name.padEnd(24) + cells.map((cell) => cell.padStart(12)).join('');
  });
  const head = ['n', 'blocked', 'blocked %', 'mean prob.'].map((cell) => cell.padStart(12)).join('');
  return [`${'ham, starter alone'.padEnd(24)}${head}`, ...rows].join('\n');
}
