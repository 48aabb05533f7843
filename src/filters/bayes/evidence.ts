import { SHARE_UNITS } from '../../store/starter.ts';
import { FEATURES_MAX } from '../../text/features.ts';
import type { ServerCounts, TokenCounts } from '../facts.ts';
import { combine, LESSON_UNITS } from './combine.ts';
import { type BayesServerOptions, isTrained } from './server.ts';

/** What the tables say of a sample's texts, one entry a text. */
export interface Counts {
  readonly server: readonly ServerCounts[];
  /** Undefined: no user, or one whose table cannot be read. */
  readonly user: readonly TokenCounts[] | undefined;
}

/** What one table has of a token, or of all of them. */
export interface TableEvidence {
  /** Lessons of each class. */
  readonly spam: number;
  readonly ham: number;
}

/** A token in a table, and what it brings to the log-odds of its text; NaN where nobody knows it. */
export interface TokenInTable extends TableEvidence {
  readonly logOdds: number;
}

export interface TokenEvidence extends TokenInTable {
  /** Its spam share in the starter table, 0 … 1; 0: it is not in it. */
  readonly starter: number;
  /** In the table of the user's virtual host, where it has one. */
  readonly host: TableEvidence | undefined;
  /** With the user's counts. */
  readonly user: TokenInTable | undefined;
}

/** What the tokens of a text say together. */
export interface SumEvidence {
  /** Tokens that somebody knows. */
  readonly known: number;
  /** Log-odds of spam: the tokens' sum ÷ √known. */
  readonly z: number;
}

/** One text, token by token, in the order of its features. */
export interface TextEvidence {
  readonly tokens: readonly TokenEvidence[];
  /** By the server's table, that of the virtual host and the starter. */
  readonly server: SumEvidence;
  /** With the user's. */
  readonly user: SumEvidence | undefined;
  /** Lessons of the tables. */
  readonly lessons: TableEvidence;
  readonly hostLessons: TableEvidence | undefined;
  readonly userLessons: TableEvidence | undefined;
}

export type Explain = (counts: Counts) => readonly TextEvidence[];

/** Takes the estimates of `bayes.server` and `bayes.user` apart. Columns are read at once: they are scratch space. */
export function createExplain(options: BayesServerOptions): Explain {
  return ({ server, user }) =>
    server.map((counts, index) => explained(counts, user?.[index], { ...options, server }));
}

interface Explained extends BayesServerOptions {
  readonly server: readonly ServerCounts[];
}

function explained(counts: ServerCounts, own: TokenCounts | undefined, options: Explained): TextEvidence {
  const { lessonsMin } = options;
  const { host } = counts;
  const logOdds = new Float64Array(FEATURES_MAX);
  const ownLogOdds = new Float64Array(FEATURES_MAX);
  const estimate = combine(counts, undefined, lessonsMin, logOdds);
  const prior = isTrained(options.server[0], options.lessonsMin) ? counts : undefined;
  const withOwn = own === undefined ? undefined : combine(prior, own, lessonsMin, ownLogOdds);
  return {
    tokens: Array.from({ length: counts.count }, (_, at) => ({
      ...tokenIn(counts, at),
      logOdds: logOdds[at] as number,
      starter: (counts.starter[at] as number) / SHARE_UNITS,
      host: host === undefined ? undefined : tokenIn(host, at),
      user: own === undefined ? undefined : { ...tokenIn(own, at), logOdds: ownLogOdds[at] as number },
    })),
    server: { known: estimate.tokens, z: estimate.z },
    user: withOwn === undefined ? undefined : { known: withOwn.tokens, z: withOwn.z },
    lessons: lessonsOf(counts),
    hostLessons: host === undefined ? undefined : lessonsOf(host),
    userLessons: own === undefined ? undefined : lessonsOf(own),
  };
}

function tokenIn({ spam, ham }: TokenCounts, at: number): TableEvidence {
  return { spam: (spam[at] as number) / LESSON_UNITS, ham: (ham[at] as number) / LESSON_UNITS };
}

function lessonsOf({ spamTotal, hamTotal }: TokenCounts): TableEvidence {
  return { spam: spamTotal / LESSON_UNITS, ham: hamTotal / LESSON_UNITS };
}
