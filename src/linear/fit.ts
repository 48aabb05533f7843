import { createHash } from 'node:crypto';
import { bucketOf, scriptOf } from '../store/slots.ts';
import { type BucketCounts, countBuckets } from './counts.ts';
import { descend, type Weights } from './descent.ts';
import { together } from './estimate.ts';
import { type FittedModel, type LinearEstimate, LinearModel, pack } from './model.ts';
import { partsOf } from './parts.ts';
import { lessonsOf, type Problem, problemOf, slotsOf } from './problem.ts';

const ID_DIGITS = 32;
/** Parts of the lessons, each of which is judged by a fit to the others. */
const PARTS = 3;
/** Ham that was held out, above the threshold: so many parts of it, and one more. */
const HAM_ABOVE = 0.002;
/** Log-odds at which the shipped weights and threshold call a text spam. */
export const SPAM_LOG_ODDS = 5;
const CAUTION_MIN = 0.5;
/** As in `filters/bayes/combine.ts`. */
const PRIOR_LESSONS = 0.2;

/**
 * Fits a model to lessons. Where ham is hard to tell from spam (what shops and banks send), log-odds are too sure of
 * themselves; held-out ham says by how much. Takes seconds: not on the thread that judges.
 */
export function fitModel(problem: Problem): FittedModel {
  const spam = problem.labels.reduce((sum, label) => sum + label, 0);
  const ham = problem.labels.length - spam;
  const caution = cautionOf(problem);
  const weights = descend(problem, countBuckets(problem));
  const model = { ...pack(weights), caution, spam, ham };
  return { ...model, id: idOf(model) };
}

/** The same fit, the same id, also after a restart: opinions that were kept rest on it. */
function idOf({ table, unknown, ...numbers }: Omit<FittedModel, 'id'>): string {
  const hash = createHash('sha256').update(table).update(unknown);
  return hash.update(JSON.stringify(numbers)).digest('hex').slice(0, ID_DIGITS);
}

function cautionOf(problem: Problem): number {
  const totals: number[] = [];
  const parts = partsOf(problem, PARTS);
  for (let part = 0; part < PARTS; part += 1) {
    const indexes = [...parts.keys()];
    const others = indexes.filter((index) => parts[index] !== part);
    const rest = problemOf(lessonsOf(problem, others));
    if (!hasBoth(rest)) continue;
    const held = indexes.filter((index) => parts[index] === part && problem.labels[index] === 0);
    const judge = judgeOf(rest);
    for (const index of held) totals.push(judge(slotsOf(problem, index), problem.tokens[index] as number));
  }
  totals.sort((a, b) => b - a);
  const highest = totals[Math.floor(HAM_ABOVE * totals.length) + 1] ?? 0;
  return highest <= SPAM_LOG_ODDS ? 1 : Math.max(CAUTION_MIN, SPAM_LOG_ODDS / highest);
}

function hasBoth({ labels }: Problem): boolean {
  return labels.includes(0) && labels.includes(1);
}

/** What both units together say, with the counts of the lessons in place of the server's table. */
function judgeOf(problem: Problem): (slots: Uint32Array, tokens: number) => number {
  const counts = countBuckets(problem);
  const weights: Weights = descend(problem, counts);
  const model = new LinearModel({ id: '', ...pack(weights), caution: 1, spam: 0, ham: 0 });
  const estimate: LinearEstimate = { z: 0, known: 0 };
  return (slots, tokens) => {
    model.estimate(NO_TOKENS, 0, slots, estimate);
    return together(estimate, bayesOf(slots.subarray(0, tokens), counts), 1);
  };
}

const NO_TOKENS = new Int32Array(0);

/** The formula of `combine` for a table without a starter. */
function bayesOf(slots: Uint32Array, counts: BucketCounts): number {
  let sum = 0;
  let known = 0;
  for (const slot of slots) {
    const bucket = bucketOf(slot);
    const spam = counts.spam[bucket] as number;
    const ham = counts.ham[bucket] as number;
    if (spam + ham === 0 || counts.isTrusted[bucket] !== 1) continue;
    const inSpamAll = counts.spamByScript[scriptOf(slot)] as number;
    const inHamAll = counts.hamByScript[scriptOf(slot)] as number;
    const prior = (PRIOR_LESSONS * (inSpamAll + inHamAll)) / (spam + ham);
    const inSpam = (spam + PRIOR_LESSONS) / (inSpamAll + prior);
    const inHam = (ham + PRIOR_LESSONS) / (inHamAll + prior);
    sum += Math.log(inSpam / inHam);
    known += 1;
  }
  return known === 0 ? 0 : sum / Math.sqrt(known);
}
