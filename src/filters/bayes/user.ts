import { abstain, type Opinion } from '../../model/opinion.ts';
import type { Sample } from '../../model/sample.ts';
import type { Facts, ServerCounts, TokenCounts } from '../facts.ts';
import type { CacheKey, Filter, SampleIds } from '../filter.ts';
import { combine, lessonsMissing, rounded, scoreOf } from './combine.ts';
import { type BayesServerOptions, isTrained, worstSaid } from './server.ts';
import { counted } from './stretch.ts';

const NO_TEXT = abstain('no-text');
const NO_USER = abstain('no-user');
const WRONG_KEY = abstain('wrong-key');
const TOO_FEW_TOKENS = abstain('too-few-tokens');

export interface BayesUserOptions {
  /** Lessons of each class by this user before their table has an opinion. */
  readonly lessonsMin: number;
  /** When `bayes.server` has an opinion: the difference to nothing is the whole estimate. */
  readonly server: BayesServerOptions;
}

/**
 * The recipient's own token table, with the server's estimate as its prior. It reports the difference that the user's
 * counts make, so that the log-odds of both units add up to the hierarchical estimate and nothing counts twice.
 */
export function createBayesUser(options: BayesUserOptions): Filter {
  const { lessonsMin, server } = options;
  return {
    name: 'bayes.user',
    version: 6,
    wants: ['server_counts', 'user_counts'],
    readsText: true,
    cacheKey: (_sample: Sample, ids: SampleIds): CacheKey | undefined => {
      // Generation 0 is an empty table or one under another key: its abstention is not to meet the right key's opinion.
      if (ids.text === '' || ids.user === '' || ids.userGeneration === 0) return undefined;
      const generations = `${ids.serverGeneration} ${ids.starter} ${ids.userGeneration} ${ids.host}`;
      const stamp = `${generations} ${lessonsMin} ${server.lessonsMin} ${server.tokensMin}`;
      return { subject: 'text', id: ids.text, fact: `bayes.user/${ids.user}`, stamp };
    },
    judge: (_sample: Sample, facts: Facts): Opinion => {
      if (facts.serverCounts === undefined || facts.serverCounts.length === 0) return NO_TEXT;
      if (facts.userKeyState === 'wrong-key') return WRONG_KEY;
      const table = facts.userCounts?.[0];
      if (facts.userCounts === undefined || table === undefined) return NO_USER;
      const missing = lessonsMissing(table, lessonsMin);
      if (missing !== undefined) return abstain('untrained', missing);
      const difference = differenceOf(facts.serverCounts, facts.userCounts, server);
      if (difference === undefined) return TOO_FEW_TOKENS;
      const { z, tokens } = difference;
      return { kind: 'opinion', score: scoreOf(z), symbol: 'BAYES_USER', params: { tokens, z: rounded(z) } };
    },
  };
}

interface Difference {
  readonly z: number;
  /** Tokens of the text that decides which the user's table knows. */
  readonly tokens: number;
}

/** Worst hierarchical estimate less what `bayes.server` says; undefined where the user's table knows nothing of it. */
function differenceOf(
  serverTexts: readonly ServerCounts[],
  userTexts: readonly TokenCounts[],
  options: BayesServerOptions,
): Difference | undefined {
  const trained = isTrained(serverTexts[0], options.lessonsMin);
  let worst = Number.NEGATIVE_INFINITY;
  let worstTokens = 0;
  let known = 0;
  for (const [index, user] of userTexts.entries()) {
    const server = serverTexts[index] as ServerCounts;
    const estimate = combine(trained ? server : undefined, user, options.lessonsMin);
    const { tokens, userTokens } = estimate;
    const z = counted(estimate.z, server);
    known += userTokens;
    if (tokens < options.tokensMin || z <= worst) continue;
    worst = z;
    worstTokens = userTokens;
  }
  if (known === 0 || worst === Number.NEGATIVE_INFINITY) return undefined;
  return { z: worst - (worstSaid(serverTexts, options)?.z ?? 0), tokens: worstTokens };
}
