import type { Interval } from './bootstrap.ts';
import type { FigureName } from './figures.ts';

/** What a figure of a row is to reach. */
export interface Target {
  readonly row: string;
  readonly figure: FigureName;
  readonly limit: number;
  /** The figure is to be as low as the limit, or as high. */
  readonly wanted: 'at-most' | 'at-least';
}

/** A target beside what was measured. */
export interface Result extends Target {
  readonly value: number | null;
  readonly interval: Interval | undefined;
  readonly met: boolean;
}

/** Rows of at least so many messages are held against the ham that may be blocked, and tell calibration. */
export const LARGE_ROW = 800;
/** Rows of fewer messages come with an interval. */
export const SMALL_ROW = 400;
/** Most ham that the shipped thresholds may block in a large row, in percent. */
const HAM_BLOCKED_MAX = 0.3;

const atMost = (row: string, figure: FigureName, limit: number): Target => ({
  row,
  figure,
  limit,
  wanted: 'at-most',
});
const atLeast = (row: string, figure: FigureName, limit: number): Target => ({
  row,
  figure,
  limit,
  wanted: 'at-least',
});

/** What the rows are to reach from scratch. */
export const TARGETS: readonly Target[] = [
  atMost('sms-almeida', 'one_minus_auc_pct', 0.3),
  atLeast('sms-almeida', 'spam_caught_at_ham_blocked_0_1_pct', 94),
  atLeast('sms-almeida', 'mcc_best', 0.955),
  atMost('sms-cluster', 'one_minus_auc_pct', 0.3),
  atLeast('sms-cluster', 'spam_caught_at_ham_blocked_0_1_pct', 96),
  atMost('turkish', 'one_minus_auc_pct', 0.02),
  atMost('thai', 'one_minus_auc_pct', 1.2),
  atMost('indonesian', 'one_minus_auc_pct', 0.5),
  atMost('chinese', 'one_minus_auc_pct', 2.5),
  atMost('youtube-mean', 'one_minus_auc_pct', 0.35),
  atLeast('youtube-mean', 'spam_caught_at_no_ham_blocked_pct', 85),
];

/** The targets of a row of `n` messages; those of a large one hold the ham that is blocked, too. */
export function targetsOf(row: string, n: number): Target[] {
  const own = TARGETS.filter((target) => target.row === row);
  return n < LARGE_ROW ? own : [...own, atMost(row, 'ham_blocked_pct', HAM_BLOCKED_MAX)];
}

/** Met where the figure reaches the limit, or its interval holds it. What cannot be told is not met. */
export function resultOf(target: Target, value: number | null, interval?: Interval): Result {
  return { ...target, value, interval, met: isMet(target, value, interval) };
}

function isMet({ limit, wanted }: Target, value: number | null, interval: Interval | undefined): boolean {
  if (value === null) return false;
  return wanted === 'at-most' ? (interval?.low ?? value) <= limit : (interval?.high ?? value) >= limit;
}
