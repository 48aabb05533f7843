import { LESSON_UNITS } from './combine.ts';

/** Odds at which the table of all is so sure of a text that a report to the contrary begins to weigh less. */
const SURE_ODDS = 20;
/** A token is a class's own where it has so many times the lessons there, each class with one more than it has. */
const OWN_RATIO = 10;

/**
 * What a user's report is worth in the table of all, 0 … 1: docs/decisions/0039.
 * @param agreement log-odds of the labels of the reporter's last lessons, by what others taught
 * @param logOdds the same of the report
 * @param copies by how many others copies of the text were reported alike: where the table does not agree, the more of them
 * there are the less one more brings, and all together little more than the first
 */
export function credibility(agreement: readonly number[], logOdds: number, copies: number): number {
  const odds = SURE_ODDS * Math.exp(logOdds);
  return reliability(agreement) * Math.min(1, odds / (1 + copies) ** 2);
}

/** A newcomer is worth 1, and nobody more: those who only agree with each other lift nobody. */
function reliability(agreement: readonly number[]): number {
  let agreed = 1;
  let disagreed = 1;
  for (const logOdds of agreement) {
    const certainty = Math.tanh(logOdds / 2);
    if (certainty > 0) agreed += certainty;
    else disagreed -= certainty;
  }
  return Math.min(1, agreed / disagreed);
}

/**
 * Whether a token that is the other class's own would not be so any more after a whole lesson of this class. In counts and
 * not in rates: junk that many teach in one class lowers the rates of all that is in it.
 * @param inClass lessons that hold it, in the class of the report, and in the other one; in the units of `TokenCounts`
 */
export function isKeptFrom(inClass: number, inOther: number): boolean {
  const own = (inOther + LESSON_UNITS) / OWN_RATIO;
  return inClass + LESSON_UNITS <= own && inClass + 2 * LESSON_UNITS > own;
}
