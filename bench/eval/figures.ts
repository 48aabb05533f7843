import {
  bestMatthews,
  caughtAt,
  type EvalMetrics,
  evalMetrics,
  type Outcome,
} from '../../src/cli/eval-metrics.ts';

/** All figures of a row; null where there is nothing to divide by. */
export interface Figures extends EvalMetrics {
  readonly spam_caught_at_no_ham_blocked_pct: number | null;
  /** At the threshold that is best for these messages, which nobody knows beforehand. */
  readonly mcc_best: number | null;
}

export type FigureName = Exclude<keyof Figures, 'n'>;

export function figuresOf(outcomes: readonly Outcome[]): Figures {
  return {
    ...evalMetrics(outcomes),
    spam_caught_at_no_ham_blocked_pct: caughtAt(outcomes, 0),
    mcc_best: bestMatthews(outcomes),
  };
}

/** Each figure's mean over rows, all of which have it; `n` is their sum. */
export function meanFigures(rows: readonly Figures[]): Figures {
  const mean = (name: FigureName): number | null => {
    const values = rows.map((row) => row[name]);
    return values.includes(null)
      ? null
      : values.reduce((sum: number, value) => sum + value!, 0) / rows.length;
  };
  const names = Object.keys(rows[0]!).filter((name) => name !== 'n') as FigureName[];
  const means = Object.fromEntries(names.map((name) => [name, mean(name)]));
  return { ...means, n: rows.reduce((sum, { n }) => sum + n, 0) } as Figures;
}
