import { FEATURES_MAX, type Features } from '../../text/features.ts';
import type { ServerCounts } from '../facts.ts';
import { combine, type Estimate, lessonsMissing } from './combine.ts';
import { type BayesServerOptions, estimatesOf } from './server.ts';
import { type Stretch, worstStretch } from './stretch.ts';

/** A stretch of one of a sample's texts. */
export interface FoundStretch extends Stretch {
  /** The index of the text. */
  readonly text: number;
}

/** @param features those that the counts are of */
export type FindStretches = (
  counts: readonly ServerCounts[],
  features: readonly Pick<Features, 'heads'>[],
) => readonly FoundStretch[];

const NONE: readonly FoundStretch[] = [];
/** Of a text: a stretch of it has nothing to add. */
const CERTAIN_LOG_ODDS = 8;
/** Less than any stretch has that is looked at by itself, but for a few. */
const PEAK_MIN = 5;
const logOdds = new Float64Array(FEATURES_MAX);

/**
 * Looks for spam in a text of much ham (docs/decisions/0026): a stretch that may be spam by itself. Most texts have too little
 * that speaks for spam, and cost nothing. What the starter has learnt elsewhere is no ground to take a text apart.
 */
export function createFindStretches(options: BayesServerOptions): FindStretches {
  return (counts, features) => {
    const [table] = counts;
    if (table === undefined || lessonsMissing(table, options.lessonsMin) !== undefined) return NONE;
    const estimates = estimatesOf(counts, options.lessonsMin);
    let found: FoundStretch[] | undefined;
    for (let text = 0; text < counts.length; text += 1) {
      if (!mayHoldSpam(estimates[text] as Estimate)) continue;
      const own = counts[text] as ServerCounts;
      combine(own, undefined, options.lessonsMin, logOdds);
      const worst = worstStretch(logOdds, (features[text] as Features).heads, own.count);
      if (worst === undefined) continue;
      found ??= [];
      found.push({ text, ...worst });
    }
    return found ?? NONE;
  };
}

/** Not where the whole is spam whatever other units say, nor where no neighbours speak for it. */
function mayHoldSpam({ z, peak }: Estimate): boolean {
  return z < CERTAIN_LOG_ODDS && peak >= PEAK_MIN;
}
