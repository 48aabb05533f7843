import type { Judged } from './learn.ts';
import type { RowRun } from './row-report.ts';
import { LARGE_ROW } from './targets.ts';

/** Parts of a reliability diagram. */
export const BINS = 15;
/** Share of spam at which calibration is reported beside the corpora's own. */
const SPAM_SHARE = 0.05;
/** Largest expected calibration error that is wanted at the corpora's own mix. */
export const ERROR_MAX = 0.03;

/** A probability that was told, whether it was spam, and how much the message counts. */
export interface Told {
  readonly probability: number;
  readonly isSpam: boolean;
  readonly weight: number;
}

/** One line of a reliability diagram. */
export interface Bin {
  readonly messages: number;
  /** Share of all weight, 0 … 1. */
  readonly mass: number;
  readonly mean_probability: number;
  readonly spam_share: number;
}

export interface Calibration {
  readonly messages: number;
  readonly spam_share: number;
  /** Mean distance of told probability and share of spam over the bins, by their mass. */
  readonly expected_error: number;
  readonly bins: readonly Bin[];
}

export interface CalibrationReport {
  readonly rows: readonly string[];
  /** All rows of the report together, as many of each as there are. */
  readonly own_mix: Calibration;
  /** The same messages weighed so that 5 % are spam; the probabilities as they were told. */
  readonly at_5_pct_as_told: Calibration;
  /** Weighed so, and each probability corrected for the other mix. */
  readonly at_5_pct_corrected: Calibration;
  readonly by_row: Readonly<Record<string, number>>;
  readonly met: boolean;
}

/** Over the large rows; undefined where there is none. */
export function reportCalibration(runs: readonly RowRun[]): CalibrationReport | undefined {
  const large = runs.filter(({ judged }) => judged.length >= LARGE_ROW);
  if (large.length === 0) return undefined;
  const told = large.flatMap(({ judged }) => toldOf(judged));
  const ownMix = calibrationOf(told);
  return {
    rows: large.map(({ name }) => name),
    own_mix: ownMix,
    at_5_pct_as_told: calibrationOf(weighed(told, SPAM_SHARE)),
    at_5_pct_corrected: calibrationOf(corrected(weighed(told, SPAM_SHARE), spamShareOf(told), SPAM_SHARE)),
    by_row: Object.fromEntries(
      large.map(({ name, judged }) => [name, calibrationOf(toldOf(judged)).expected_error]),
    ),
    met: ownMix.expected_error <= ERROR_MAX,
  };
}

export function toldOf(judged: readonly Judged[]): Told[] {
  return judged.map(({ label, probability }) => ({ probability, isSpam: label === 'spam', weight: 1 }));
}

/**
 * The same messages in another mix: spam and ham are weighed so that `share` of the weight is spam, and the sum stays. What
 * kind of spam and of ham there is stays the same, only how much of each.
 */
export function weighed(told: readonly Told[], share: number): Told[] {
  const before = spamShareOf(told);
  return told.map((one) => ({
    ...one,
    weight: one.weight * (one.isSpam ? share / before : (1 - share) / (1 - before)),
  }));
}

/**
 * What a probability that is right where `from` of the messages are spam becomes where `to` are: its odds times the odds of
 * the new share ÷ those of the old one, as the likelihoods stay (Saerens, Latinne and Decaestecker, "Adjusting the Outputs of
 * a Classifier to New a Priori Probabilities", 2002, eq. 4).
 */
export function corrected(told: readonly Told[], from: number, to: number): Told[] {
  const ratio = to / (1 - to) / (from / (1 - from));
  return told.map((one) => {
    const { probability } = one;
    return { ...one, probability: (probability * ratio) / (probability * ratio + 1 - probability) };
  });
}

/**
 * Expected calibration error over bins of equal mass (Nguyen and O'Connor, "Posterior Calibration and Exploratory Analysis",
 * 2015). Messages of one probability stay in one bin, so that bins may be larger or fewer.
 */
export function calibrationOf(told: readonly Told[], count: number = BINS): Calibration {
  const all = sumOf(told);
  const bins = binsOf(told, count).map((part): Bin => {
    const { weight, probability, spam } = sumOf(part);
    return {
      messages: part.length,
      mass: weight / all.weight,
      mean_probability: probability / weight,
      spam_share: spam / weight,
    };
  });
  const errors = bins.map((bin) => bin.mass * Math.abs(bin.mean_probability - bin.spam_share));
  return {
    messages: told.length,
    spam_share: all.spam / all.weight,
    expected_error: errors.reduce((sum, error) => sum + error, 0),
    bins,
  };
}

function binsOf(told: readonly Told[], count: number): Told[][] {
  const sorted = told.toSorted((a, b) => a.probability - b.probability);
  const mass = sumOf(told).weight / count;
  const bins: Told[][] = [];
  let bin: Told[] = [];
  let weight = 0;
  for (const [index, one] of sorted.entries()) {
    bin.push(one);
    weight += one.weight;
    // Half a message is a bound for what rounding leaves of a sum.
    const isFull = weight >= (bins.length + 1) * mass - one.weight / 2;
    if (!isFull || sorted[index + 1]?.probability === one.probability) continue;
    bins.push(bin);
    bin = [];
  }
  return bin.length === 0 ? bins : [...bins, bin];
}

function spamShareOf(told: readonly Told[]): number {
  const { spam, weight } = sumOf(told);
  return spam / weight;
}

function sumOf(told: readonly Told[]): { weight: number; probability: number; spam: number } {
  const sum = { weight: 0, probability: 0, spam: 0 };
  for (const { weight, probability, isSpam } of told) {
    sum.weight += weight;
    sum.probability += weight * probability;
    if (isSpam) sum.spam += weight;
  }
  return sum;
}
