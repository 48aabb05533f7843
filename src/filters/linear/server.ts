import { together } from '../../linear/estimate.ts';
import { abstain, type Opinion } from '../../model/opinion.ts';
import type { Sample } from '../../model/sample.ts';
import { lessonsMissing, rounded, scoreOf } from '../bayes/combine.ts';
import { type BayesServerOptions, estimatesOf, isTrained, worstSaid } from '../bayes/server.ts';
import { counted } from '../bayes/stretch.ts';
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
 * the difference that it makes to `bayes.server`, so that the points of both add up to those of one estimate and nothing
 * counts twice (docs/decisions/0025). Each text is judged by itself, and the worst counts.
 */
export function createLinearServer(options: LinearServerOptions): Filter {
  const { lessonsMin, server } = options;
  return {
    name: 'linear.server',
    version: 2,
    wants: ['server_counts', 'linear'],
    readsText: true,
    cacheKey: (_sample: Sample, ids: SampleIds): CacheKey | undefined => {
      if (ids.text === '' || ids.linearFit === '') return undefined;
      const tables = `${ids.serverGeneration} ${ids.starter} ${ids.linearFit}`;
      const stamp = `${tables} ${lessonsMin} ${server.lessonsMin} ${server.tokensMin}`;
      const fact = ids.host === '' ? 'linear.server' : `linear.server/${ids.host}`;
      return { subject: 'text', id: ids.text, fact, stamp };
    },
    judge: (_sample: Sample, facts: Facts): Opinion => {
      const { serverCounts, linear } = facts;
      const table = serverCounts?.[0];
      if (serverCounts === undefined || table === undefined) return NO_TEXT;
      if (linear === undefined || linear.model.spam < lessonsMin || linear.model.ham < lessonsMin)
        return withoutFit(table, lessonsMin);
      const worst = worstOf(serverCounts, linear, server);
      if (worst === undefined) return TOO_FEW_TOKENS;
      const bayes = worstSaid(serverCounts, server)?.z ?? 0;
      const params = {
        known: Math.round(100 * worst.known),
        stretch: worst.isStretch ? 1 : 0,
        z: rounded(worst.z - bayes),
      };
      return { kind: 'opinion', score: differenceOf(worst.z, bayes), symbol: 'LINEAR_SERVER', params };
    },
  };
}

/** Where there are lessons enough, a fit to them is on its way. */
function withoutFit(table: ServerCounts, lessonsMin: number): Opinion {
  const missing = lessonsMissing(table, lessonsMin);
  return missing === undefined ? PENDING : abstain('untrained', missing);
}

/**
 * Half the difference of two scores, since it may be as large as both. With twice the weight of `bayes.server` the points of
 * both units are those of the estimate, exactly; the score of the difference in log-odds would not give that.
 */
function differenceOf(together: number, bayes: number): number {
  return (scoreOf(together) - scoreOf(bayes)) / 2;
}

interface Worst {
  /** What both models say together. */
  readonly z: number;
  readonly known: number;
  readonly isStretch: boolean;
}

/** Undefined where the model knows nothing of any text. What `bayes.server` would not say of a text does not count here, either. */
function worstOf(
  counts: readonly ServerCounts[],
  { texts, model }: LinearFacts,
  server: BayesServerOptions,
): Worst | undefined {
  const bayes = isTrained(counts[0], server.lessonsMin) ? estimatesOf(counts, server.lessonsMin) : [];
  let worst: Worst | undefined;
  for (const [index, text] of texts.entries()) {
    const words = bayes[index];
    const said = words !== undefined && words.tokens >= server.tokensMin ? words.z : 0;
    const { isStretch = false } = counts[index] as ServerCounts;
    const z = counted(together(text, said, model.caution), { isStretch });
    if (text.known > 0 && z > (worst?.z ?? Number.NEGATIVE_INFINITY))
      worst = { z, known: text.known, isStretch };
  }
  return worst;
}
