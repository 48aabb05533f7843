import { together } from '../../linear/estimate.ts';
import { abstain, type Opinion } from '../../model/opinion.ts';
import type { Sample } from '../../model/sample.ts';
import { rounded, scoreOf } from '../bayes/combine.ts';
import { type BayesServerOptions, estimatesOf, worstSaid } from '../bayes/server.ts';
import type { Facts, LinearFacts, ServerCounts } from '../facts.ts';
import type { CacheKey, Filter, SampleIds } from '../filter.ts';

const NO_TEXT = abstain('no-text');
const PENDING = abstain('pending');
const TOO_FEW_TOKENS = abstain('too-few-tokens');

export interface LinearServerOptions {
  /** Lessons of each class that a fit needs for an opinion. */
  readonly lessonsMin: number;
  /** When `bayes.server` has an opinion: the difference to nothing is the whole estimate. */
  readonly server: BayesServerOptions;
}

/**
 * A logistic regression over words, pairs, shape and stretches of letters, fitted to the lessons of this daemon. It reports
 * the difference that it makes to `bayes.server`, so that the points of both add up to the estimate of both together and
 * nothing counts twice. Each text is judged by itself, and the worst counts.
 */
export function createLinearServer(options: LinearServerOptions): Filter {
  const { lessonsMin, server } = options;
  return {
    name: 'linear.server',
    version: 1,
    wants: ['server_counts', 'linear'],
    readsText: true,
    cacheKey: (_sample: Sample, ids: SampleIds): CacheKey | undefined => {
      if (ids.text === '' || ids.linearFit === '') return undefined;
      const tables = `${ids.serverGeneration} ${ids.starter} ${ids.linearFit}`;
      const stamp = `${tables} ${lessonsMin} ${server.lessonsMin} ${server.tokensMin}`;
      return { subject: 'text', id: ids.text, fact: 'linear.server', stamp };
    },
    judge: (_sample: Sample, facts: Facts): Opinion => {
      const { serverCounts, linear } = facts;
      if (serverCounts === undefined || serverCounts.length === 0) return NO_TEXT;
      if (linear === undefined) return PENDING;
      const { spam, ham } = linear.model;
      if (spam < lessonsMin || ham < lessonsMin) return untrained(lessonsMin, spam, ham);
      const worst = worstOf(serverCounts, linear, server);
      if (worst === undefined) return TOO_FEW_TOKENS;
      const bayes = worstSaid(serverCounts, server)?.z ?? 0;
      const params = { known: Math.round(100 * worst.known), z: rounded(worst.z - bayes) };
      // Of scores, not of log-odds: with equal weights the points of both units are those of the estimate, exactly.
      const score = scoreOf(worst.z) - scoreOf(bayes);
      return { kind: 'opinion', score, symbol: 'LINEAR_SERVER', params };
    },
  };
}

function untrained(lessonsMin: number, spam: number, ham: number): Opinion {
  const missing = { spam: Math.max(0, lessonsMin - spam), ham: Math.max(0, lessonsMin - ham) };
  return abstain('untrained', missing);
}

interface Worst {
  /** What both models say together. */
  readonly z: number;
  readonly known: number;
}

/** Undefined where the model knows nothing of any text. */
function worstOf(
  counts: readonly ServerCounts[],
  { texts, model }: LinearFacts,
  server: BayesServerOptions,
): Worst | undefined {
  const bayes = estimatesOf(counts, server.lessonsMin);
  let worst: Worst | undefined;
  for (const [index, text] of texts.entries()) {
    const z = together(text, bayes[index]?.z ?? 0, model.caution);
    if (text.known > 0 && !(worst !== undefined && worst.z >= z)) worst = { z, known: text.known };
  }
  return worst;
}
