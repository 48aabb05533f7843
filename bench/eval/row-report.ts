import { areaUnderCurve, caughtAt, type Outcome } from '../../src/cli/eval-metrics.ts';
import type { Config } from '../../src/config/schema.ts';
import type { Row } from '../rows.ts';
import { bootstrapInterval, type Interval } from './bootstrap.ts';
import { type FigureName, type Figures, figuresOf, meanFigures } from './figures.ts';
import { crossValidated, fromScratch, type Judged } from './learn.ts';
import { type Result, resultOf, SMALL_ROW, targetsOf } from './targets.ts';

/** A row with each of its messages judged. */
export interface RowRun {
  readonly name: string;
  readonly judged: readonly Judged[];
}

export interface RowReport {
  readonly name: string;
  readonly figures: Figures;
  /** Of rows with few messages. */
  readonly intervals: Readonly<Partial<Record<FigureName, Interval>>>;
  readonly results: readonly Result[];
}

/** The rows whose mean is a row of its own begin so. */
export const MEAN_OF = 'youtube-';
export const MEAN_COUNT = 5;
/** Figures of small rows that get an interval, each by itself: resampling all of them would take minutes. */
const WITH_INTERVAL: readonly (readonly [FigureName, (outcomes: readonly Outcome[]) => number | null])[] = [
  ['one_minus_auc_pct', oneMinusAUC],
  ['spam_caught_at_ham_blocked_0_1_pct', (outcomes) => caughtAt(outcomes, 0.001)],
  ['spam_caught_at_no_ham_blocked_pct', (outcomes) => caughtAt(outcomes, 0)],
];

/** @param isCv true: the training side alone is read, and judged by cross-validation. */
export async function runRow(config: Config, row: Row, isCv: boolean): Promise<RowRun> {
  const judged = isCv ? await crossValidated(config, row.train) : await fromScratch(config, row);
  return { name: row.name, judged };
}

/** One report a row, in order; behind the YouTube rows their mean, where all of them are there. */
export function reportRows(runs: readonly RowRun[]): RowReport[] {
  const reports = runs.map(({ name, judged }) => reportOf(name, [judged]));
  const meant = runs.filter(({ name }) => name.startsWith(MEAN_OF));
  if (meant.length !== MEAN_COUNT) return reports;
  const mean = reportOf(
    `${MEAN_OF}mean`,
    meant.map(({ judged }) => judged),
  );
  return [...reports, mean];
}

/** @param sets the messages of a row, or those of all rows that a mean is of */
function reportOf(name: string, sets: readonly (readonly Judged[])[]): RowReport {
  const figures = meanFigures(sets.map(figuresOf));
  const smallest = Math.min(...sets.map((judged) => judged.length));
  const intervals = smallest < SMALL_ROW ? intervalsOf(sets) : {};
  const results = targetsOf(name, smallest).map((target) =>
    resultOf(target, figures[target.figure], intervals[target.figure]),
  );
  return { name, figures, intervals, results };
}

function intervalsOf(sets: readonly (readonly Judged[])[]): Partial<Record<FigureName, Interval>> {
  const intervals: Partial<Record<FigureName, Interval>> = {};
  for (const [name, figure] of WITH_INTERVAL) {
    const interval = bootstrapInterval(sets, figure);
    if (interval !== undefined) intervals[name] = interval;
  }
  return intervals;
}

function oneMinusAUC(outcomes: readonly Outcome[]): number | null {
  const area = areaUnderCurve(outcomes);
  return area === null ? null : 100 * (1 - area);
}
