import { abstain, type Opinion } from '../../model/opinion.ts';
import type { Sample } from '../../model/sample.ts';
import type { Facts, ServerCounts } from '../facts.ts';
import type { CacheKey, Filter, SampleIds } from '../filter.ts';
import { lessonsMissing } from './combine.ts';
import { type BayesServerOptions, worstOf } from './server.ts';

const NO_TEXT = abstain('no-text');
const WRONG_KEY = abstain('wrong-key');
const NOT_REPORTED = abstain('not-reported');
const TAUGHT_HAM = abstain('taught-ham');
const KNOWN_HAM = abstain('known-ham');

/** As sure as anybody is; what that means say the weight and the cap of its group. */
export const REPORTED_SCORE = 0.99;
/** Log-odds of the server's table up to which it knows a text as ham. */
const KNOWN_HAM_Z = -3;
/** From so many active users on it takes so many reporters; below, one. */
const REPORTERS_BY_USERS = [
  { users: 500, reporters: 3 },
  { users: 20, reporters: 2 },
] as const;

export interface ReportedOptions {
  /** Distinct reporters by whom a text is spam for others; 0: by the number of active users. */
  readonly reportersMin: number;
  /** When the server's table has an opinion. */
  readonly server: BayesServerOptions;
}

/**
 * A copy of what the recipient has reported, or enough others have: spam whatever the tables say. What the recipient has
 * called ham, or the server's table knows as ham, nobody else's report makes spam.
 */
export function createReported(options: ReportedOptions): Filter {
  const { reportersMin, server } = options;
  return {
    name: 'bayes.reported',
    version: 2,
    wants: ['server_counts'],
    readsText: true,
    cacheKey: (_sample: Sample, ids: SampleIds, facts: Facts): CacheKey | undefined => {
      const told = facts.reports;
      if (ids.text === '' || told === undefined) return undefined;
      const reports = `${told.own} ${told.ownDays} ${told.others} ${told.othersDays} ${told.activeUsers}`;
      const table = `${ids.serverGeneration} ${ids.starter} ${ids.host} ${server.lessonsMin} ${server.tokensMin}`;
      const stamp = `${reports} ${facts.userKeyState} ${reportersMin} ${table}`;
      return { subject: 'text', id: ids.text, fact: `bayes.reported/${ids.user}`, stamp };
    },
    judge: (_sample: Sample, facts: Facts): Opinion => {
      const told = facts.reports;
      if (told === undefined) return NO_TEXT;
      if (told.own === 'ham') return TAUGHT_HAM;
      if (told.own === 'spam') return reported({ by: 'you', days: told.ownDays });
      if (told.others < (reportersMin || reportersFor(told.activeUsers)))
        return facts.userKeyState === 'wrong-key' ? WRONG_KEY : NOT_REPORTED;
      if (isKnownHam(facts.serverCounts ?? [], server)) return KNOWN_HAM;
      return reported({ by: told.others, days: told.othersDays });
    },
  };
}

function reported(params: { readonly by: number | 'you'; readonly days: number }): Opinion {
  return { kind: 'opinion', score: REPORTED_SCORE, symbol: 'REPORTED_BEFORE', params };
}

function reportersFor(activeUsers: number): number {
  return REPORTERS_BY_USERS.find(({ users }) => activeUsers >= users)?.reporters ?? 1;
}

function isKnownHam(texts: readonly ServerCounts[], server: BayesServerOptions): boolean {
  const table = texts[0];
  if (table === undefined || lessonsMissing(table, server.lessonsMin) !== undefined) return false;
  const worst = worstOf(texts, server);
  return worst !== undefined && worst.z <= KNOWN_HAM_Z;
}
