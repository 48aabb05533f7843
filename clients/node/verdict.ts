import type { Answer } from './answer.ts';
import { PnpError } from './pnp-error.ts';

export type VerdictName = 'ham' | 'unsure' | 'spam';
export type Action = 'deliver' | 'mark' | 'defer' | 'junk' | 'reject' | 'discard';

/** A verdict as a CHECK, SYMBOLS or REPORT answers it. */
export interface Verdict {
  readonly verdict: VerdictName;
  readonly action: Action;
  /** Total in points, as the wire rounds it, and the points at which `spam` begins. */
  readonly score: number;
  readonly threshold: number;
  /** Calibrated probability of spam, 0 … 1; undefined where nothing was judged. */
  readonly probability: number | undefined;
  /** Names the verdict in a later `tell`. */
  readonly trace: string | undefined;
  /** Which filters had no opinion, and why. */
  readonly abstained: ReadonlyMap<string, string>;
  readonly answer: Answer;
}

const VERDICTS: ReadonlySet<string> = new Set(['ham', 'unsure', 'spam']);
const ACTIONS: ReadonlySet<string> = new Set(['deliver', 'mark', 'defer', 'junk', 'reject', 'discard']);
const SPAM = /^(?:True|False|Yes|No) ; (-?\d{1,9}(?:\.\d{1,9})?) \/ (-?\d{1,9}(?:\.\d{1,9})?)$/i;

/** Reads a verdict. An action this client does not know is `deliver`. @throws PnpError `protocol` without a verdict */
export function readVerdict(answer: Answer): Verdict {
  const { headers } = answer;
  const verdict = headers.get('Verdict') ?? '';
  const [, score, threshold] = SPAM.exec(headers.get('Spam') ?? '') ?? [];
  if (!VERDICTS.has(verdict) || score === undefined || threshold === undefined) {
    throw new PnpError('protocol', 'The daemon broke the protocol: its answer holds no verdict.', { answer });
  }
  const action = headers.get('Action') ?? '';
  const probability = headers.get('Probability');
  return {
    verdict: verdict as VerdictName,
    action: ACTIONS.has(action) ? (action as Action) : 'deliver',
    score: Number(score),
    threshold: Number(threshold),
    probability: probability === undefined ? undefined : Number(probability),
    trace: headers.get('Trace'),
    abstained: readPairs(headers.get('Abstained') ?? ''),
    answer,
  };
}

/** `a=b, c=d`: names and reasons. */
function readPairs(list: string): ReadonlyMap<string, string> {
  const pairs = new Map<string, string>();
  for (const item of list.split(',')) {
    const [name, reason = ''] = item.trim().split('=', 2);
    if (name) pairs.set(name, reason);
  }
  return pairs;
}
