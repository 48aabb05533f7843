import type { TokenCounts } from '../facts.ts';

/** One lesson in the units of `TokenCounts`. */
export const LESSON_UNITS = 256;
/** Strength of the prior of a token's rate in each class, in lessons: docs/decisions/0021. */
const PRIOR_LESSONS = 0.2;
/** Strength of the server's estimate as the prior of a user's own rates, in lessons. */
const USER_PRIOR_LESSONS = 0.5;
/** Log-odds at which the score is one half: the `spam` threshold of the shipped weights is then at log-odds 5.1. */
const HALF_SCORE_LOG_ODDS = 4;

/** What the tokens of one text say together. */
export interface Estimate {
  /** Log-odds of spam, damped; 0 = nothing known. */
  readonly z: number;
  /** Tokens that it rests on. */
  readonly tokens: number;
  /** Those of them that the user's own table knows. */
  readonly userTokens: number;
}

/**
 * Combines the tokens of one text. Each known token gives the log of its rate in spam ÷ its rate in ham: presence in a
 * lesson, per class, so that a table of much ham and little spam is not biased (Graham, "A Plan for Spam", 2002). A rate is
 * shrunk towards the token's rate over all lessons (Robinson, "A Statistical Approach to the Spam Problem", 2003, with the
 * prior on each rate in place of one on their quotient). With a user's counts, the server's rates are the prior of the
 * user's: a token that the user does not know keeps the server's estimate. A token that nobody knows counts nothing.
 *
 * The sum is divided by the root of the number of tokens: they are not independent, and a sum in full would let long texts
 * outweigh everything (Rennie et al., "Tackling the Poor Assumptions of Naive Bayes Text Classifiers", 2003).
 */
export function combine(server: TokenCounts | undefined, user: TokenCounts | undefined): Estimate {
  const count = server?.count ?? user?.count ?? 0;
  let sum = 0;
  let tokens = 0;
  let userTokens = 0;
  for (let index = 0; index < count; index += 1) {
    const serverSeen = server === undefined ? 0 : seen(server, index);
    const userSeen = user === undefined ? 0 : seen(user, index);
    if (serverSeen + userSeen === 0) continue;
    tokens += 1;
    let spamRate = 0;
    let hamRate = 0;
    let strength = PRIOR_LESSONS;
    if (server !== undefined && serverSeen > 0) {
      const overall = serverSeen / (server.spamTotal + server.hamTotal);
      spamRate = shrunk(server.spam[index] as number, server.spamTotal, strength, overall);
      hamRate = shrunk(server.ham[index] as number, server.hamTotal, strength, overall);
      strength = USER_PRIOR_LESSONS;
    }
    if (user !== undefined && userSeen > 0) {
      userTokens += 1;
      const overall = userSeen / (user.spamTotal + user.hamTotal);
      spamRate = shrunk(user.spam[index] as number, user.spamTotal, strength, spamRate || overall);
      hamRate = shrunk(user.ham[index] as number, user.hamTotal, strength, hamRate || overall);
    }
    sum += Math.log(spamRate / hamRate);
  }
  return { z: tokens === 0 ? 0 : sum / Math.sqrt(tokens), tokens, userTokens };
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

function seen(counts: TokenCounts, index: number): number {
  return (counts.spam[index] as number) + (counts.ham[index] as number);
}

/** Posterior mean of a Poisson rate under a Gamma prior of this mean and strength. */
function shrunk(count: number, total: number, strengthLessons: number, priorRate: number): number {
  const strength = strengthLessons * LESSON_UNITS;
  return (count + strength) / (total + strength / priorRate);
}
