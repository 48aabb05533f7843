import type { LinearEstimate, LinearModel } from '../linear/model.ts';

/** Facts that filters may want. One name, one meaning, one source in `pipeline/gather.ts`. */
export const FACTS = ['server_counts', 'user_counts', 'linear', 'jid_rate'] as const;
export type FactName = (typeof FACTS)[number];

/** A set of facts as bits, one a name: on the verdict path a `Set` would cost an allocation a stanza. */
export function factBits(names: readonly FactName[]): number {
  return names.reduce((bits, name) => bits | (1 << FACTS.indexOf(name)), 0);
}

/**
 * Token counts of one text, as parallel columns in units of 1/256 lesson. The arrays are scratch space of `gather`: valid
 * until the next stanza, longer than `count`.
 */
export interface TokenCounts {
  /** How many features the text has; entries 0 … count−1 of the columns are its own. */
  readonly count: number;
  readonly spam: Uint32Array;
  readonly ham: Uint32Array;
  /** Lessons the table holds in all, in units of 1/256 lesson. */
  readonly spamTotal: number;
  readonly hamTotal: number;
  /** Script of each token's letters, see `text/scripts.ts`; 0 = none. */
  readonly scripts: Uint8Array;
  /** Lessons that hold tokens of a script, by script, in units of 1/256 lesson; the first one is all lessons. */
  readonly spamByScript: Float64Array;
  readonly hamByScript: Float64Array;
}

/** Counts in the server's table, with what the starter table says of the same tokens. */
export interface ServerCounts extends TokenCounts {
  /** Spam shares in units of 1/65,536; 0 = not in it. */
  readonly starter: Uint32Array;
  readonly hasStarter: boolean;
  /** The same in the table of the recipient's virtual host, where it has one. */
  readonly host?: ServerCounts | undefined;
  /** It is no text of the sample but a stretch of one, judged as a text of its own: see `bayes/stretch.ts`. */
  readonly isStretch?: boolean;
}

/** Live levels of one sending JID, drained to `now`, this stanza included. */
export interface JIDRate {
  /** Level of the stanza bucket ÷ its allowance: above 1 the allowance is spent. */
  readonly stanzas: number;
  /** Level of the distinct-recipients bucket ÷ its allowance. */
  readonly recipients: number;
}

/** What the fitted model knows of each text. */
export interface LinearFacts {
  /** One entry a text, in its order; scratch space of `gather`. */
  readonly texts: readonly LinearEstimate[];
  readonly model: LinearModel;
}

/** What users have said of copies of the text, within `bayes.reported.days`. Days are whole ones that have gone by since. */
export interface ReportsOfText {
  /** What the recipient has said last. */
  readonly own: 'spam' | 'ham' | undefined;
  readonly ownDays: number;
  /** Distinct other users by whom it is spam, less those by whom it is ham. */
  readonly others: number;
  readonly othersDays: number;
  /** Users of the daemon in the last 30 days, about. */
  readonly activeUsers: number;
}

/** What `gather` hands to the filters. A field is undefined where it was not wanted, or there is nothing to know. */
export interface Facts {
  /** One entry a text of the sample, in its order. */
  readonly serverCounts?: readonly ServerCounts[] | undefined;
  /** The recipient's own table; undefined without a recipient. */
  readonly userCounts?: readonly TokenCounts[] | undefined;
  /** Why the user's table cannot be read: `wrong-key`. */
  readonly userKeyState?: 'ok' | 'wrong-key' | 'none' | undefined;
  /** Undefined where there is no text, or no fit yet. */
  readonly linear?: LinearFacts | undefined;
  readonly jidRate?: JIDRate | undefined;
  /** Undefined without text. */
  readonly reports?: ReportsOfText | undefined;
}
