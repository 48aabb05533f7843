import type { Opinion } from './opinion.ts';

export const VERDICTS = ['ham', 'unsure', 'spam'] as const;
export type VerdictName = (typeof VERDICTS)[number];

export const ACTIONS = ['deliver', 'mark', 'defer', 'junk', 'reject', 'discard'] as const;
export type Action = (typeof ACTIONS)[number];

/** One filter's part of a verdict. `points` = weight × score; 0 for an abstention. */
export interface UnitResult {
  readonly unit: string;
  readonly group: string;
  readonly opinion: Opinion;
  readonly weight: number;
  readonly points: number;
}

/** One group's part: the sum of its units' points, and what is left of it after the group's cap. */
export interface GroupResult {
  readonly group: string;
  readonly points: number;
  readonly capped: number;
}

/** A verdict taken apart: made for those who ask why. */
export interface Breakdown {
  readonly units: readonly UnitResult[];
  readonly groups: readonly GroupResult[];
}

/** A whole verdict. `Pipeline.breakdown` takes it apart. */
export interface Verdict {
  readonly verdict: VerdictName;
  readonly action: Action;
  /** Unrounded total in points; `eval` ranks by it. */
  readonly total: number;
  /** Points at which `spam` begins: `thresholds.spam`. */
  readonly threshold: number;
  /** Calibrated probability of spam, 0 … 1. */
  readonly probability: number;
  /** What each unit said, in the order of `UNITS`; empty where the pipeline did not run. */
  readonly opinions: readonly Opinion[];
  /** Set where the pipeline did not run: `KNOWN_SENDER`, `NOT_JUDGED`, `TEST_STANZA`. */
  readonly symbol: string | undefined;
}

/** Points and threshold with one decimal. */
export interface RoundedPoints {
  readonly points: string;
  readonly threshold: string;
}

/**
 * For people, and for clients that go by the numbers: what is not `spam` is never rounded up to the threshold, as spamd does
 * it, too [PNP-4.3].
 */
export function roundedPoints({
  verdict,
  total,
  threshold,
}: Pick<Verdict, 'verdict' | 'total' | 'threshold'>): RoundedPoints {
  const [points, limit] = [total.toFixed(1), threshold.toFixed(1)];
  const seemsSpam = verdict !== 'spam' && Number(points) >= Number(limit);
  return { points: seemsSpam ? (Number(limit) - 0.1).toFixed(1) : points, threshold: limit };
}
