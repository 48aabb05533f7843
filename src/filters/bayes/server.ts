import { abstain, type Opinion } from '../../model/opinion.ts';
import type { Sample } from '../../model/sample.ts';
import type { Facts, ServerCounts } from '../facts.ts';
import type { CacheKey, Filter, SampleIds } from '../filter.ts';
import { combine, type Estimate, lessonsMissing, rounded, scoreOf } from './combine.ts';
import { counted } from './stretch.ts';

const NO_TEXT = abstain('no-text');
const TOO_FEW_TOKENS = abstain('too-few-tokens');

export interface BayesServerOptions {
  /** Lessons of each class before the table has an opinion; with a starter, up to which it fills in. */
  readonly lessonsMin: number;
  /** Known tokens that a text needs for an opinion. */
  readonly tokensMin: number;
}

/** The server-wide token table. Each text is judged by itself, and the worst counts. */
export function createBayesServer(options: BayesServerOptions): Filter {
  const { lessonsMin, tokensMin } = options;
  return {
    name: 'bayes.server',
    version: 6,
    wants: ['server_counts'],
    readsText: true,
    cacheKey: (_sample: Sample, ids: SampleIds): CacheKey | undefined => {
      if (ids.text === '') return undefined;
      const stamp = `${ids.serverGeneration} ${ids.starter} ${lessonsMin} ${tokensMin}`;
      const fact = ids.host === '' ? 'bayes.server' : `bayes.server/${ids.host}`;
      return { subject: 'text', id: ids.text, fact, stamp };
    },
    judge: (_sample: Sample, facts: Facts): Opinion => {
      const texts = facts.serverCounts ?? [];
      const table = texts[0];
      if (table === undefined) return NO_TEXT;
      const missing = lessonsMissing(table, lessonsMin);
      if (missing !== undefined && !table.hasStarter) return abstain('untrained', missing);
      const worst = worstOf(texts, options);
      if (worst === undefined) return TOO_FEW_TOKENS;
      const { z, tokens, starterTokens, isStretch } = worst;
      return {
        kind: 'opinion',
        score: scoreOf(z),
        symbol: 'BAYES_SERVER',
        params: { tokens, starter: starterTokens, stretch: isStretch ? 1 : 0, z: rounded(z) },
        isProvisional: missing !== undefined,
      };
    },
  };
}

/** What the last texts that were asked for gave: up to three units ask for the same. */
let lastTexts: readonly ServerCounts[] | undefined;
let lastLessonsMin = 0;
let lastEstimates: readonly Estimate[] = [];

/** What the server's table says of each text. @param texts made anew for each sample, and told apart by that */
export function estimatesOf(texts: readonly ServerCounts[], lessonsMin: number): readonly Estimate[] {
  if (texts === lastTexts && lessonsMin === lastLessonsMin) return lastEstimates;
  lastTexts = texts;
  lastLessonsMin = lessonsMin;
  lastEstimates = texts.map((counts) => combine(counts, undefined, lessonsMin));
  return lastEstimates;
}

/** Whether the table may speak: by lessons of its own, or by a starter. */
export function isTrained(table: ServerCounts | undefined, lessonsMin: number): boolean {
  return table !== undefined && (table.hasStarter || lessonsMissing(table, lessonsMin) === undefined);
}

/** What `bayes.server` says of the worst text; undefined where it says nothing of any. */
export function worstSaid(texts: readonly ServerCounts[], options: BayesServerOptions): Estimate | undefined {
  return isTrained(texts[0], options.lessonsMin) ? worstOf(texts, options) : undefined;
}

/** Undefined where no text has enough known tokens. */
export function worstOf(texts: readonly ServerCounts[], options: BayesServerOptions): Estimate | undefined {
  let worst: Estimate | undefined;
  let worstZ = Number.NEGATIVE_INFINITY;
  for (const estimate of estimatesOf(texts, options.lessonsMin)) {
    if (estimate.tokens < options.tokensMin) continue;
    const z = counted(estimate.z, estimate);
    if (z <= worstZ) continue;
    worst = estimate;
    worstZ = z;
  }
  return worst?.isStretch ? { ...worst, z: worstZ } : worst;
}
