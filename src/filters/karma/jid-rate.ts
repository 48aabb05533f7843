import { abstain, type Opinion } from '../../model/opinion.ts';
import type { Sample } from '../../model/sample.ts';
import type { Facts } from '../facts.ts';
import type { CacheKey, Filter, SampleIds } from '../filter.ts';

const NO_SENDER = abstain('no-sender');
const WITHIN_ALLOWANCE = abstain('within-allowance');
/** Levels are read to a tenth of an allowance, so that equal stamps in the cache mean equal opinions. */
const STEPS_PER_ALLOWANCE = 10;

/**
 * How fast one JID writes, and to how many: the fuller of its two leaky buckets. Within the allowance it abstains, since
 * writing little is no evidence; beyond it the score is y/(y+k), y being the allowances overdrawn.
 */
export function createJIDRate({ halfScoreRatio }: { readonly halfScoreRatio: number }): Filter {
  return {
    name: 'karma.jid_rate',
    version: 1,
    wants: ['jid_rate'],
    readsText: false,
    cacheKey: (_sample: Sample, ids: SampleIds, facts: Facts): CacheKey | undefined => {
      const rate = facts.jidRate;
      if (ids.jid === '' || rate === undefined) return undefined;
      const stamp = `${step(rate.stanzas)} ${step(rate.recipients)} ${halfScoreRatio}`;
      return { subject: 'jid', id: ids.jid, fact: 'karma.jid_rate', stamp };
    },
    judge: (_sample: Sample, facts: Facts): Opinion => {
      const rate = facts.jidRate;
      if (rate === undefined) return NO_SENDER;
      const stanzas = step(rate.stanzas);
      const recipients = step(rate.recipients);
      const overdrawn = Math.max(stanzas, recipients) - 1;
      if (overdrawn <= 0) return WITHIN_ALLOWANCE;
      return {
        kind: 'opinion',
        score: overdrawn / (overdrawn + halfScoreRatio),
        symbol: 'JID_RATE',
        params: { stanzas, recipients },
      };
    },
  };
}

function step(level: number): number {
  return Math.floor(level * STEPS_PER_ALLOWANCE) / STEPS_PER_ALLOWANCE;
}
