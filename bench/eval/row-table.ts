import type { FigureName } from './figures.ts';
import { fixed } from './print.ts';
import type { RowReport } from './row-report.ts';
import type { Result } from './targets.ts';

interface Column {
  readonly head: string;
  readonly figure: FigureName;
  readonly digits: number;
}

const NAME_WIDTH = 16;
const COLUMNS: readonly Column[] = [
  { head: '1-AUC', figure: 'one_minus_auc_pct', digits: 3 },
  { head: '@0.1%', figure: 'spam_caught_at_ham_blocked_0_1_pct', digits: 1 },
  { head: '@0', figure: 'spam_caught_at_no_ham_blocked_pct', digits: 1 },
  { head: 'caught', figure: 'spam_caught_pct', digits: 1 },
  { head: 'block', figure: 'ham_blocked_pct', digits: 2 },
  { head: 'unsure', figure: 'unsure_pct', digits: 1 },
  { head: 'MCC', figure: 'mcc', digits: 3 },
  { head: 'best', figure: 'mcc_best', digits: 3 },
];
const LEGEND = [
  '1-AUC in %; @0.1%, @0: % of spam caught where that much ham is blocked;',
  'caught, block, unsure: % of spam, of ham, of all, and MCC, at the thresholds',
  'of the configuration; best: MCC at the best threshold',
];
/** What targets call the figures. */
const FIGURE_NAMES: Readonly<Partial<Record<FigureName, string>>> = {
  one_minus_auc_pct: '1-AUC %',
  spam_caught_at_ham_blocked_0_1_pct: 'caught @0.1% %',
  spam_caught_at_no_ham_blocked_pct: 'caught @0 %',
  ham_blocked_pct: 'ham blocked %',
  mcc_best: 'best MCC',
};

/** For people, at most 80 columns wide. */
export function renderRows(reports: readonly RowReport[]): string {
  const head = `${'row'.padEnd(NAME_WIDTH)}${'n'.padStart(5)}${COLUMNS.map(({ head }) => cell(head)).join('')}`;
  const results = reports.flatMap((report) => report.results.map(renderResult));
  return [head, ...reports.map(renderRow), '', ...LEGEND, '', ...results].join('\n');
}

function renderRow({ name, figures }: RowReport): string {
  const cells = COLUMNS.map(({ figure, digits }) => cell(fixed(figures[figure], digits)));
  return `${name.padEnd(NAME_WIDTH)}${String(figures.n).padStart(5)}${cells.join('')}`;
}

function cell(text: string): string {
  return text.padStart(7);
}

function renderResult({ row, figure, limit, wanted, value, interval, met }: Result): string {
  const name = FIGURE_NAMES[figure] ?? figure;
  const goal = `${wanted === 'at-most' ? '<=' : '>='} ${limit}`.padEnd(8);
  const ends = interval === undefined ? '' : ` [${fixed(interval.low, 2)}, ${fixed(interval.high, 2)}]`;
  return `${met ? '✔' : '✘'} ${row.padEnd(NAME_WIDTH)} ${name.padEnd(15)}${fixed(value, 3).padStart(8)}  ${goal}${ends}`.trimEnd();
}
