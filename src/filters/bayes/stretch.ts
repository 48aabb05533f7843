import { STRETCH_CHARGE } from './combine.ts';

/** Neighbouring features of a text, `first` to `last`, that may be spam by themselves. */
export interface Stretch extends Span {
  /** Log-odds of spam of the worst of these, and of what is said of the whole text. */
  readonly z: number;
}

interface Span {
  readonly first: number;
  readonly last: number;
}

/** Log-odds from which on a stretch is looked at by itself. */
const FOUND_LOG_ODDS_MIN = 4;
/** Log-odds up to which the rest of the text is ham: else a stretch is only the worst part of one message. */
const REST_LOG_ODDS_MAX = -4;
/** What log-odds of a stretch count less than those of a text. */
const MARGIN = 0.5;
/** The shipped weights and threshold call a text spam at 5.1. */
const STRETCH_LOG_ODDS_MIN = 5.1 + MARGIN;
/** With more of a text's known features a stretch says what the text says. */
const SHARE_MAX = 0.8;
/** What each feature has to bring at least for a stretch to be the longer by it. */
const CHARGES = [STRETCH_CHARGE, 2 * STRETCH_CHARGE] as const;
/** The same for its ends, once it is found: words of spam that are seldom seen stand beside it. */
const GROWTH_CHARGE = 0.2;

/** What log-odds of a text count; those of a stretch only where they are beyond doubt, so that ham is not spam for a phrase. */
export function counted(z: number, { isStretch = false }: { readonly isStretch?: boolean }): number {
  if (!isStretch) return z;
  return z >= STRETCH_LOG_ODDS_MIN ? z - MARGIN : Number.NEGATIVE_INFINITY;
}

/**
 * The stretch of a text that says most for spam, by its sum ÷ √length, where the rest of it is ham; undefined where there is
 * none. The highest such quotient is the highest sum less a charge for each feature, for some charge: it lies on the convex hull
 * of sums and lengths. Two charges find as much as all stretches tried one by one. A pass for each: Kadane's, in Bentley,
 * "Programming pearls: algorithm design techniques", 1984.
 * @param logOdds of each of `count` features, NaN where nobody knows it; the first `heads` are of the whole text
 */
export function worstStretch(logOdds: Float64Array, heads: number, count: number): Stretch | undefined {
  const head = sumOf(logOdds, 0, heads);
  const body = sumOf(logOdds, heads, count);
  let worst: Span | undefined;
  let worstZ = FOUND_LOG_ODDS_MIN;
  for (const charge of CHARGES) {
    const span = dearest(logOdds, { from: heads, to: count, charge });
    if (span === undefined) return undefined;
    const { sum, known } = sumOf(logOdds, span.first, span.last + 1);
    // One more, or a single word would be one.
    const z = (sum + head.sum) / Math.sqrt(known + head.known + 1);
    const rest = (body.sum - sum) / Math.sqrt(body.known - known);
    if (z < worstZ || known > SHARE_MAX * body.known || rest > REST_LOG_ODDS_MAX) continue;
    worst = span;
    worstZ = z;
  }
  if (worst === undefined) return undefined;
  return {
    first: grownTo(logOdds, worst.first, heads - 1),
    last: grownTo(logOdds, worst.last, count),
    z: worstZ,
  };
}

/** How far a stretch goes on from one of its ends: over neighbours that nobody knows, and a few weak ones. */
function grownTo(logOdds: Float64Array, end: number, limit: number): number {
  const step = limit < end ? -1 : 1;
  let grown = end;
  let highest = 0;
  let sum = 0;
  for (let index = end + step; index !== limit; index += step) {
    const value = logOdds[index] as number;
    if (!Number.isNaN(value)) sum += value - GROWTH_CHARGE;
    if (sum < highest) continue;
    highest = sum;
    grown = index;
  }
  return grown;
}

function sumOf(logOdds: Float64Array, from: number, to: number): { sum: number; known: number } {
  let sum = 0;
  let known = 0;
  for (let index = from; index < to; index += 1) {
    const value = logOdds[index] as number;
    if (Number.isNaN(value)) continue;
    sum += value;
    known += 1;
  }
  return { sum, known };
}

interface Search {
  readonly from: number;
  readonly to: number;
  readonly charge: number;
}

/** Undefined where no feature is worth the charge. */
function dearest(logOdds: Float64Array, { from, to, charge }: Search): Span | undefined {
  let [first, last, start] = [from, from, from];
  let highest = 0;
  let sum = 0;
  for (let index = from; index < to; index += 1) {
    const value = logOdds[index] as number;
    if (Number.isNaN(value)) continue;
    if (sum <= 0) {
      sum = 0;
      start = index;
    }
    sum += value - charge;
    if (sum <= highest) continue;
    highest = sum;
    first = start;
    last = index;
  }
  return highest > 0 ? { first, last } : undefined;
}
