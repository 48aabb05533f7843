/** Parameters of a reason, so that a module can translate it: numbers and short words only, never text of a stanza. */
export type ReasonParams = Readonly<Record<string, number | string>>;

/** What a filter says: how sure it is, and why. `score` runs from −1 (ham) to +1 (spam), open at both ends. */
export interface Judged {
  readonly kind: 'opinion';
  readonly score: number;
  /** Upper-case symbol of the field, e.g. `BAYES_SERVER`; its sentence is in `filters/symbols.ts`. */
  readonly symbol: string;
  readonly params: ReasonParams;
  /** It rests on what was learnt elsewhere: it may convict, but not acquit. Left out: no. */
  readonly isProvisional?: boolean;
}

/** What a filter says when it does not know: never 0, always why. `reason` is a stable word: `untrained`, `pending`. */
export interface Abstention {
  readonly kind: 'abstention';
  readonly reason: string;
  readonly params?: ReasonParams;
}

export type Opinion = Judged | Abstention;

/** An abstention without parameters; filters keep these as constants, so that abstaining allocates nothing. */
export function abstain(reason: string, params?: ReasonParams): Abstention {
  return params === undefined ? { kind: 'abstention', reason } : { kind: 'abstention', reason, params };
}
