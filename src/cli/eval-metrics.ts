import type { VerdictName } from '../model/verdict.ts';
import type { LessonLabel } from '../store/store.ts';

/** One message of known label with its verdict. An abstention of all filters has the total 0. */
export interface Outcome {
  readonly label: LessonLabel;
  readonly verdict: VerdictName;
  readonly total: number;
}

/** Figures of a run; null where there is nothing to divide by. */
export interface EvalMetrics {
  readonly n: number;
  readonly accuracy_pct: number | null;
  readonly spam_caught_pct: number | null;
  readonly ham_blocked_pct: number | null;
  readonly mcc: number | null;
  readonly one_minus_auc_pct: number | null;
  readonly spam_caught_at_ham_blocked_0_1_pct: number | null;
  readonly unsure_pct: number | null;
}

/** The share of ham that `spam_caught_at_ham_blocked_0_1_pct` allows to be blocked. */
const HAM_BLOCKED_MAX = 0.001;

/** All figures. Only `spam` counts as blocked: `unsure` is delivered. */
export function evalMetrics(outcomes: readonly Outcome[]): EvalMetrics {
  const count = (label: LessonLabel, blocked: boolean) =>
    outcomes.filter((one) => one.label === label && (one.verdict === 'spam') === blocked).length;
  const truePositives = count('spam', true);
  const falseNegatives = count('spam', false);
  const falsePositives = count('ham', true);
  const trueNegatives = count('ham', false);
  const unsure = outcomes.filter(({ verdict }) => verdict === 'unsure').length;
  const auc = areaUnderCurve(outcomes);
  return {
    n: outcomes.length,
    accuracy_pct: percent(truePositives + trueNegatives, outcomes.length),
    spam_caught_pct: percent(truePositives, truePositives + falseNegatives),
    ham_blocked_pct: percent(falsePositives, falsePositives + trueNegatives),
    mcc: matthews({ truePositives, falseNegatives, falsePositives, trueNegatives }),
    one_minus_auc_pct: auc === null ? null : 100 * (1 - auc),
    spam_caught_at_ham_blocked_0_1_pct: caughtAt(outcomes, HAM_BLOCKED_MAX),
    unsure_pct: percent(unsure, outcomes.length),
  };
}

/**
 * Probability that a random spam has a higher total than a random ham, a tie counted half: the Mann–Whitney U over the
 * product of both counts, by mean ranks (Hanley and McNeil 1982). Null without spam or without ham.
 */
export function areaUnderCurve(outcomes: readonly Outcome[]): number | null {
  const sorted = outcomes.toSorted((a, b) => a.total - b.total);
  let spam = 0;
  let rankSum = 0;
  for (let start = 0; start < sorted.length; ) {
    const tie = tieFrom(sorted, start);
    const meanRank = (start + 1 + start + tie.length) / 2;
    const spamInTie = tie.filter(({ label }) => label === 'spam').length;
    spam += spamInTie;
    rankSum += spamInTie * meanRank;
    start += tie.length;
  }
  const ham = sorted.length - spam;
  if (spam === 0 || ham === 0) return null;
  return (rankSum - (spam * (spam + 1)) / 2) / (spam * ham);
}

/** Most spam caught, in percent, by any threshold on the total that blocks at most this share of the ham. */
export function caughtAt(outcomes: readonly Outcome[], hamBlockedMax: number): number | null {
  const spamCount = outcomes.filter(({ label }) => label === 'spam').length;
  const hamCount = outcomes.length - spamCount;
  if (spamCount === 0 || hamCount === 0) return null;
  const sorted = outcomes.toSorted((a, b) => b.total - a.total);
  let caught = 0;
  let blocked = 0;
  for (let start = 0; start < sorted.length; ) {
    // A threshold takes all messages of one total or none of them.
    const tie = tieFrom(sorted, start);
    const spamInTie = tie.filter(({ label }) => label === 'spam').length;
    blocked += tie.length - spamInTie;
    if (blocked / hamCount > hamBlockedMax) break;
    caught += spamInTie;
    start += tie.length;
  }
  return percent(caught, spamCount);
}

/** Highest Matthews correlation coefficient by any threshold on the total; null where a class is missing. */
export function bestMatthews(outcomes: readonly Outcome[]): number | null {
  const spamCount = outcomes.filter(({ label }) => label === 'spam').length;
  const hamCount = outcomes.length - spamCount;
  const sorted = outcomes.toSorted((a, b) => b.total - a.total);
  let truePositives = 0;
  let falsePositives = 0;
  let best: number | null = null;
  for (let start = 0; start < sorted.length; ) {
    const tie = tieFrom(sorted, start);
    const spamInTie = tie.filter(({ label }) => label === 'spam').length;
    truePositives += spamInTie;
    falsePositives += tie.length - spamInTie;
    start += tie.length;
    const falseNegatives = spamCount - truePositives;
    const mcc = matthews({
      truePositives,
      falseNegatives,
      falsePositives,
      trueNegatives: hamCount - falsePositives,
    });
    if (mcc !== null && (best === null || mcc > best)) best = mcc;
  }
  return best;
}

function tieFrom(sorted: readonly Outcome[], start: number): readonly Outcome[] {
  let end = start + 1;
  while (end < sorted.length && sorted[end]!.total === sorted[start]!.total) end += 1;
  return sorted.slice(start, end);
}

interface Confusion {
  readonly truePositives: number;
  readonly falseNegatives: number;
  readonly falsePositives: number;
  readonly trueNegatives: number;
}

/** Matthews correlation coefficient (1975); null where a row or a column of the table is empty. */
export function matthews(confusion: Confusion): number | null {
  const { truePositives: tp, falseNegatives: fn, falsePositives: fp, trueNegatives: tn } = confusion;
  const product = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn);
  return product === 0 ? null : (tp * tn - fp * fn) / Math.sqrt(product);
}

function percent(part: number, whole: number): number | null {
  return whole === 0 ? null : (100 * part) / whole;
}
