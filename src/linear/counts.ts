import { BUCKETS, bucketOf, scriptOf } from '../store/slots.ts';
import { SCRIPTS } from '../text/scripts.ts';
import { type Problem, slotsOf } from './problem.ts';

const OPERATOR = 0;
/** The same number: what the operator brought is trusted at once, and asks for nobody before. */
const NOBODY = OPERATOR;

/** How many lessons hold each bucket, by class, as `ServerTokens` counts tokens. */
export interface BucketCounts {
  readonly spam: Float32Array;
  readonly ham: Float32Array;
  /** Lessons that hold letters of a script; the first is all lessons. */
  readonly spamByScript: Float64Array;
  readonly hamByScript: Float64Array;
  /** 1 where two reporters, or the operator, brought it: what one alone has said stays their own. */
  readonly isTrusted: Uint8Array;
}

export function countBuckets(problem: Problem): BucketCounts {
  const counts = {
    spam: new Float32Array(BUCKETS),
    ham: new Float32Array(BUCKETS),
    spamByScript: new Float64Array(SCRIPTS),
    hamByScript: new Float64Array(SCRIPTS),
    isTrusted: new Uint8Array(BUCKETS),
  };
  const firsts = new Uint16Array(BUCKETS);
  for (let index = 0; index < problem.labels.length; index += 1) {
    const isSpam = problem.labels[index] === 1;
    const slots = slotsOf(problem, index);
    const weight = problem.weights[index] as number;
    addScripts(isSpam ? counts.spamByScript : counts.hamByScript, problem.scripts[index] as number, weight);
    addSlots(isSpam ? counts.spam : counts.ham, slots, weight);
    noteReporter({ firsts, isTrusted: counts.isTrusted }, slots, problem.reporters[index] as number);
  }
  return counts;
}

function addScripts(totals: Float64Array, mask: number, weight: number): void {
  for (let script = 0; script < SCRIPTS; script += 1)
    if (((mask >>> script) & 1) === 1) totals[script] = (totals[script] as number) + weight;
}

function addSlots(column: Float32Array, slots: Uint32Array, weight: number): void {
  for (let index = 0; index < slots.length; index += 1) {
    const bucket = bucketOf(slots[index] as number);
    column[bucket] = (column[bucket] as number) + weight;
  }
}

interface Seen {
  readonly firsts: Uint16Array;
  readonly isTrusted: Uint8Array;
}

function noteReporter({ firsts, isTrusted }: Seen, slots: Uint32Array, reporter: number): void {
  for (let index = 0; index < slots.length; index += 1) {
    const bucket = bucketOf(slots[index] as number);
    const first = firsts[bucket] as number;
    if (reporter === OPERATOR || (first !== NOBODY && first !== reporter)) isTrusted[bucket] = 1;
    if (first === NOBODY) firsts[bucket] = reporter;
  }
}

/** Lessons that a rate is smoothed by, in each class. */
const SMOOTHING = 0.5;

/**
 * The square of a bucket's log ratio of rates in spam and ham, among lessons that hold its script: what its value is scaled by
 * (Wang & Manning, "Baselines and Bigrams", 2012). Never 0 where the bucket is known.
 */
export function squaredRatio(counts: BucketCounts, slot: number): number {
  const bucket = bucketOf(slot);
  return squared(counts, scriptOf(slot), counts.spam[bucket] as number, counts.ham[bucket] as number);
}

/** The same for a bucket of which nothing is known, by script. */
export function squaredRatiosUnknown(counts: BucketCounts): Float64Array {
  return Float64Array.from({ length: SCRIPTS }, (_, script) => squared(counts, script, 0, 0));
}

function squared(counts: BucketCounts, script: number, spam: number, ham: number): number {
  const inSpam = (spam + SMOOTHING) / ((counts.spamByScript[script] as number) + 2 * SMOOTHING);
  const inHam = (ham + SMOOTHING) / ((counts.hamByScript[script] as number) + 2 * SMOOTHING);
  return Math.log(inSpam / inHam) ** 2;
}
