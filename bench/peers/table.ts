import { wrap } from '../../src/cli/columns.ts';
import { fixed } from '../eval/print.ts';
import type { Result } from './measure.ts';
import { missingPackages, type Peer } from './peer.ts';

const ROW_WIDTH = 17;
const PEER_WIDTH = 14;
const COLUMNS = ['1-AUC %', 'at 0.1 %', 'caught %', 'blocked %', 'MCC'];
const COLUMN_WIDTH = 10;
const RIGHT = COLUMNS.map((name) => name.padStart(COLUMN_WIDTH - 1)).join(' ');

/** Eighty columns at most, as everything here. */
export const HEADING = `${'row'.padEnd(ROW_WIDTH)}${'filter'.padEnd(PEER_WIDTH)}${RIGHT}`;

/** What must be known to read the table. */
export const LEGEND = [
  'at 0.1 %: spam caught, in percent, where at most 0.1 % of the ham is blocked.',
  'caught, blocked, MCC: at the default threshold; unsure is not blocked.',
  'SpamAssassin and rspamd would wait for 200 messages of each class; here they judge from the first lesson on. Bayes is but a part of their points: its symbol is taken for the verdict.',
].flatMap((sentence) => wrap(sentence));

/** A line of the table; of the lines of a row the first one names it. */
export function lineOf(result: Result, isFirst: boolean): string {
  const head = (isFirst ? result.row : '').padEnd(ROW_WIDTH) + result.peer.padEnd(PEER_WIDTH);
  if ('error' in result) return `${head}   failed`;
  const { figures } = result;
  const cells = [
    cell(figures.one_minus_auc_pct, 2),
    cell(figures.spam_caught_at_ham_blocked_0_1_pct, 1),
    cell(figures.spam_caught_pct, 1),
    cell(figures.ham_blocked_pct, 2),
    cell(figures.mcc, 3),
  ];
  return head + cells.join(' ');
}

/** What to do about a filter that is not on this machine. */
export function missingLine(peer: Peer): string {
  return `${peer.name} is not on this machine: apt-get install ${missingPackages(peer).join(' ')}`;
}

export function versionLines(versions: Readonly<Record<string, string>>): string[] {
  return wrap(
    `Versions: ${Object.entries(versions)
      .map((entry) => entry.join(' '))
      .join(', ')}`,
  );
}

function cell(value: number | null, digits: number): string {
  return fixed(value, digits).padStart(COLUMN_WIDTH - 1);
}
