import { FEATURES_MAX } from '../../text/features.ts';
import { SCRIPTS } from '../../text/scripts.ts';
import type { ServerCounts, TokenCounts } from '../facts.ts';

/** One lesson in the units of `TokenCounts`. */
export const LESSON_UNITS = 256;
/** Strength of the prior of a token's rate in each class, in lessons: docs/decisions/0021. */
const PRIOR_LESSONS = 0.2;
/** Strength of a table's estimate as the prior of the rates of one below it, a host's or a user's, in lessons. */
const PRIOR_OF_ABOVE_LESSONS = 0.5;
/** Strength of the starter's word on a token, in lessons: docs/decisions/0022. */
const STARTER_LESSONS = 0.5;
/** The same while the table's own lessons of a class are too few. */
const STARTER_LESSONS_UNTRAINED = 1;
/** The spam share that says nothing; a share divided by it is 0 … 2. */
const SHARE_HALF = 32_768;
/**
 * Log-odds at which the score is one half. So high that points go on rising with evidence: with the shipped weight the `spam`
 * threshold is at log-odds 5.1, and what little an ordinary stream takes away moves it to 5.4.
 */
export const HALF_SCORE_LOG_ODDS = 22.3;

/** In the units of `TokenCounts`. */
const PRIOR = PRIOR_LESSONS * LESSON_UNITS;
const PRIOR_OF_ABOVE = PRIOR_OF_ABOVE_LESSONS * LESSON_UNITS;
const STARTER_PRIOR = STARTER_LESSONS * LESSON_UNITS;
const STARTER_PRIOR_UNTRAINED = STARTER_LESSONS_UNTRAINED * LESSON_UNITS;
/** What a token has to bring for a stretch to be the longer by it, see `stretch.ts`. */
export const STRETCH_CHARGE = 0.5;
const CHARGE_QUOTIENT = Math.exp(-STRETCH_CHARGE);
/** A product of quotients is logged before it leaves 2^±900; one quotient lies within 2^±120, as counts have 32 bits. */
const PRODUCT_MAX = 2 ** 900;
/** Columns of a table that is not asked. */
const NO_COUNTS: ServerCounts = {
  count: 0,
  spam: new Uint32Array(FEATURES_MAX),
  ham: new Uint32Array(FEATURES_MAX),
  spamTotal: 0,
  hamTotal: 0,
  scripts: new Uint8Array(FEATURES_MAX),
  spamByScript: new Float64Array(SCRIPTS),
  hamByScript: new Float64Array(SCRIPTS),
  starter: new Uint32Array(FEATURES_MAX),
  hasStarter: false,
};

/** What the tokens of one text say together. */
export interface Estimate {
  /** Log-odds of spam, damped; 0 = nothing known. */
  readonly z: number;
  /** Tokens that it rests on. */
  readonly tokens: number;
  /** Those of them that the user's own table knows. */
  readonly userTokens: number;
  /** Those that only the starter table knows. */
  readonly starterTokens: number;
  /** The highest sum that neighbours bring, undamped, less `STRETCH_CHARGE` for each of them; infinite beyond all numbers. */
  readonly peak: number;
  /** It is of a stretch of a text, see `stretch.ts`. */
  readonly isStretch: boolean;
}

/**
 * Combines the tokens of one text. Each known token gives the log of its rate in spam ÷ its rate in ham: presence in a
 * lesson, per class, so that a table of much ham and little spam is not biased (Graham, "A Plan for Spam", 2002). A rate is
 * shrunk towards the token's rate over all lessons (Robinson, "A Statistical Approach to the Spam Problem", 2003, with the
 * prior on each rate in place of one on their quotient). A rate is one among the lessons that hold tokens of the token's
 * script (docs/decisions/0024): spam in a script of which there is no ham tells nothing of the script's common words. With a
 * user's counts, the server's rates are the prior of the user's: a token that the user does not know keeps the server's
 * estimate. A token that nobody knows counts nothing.
 *
 * The starter says by how much a token's rate in each class differs from its rate over all lessons: so much does the prior
 * of the server's rates. Of a token that no lesson holds it has the only word. Until each class has `lessonsMin` lessons, those
 * that a script lacks up to there are filled up with some that hold none of the text's tokens, by the part of the text that is
 * known: a copy of what was reported is known nearly whole, another text of its language in a few common words.
 *
 * The sum is divided by the root of the number of tokens: they are not independent, and a sum in full would let long texts
 * outweigh everything (Rennie et al., "Tackling the Poor Assumptions of Naive Bayes Text Classifiers", 2003).
 *
 * The sum of logs is taken as the log of a product, and rates as their inverses: half the time, and the same to 1e-12.
 * @param logOdds is filled with what each token brings to the sum, NaN where nobody knows it: to explain, and to find stretches.
 */
export function combine(
  server: ServerCounts | undefined,
  user: TokenCounts | undefined,
  lessonsMin = 0,
  logOdds?: Float64Array,
): Estimate {
  const { count, scripts } = server ?? user ?? NO_COUNTS;
  const { spam, ham, starter, spamByScript, hamByScript, isStretch = false } = server ?? NO_COUNTS;
  const own = user ?? NO_COUNTS;
  const host = hostOf(server, lessonsMin);
  const { filledTo, known, starterPrior } = fillingOf(server ?? NO_COUNTS, lessonsMin);
  logOdds?.fill(Number.NaN);
  let tokens = 0;
  let userTokens = 0;
  let starterTokens = 0;
  let sum = 0;
  let product = 1;
  let run = 1;
  let peak = 1;
  for (let index = 0; index < count; index += 1) {
    const seen = (spam[index] as number) + (ham[index] as number);
    const hostSeen = host === undefined ? 0 : seenBy(host, index);
    const ownSeen = seenBy(own, index);
    const share = starter[index] as number;
    if (seen + hostSeen + ownSeen + share === 0) continue;
    tokens += 1;
    const script = scripts[index] as number;
    // By how much the starter raises a rate in spam, and lowers one in ham.
    const raises = share === 0 ? 1 : share / SHARE_HALF;
    const lowers = 2 - raises;
    let inSpam = 0;
    let inHam = 0;
    if (seen > 0) {
      const inSpamAll = filledUp(spamByScript[script] as number, filledTo, known);
      const inHamAll = filledUp(hamByScript[script] as number, filledTo, known);
      const overall = (inSpamAll + inHamAll) / seen;
      const strength = share === 0 ? PRIOR : starterPrior;
      inSpam = inverseRate(spam[index] as number, inSpamAll, strength, overall / raises);
      inHam = inverseRate(ham[index] as number, inHamAll, strength, overall / lowers);
    }
    if (host !== undefined && hostSeen > 0) {
      const inSpamAll = host.spamByScript[script] as number;
      const inHamAll = host.hamByScript[script] as number;
      const overall = (inSpamAll + inHamAll) / hostSeen;
      const strength = seen + share > 0 ? PRIOR_OF_ABOVE : PRIOR;
      inSpam = inverseRate(host.spam[index] as number, inSpamAll, strength, inSpam || overall / raises);
      inHam = inverseRate(host.ham[index] as number, inHamAll, strength, inHam || overall / lowers);
    }
    if (ownSeen > 0) {
      userTokens += 1;
      const inSpamAll = own.spamByScript[script] as number;
      const inHamAll = own.hamByScript[script] as number;
      const overall = (inSpamAll + inHamAll) / ownSeen;
      const strength = seen + hostSeen + share > 0 ? PRIOR_OF_ABOVE : PRIOR;
      inSpam = inverseRate(own.spam[index] as number, inSpamAll, strength, inSpam || overall / raises);
      inHam = inverseRate(own.ham[index] as number, inHamAll, strength, inHam || overall / lowers);
    } else if (seen + hostSeen === 0) {
      starterTokens += 1;
      inSpam = lowers;
      inHam = raises;
    }
    const quotient = inHam / inSpam;
    if (logOdds !== undefined) logOdds[index] = Math.log(quotient);
    run = (run > 1 ? run : 1) * (quotient * CHARGE_QUOTIENT);
    if (run > peak) peak = run;
    product *= quotient;
    if (product < PRODUCT_MAX && product > 1 / PRODUCT_MAX) continue;
    sum += Math.log(product);
    product = 1;
  }
  const z = (sum + Math.log(product)) / Math.sqrt(tokens || 1);
  return { z, tokens, userTokens, starterTokens, peak: Math.log(peak), isStretch };
}

function seenBy({ spam, ham }: TokenCounts, index: number): number {
  return (spam[index] as number) + (ham[index] as number);
}

/** Up to how many lessons a table with a starter is filled up, by which part of a text, and the strength of its starter's word. */
function fillingOf(table: ServerCounts, lessonsMin: number) {
  const filledTo = table.hasStarter ? lessonsMin * LESSON_UNITS : 0;
  return table.spamTotal < filledTo || table.hamTotal < filledTo
    ? { filledTo, known: shareKnown(table), starterPrior: STARTER_PRIOR_UNTRAINED }
    : { filledTo, known: 0, starterPrior: STARTER_PRIOR };
}

/** Lessons of a script, and what they are filled up with; `known` is 0 where they are not. */
function filledUp(total: number, filledTo: number, known: number): number {
  return total + known * Math.max(0, filledTo - total);
}

/** What the recipient's virtual host has taught, where that is enough of both classes. */
function hostOf(server: ServerCounts | undefined, lessonsMin: number): ServerCounts | undefined {
  const host = server?.host;
  return host === undefined || lessonsMissing(host, lessonsMin) !== undefined ? undefined : host;
}

/** The part of a text's tokens that a lesson or the starter knows. */
function shareKnown({ count, spam, ham, starter }: ServerCounts): number {
  let known = 0;
  for (let index = 0; index < count; index += 1)
    if (((spam[index] as number) | (ham[index] as number) | (starter[index] as number)) !== 0) known += 1;
  return count === 0 ? 0 : known / count;
}

/** Log-odds → score, −1 … +1, open at both ends and strictly increasing: a clip would make all strong evidence equal. */
export function scoreOf(z: number): number {
  return z / (Math.abs(z) + HALF_SCORE_LOG_ODDS);
}

/** Lessons that each class of a table lacks, whole ones; undefined where it has enough. */
export function lessonsMissing(
  counts: TokenCounts,
  lessonsMin: number,
): { readonly spam: number; readonly ham: number } | undefined {
  const spam = Math.ceil(Math.max(0, lessonsMin - counts.spamTotal / LESSON_UNITS));
  const ham = Math.ceil(Math.max(0, lessonsMin - counts.hamTotal / LESSON_UNITS));
  return spam + ham === 0 ? undefined : { spam, ham };
}

/** Two decimals: what a reason shows of log-odds. */
export function rounded(z: number): number {
  return Math.round(z * 100) / 100;
}

/** One divided by the posterior mean of a Poisson rate, under a Gamma prior of this mean (also inverse) and strength. */
function inverseRate(count: number, total: number, strength: number, inversePrior: number): number {
  return (total + strength * inversePrior) / (count + strength);
}
