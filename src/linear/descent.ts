import { BUCKETS, bucketOf, scriptOf } from '../store/slots.ts';
import { type BucketCounts, squaredRatio, squaredRatiosUnknown } from './counts.ts';
import { type Problem, slotsOf } from './problem.ts';

/** Weight of a lesson's loss against the length of the weights. */
const COST = 300;
const ROUNDS = 12;
/** The start of a dual variable, in parts of its bound, and the smallest one. */
const START = 1e-3;
const START_MAX = 1e-8;
const NEWTON_STEPS_MAX = 50;
const NEWTON_END = 1e-6;
/** What a step of Newton's method that leaves the interval is cut to. */
const CUT = 0.1;

/** Weights of a fit, as `Scorer` reads them. */
export interface Weights {
  /** Of each bucket weight × ratio, then ratio²; 0 0 = unknown. */
  readonly pairs: Float32Array;
  readonly bias: number;
  readonly unknown: Float64Array;
}

/**
 * Logistic regression with an L2 penalty by dual coordinate descent (Yu, Huang & Lin, "Dual coordinate descent methods for
 * logistic regression and maximum entropy models", 2011). A feature's value is its log ratio of rates; a lesson's values are
 * divided by the root of their squares and one. Deterministic: the order of lessons is shuffled by a fixed seed.
 */
export function descend(problem: Problem, counts: BucketCounts, rounds = ROUNDS): Weights {
  const pairs = pairsOf(problem, counts);
  const unknown = squaredRatiosUnknown(counts);
  const lessons = problem.labels.length;
  const scales = scalesOf(problem, pairs, unknown);
  const alphas = new Float64Array(lessons);
  const rests = new Float64Array(lessons);
  for (let index = 0; index < lessons; index += 1) {
    const bound = COST * (problem.weights[index] as number);
    alphas[index] = Math.min(START * bound, START_MAX);
    rests[index] = bound - (alphas[index] as number);
  }
  const fit: Fit = { problem, pairs, scales, alphas, rests, bias: 0 };
  const order = Uint32Array.from({ length: lessons }, (_, index) => index);
  for (let round = 0; round < rounds; round += 1) {
    shuffle(order, round + 1);
    for (let at = 0; at < lessons; at += 1) improve(fit, order[at] as number);
  }
  return { pairs, bias: fit.bias, unknown };
}

interface Fit {
  readonly problem: Problem;
  readonly pairs: Float32Array;
  /** 1 ÷ the length of each lesson's values, the bias among them. */
  readonly scales: Float64Array;
  readonly alphas: Float64Array;
  readonly rests: Float64Array;
  bias: number;
}

function pairsOf(problem: Problem, counts: BucketCounts): Float32Array {
  const pairs = new Float32Array(2 * BUCKETS);
  for (let index = 0; index < problem.slots.length; index += 1) {
    const slot = problem.slots[index] as number;
    const bucket = bucketOf(slot);
    if (counts.isTrusted[bucket] === 1 && pairs[2 * bucket + 1] === 0)
      pairs[2 * bucket + 1] = Math.max(squaredRatio(counts, slot), RATIO_MIN);
  }
  return pairs;
}

/** A known bucket never looks like an unknown one. */
const RATIO_MIN = 1e-6;

function scalesOf(problem: Problem, pairs: Float32Array, unknown: Float64Array): Float64Array {
  return Float64Array.from({ length: problem.labels.length }, (_, index) => {
    let squares = 1;
    for (const slot of slotsOf(problem, index))
      squares += pairs[2 * bucketOf(slot) + 1] || (unknown[scriptOf(slot)] as number);
    return 1 / Math.sqrt(squares);
  });
}

/** Moves one lesson's dual variable to where it is best while the others stay. */
function improve(fit: Fit, index: number): void {
  const { problem, pairs, alphas, rests } = fit;
  const scale = fit.scales[index] as number;
  const start = problem.starts[index] as number;
  const end = problem.starts[index + 1] as number;
  let sum = fit.bias;
  for (let at = start; at < end; at += 1) sum += pairs[2 * bucketOf(problem.slots[at] as number)] as number;
  const sign = problem.labels[index] === 1 ? 1 : -1;
  const before = alphas[index] as number;
  const rest = rests[index] as number;
  const after = solve(before, rest, sign * sum * scale);
  alphas[index] = after;
  rests[index] = before + rest - after;
  const step = sign * (after - before) * scale;
  if (step === 0) return;
  for (let at = start; at < end; at += 1) {
    const pair = 2 * bucketOf(problem.slots[at] as number);
    pairs[pair] = (pairs[pair] as number) + step * (pairs[pair + 1] as number);
  }
  fit.bias += step;
}

/**
 * The dual variable between 0 and its bound, by Newton's method from the nearer end of the interval (algorithm 4 of the paper
 * above); the values of a lesson have length 1.
 */
function solve(before: number, rest: number, margin: number): number {
  const bound = before + rest;
  const isFromBelow = 0.5 * (rest - before) + margin >= 0;
  const sign = isFromBelow ? 1 : -1;
  const base = isFromBelow ? before : rest;
  let at = bound - base < 0.5 * bound ? CUT * base : base;
  let slope = at - base + sign * margin + Math.log(at / (bound - at));
  for (let step = 0; step < NEWTON_STEPS_MAX && Math.abs(slope) > NEWTON_END; step += 1) {
    const next = at - slope / (1 + bound / (bound - at) / at);
    at = next <= 0 ? CUT * at : next;
    slope = at - base + sign * margin + Math.log(at / (bound - at));
  }
  return isFromBelow ? at : bound - at;
}

/** By a linear congruential generator. */
function shuffle(order: Uint32Array, seed: number): void {
  let state = seed;
  for (let at = order.length - 1; at > 0; at -= 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const other = state % (at + 1);
    const kept = order[at] as number;
    order[at] = order[other] as number;
    order[other] = kept;
  }
}
