import type { Answer } from './answer.ts';
import { PnpError } from './pnp-error.ts';
import { words } from './words.ts';

export type VerdictName = 'ham' | 'unsure' | 'spam';
export type Action = 'deliver' | 'mark' | 'defer' | 'junk' | 'reject' | 'discard';

/** A verdict as CHECK, SYMBOLS and REPORT answer it. */
export interface Verdict {
  readonly verdict: VerdictName;
  readonly action: Action;
  /** Total in points, as the wire rounds it, and the points at which `spam` begins. */
  readonly score: number;
  readonly threshold: number;
  /** Calibrated probability of spam, 0 … 1; undefined where the answer holds none. */
  readonly probability: number | undefined;
  /** Names the verdict in a later `tell`; undefined where nothing was judged. */
  readonly trace: string | undefined;
  /** Why the filters did not run, e.g. `KNOWN_SENDER`. */
  readonly symbol: string | undefined;
  /** What the daemon would like to be told, e.g. `sample`. */
  readonly wants: readonly string[];
  /** Which filters had no opinion, and why. */
  readonly abstained: ReadonlyMap<string, string>;
  readonly answer: Answer;
}

/** One filter's opinion, as a line of SYMBOLS holds it. */
export interface UnitOpinion {
  readonly symbol: string;
  readonly unit: string;
  /** −1 ham … +1 spam. */
  readonly score: number;
  readonly weight: number;
  /** Weight × score. */
  readonly points: number;
  readonly params: Readonly<Record<string, string>>;
}

const VERDICTS: ReadonlySet<string> = new Set(['ham', 'unsure', 'spam']);
const ACTIONS: ReadonlySet<string> = new Set(['deliver', 'mark', 'defer', 'junk', 'reject', 'discard']);
const SPAM = /^(?:True|False) ; (-?\d{1,9}(?:\.\d{1,9})?) \/ (-?\d{1,9}(?:\.\d{1,9})?)$/i;

/** Reads a verdict. An action this client does not know is `deliver`. @throws PnpError `protocol` without a verdict */
export function readVerdict(answer: Answer): Verdict {
  const { headers } = answer;
  const verdict = headers.get('Verdict') ?? '';
  const [, score, threshold] = SPAM.exec(headers.get('Spam') ?? '') ?? [];
  if (!VERDICTS.has(verdict) || score === undefined || threshold === undefined) {
    throw broken('its answer holds no verdict', answer);
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
    symbol: headers.get('Symbol'),
    wants: words(headers.get('Wants')),
    abstained: readPairs(headers.get('Abstained') ?? '', ','),
    answer,
  };
}

/**
 * Reads the body of SYMBOLS: `SYMBOL unit score weight points name=value …`, one line an opinion. The lines of filters
 * that abstained are left out: `Verdict.abstained` has them. @throws PnpError `protocol` for any other line
 */
export function readSymbols(answer: Answer): UnitOpinion[] {
  const lines = answer.body.toString('utf8').split('\r\n');
  return lines
    .filter((line) => line !== '' && !line.startsWith('- '))
    .map((line) => readSymbol(line, answer));
}

function readSymbol(line: string, answer: Answer): UnitOpinion {
  const [symbol = '', unit = '', ...rest] = line.split(' ');
  const [score = Number.NaN, weight = Number.NaN, points = Number.NaN] = rest.slice(0, 3).map(Number);
  if (![score, weight, points].every(Number.isFinite))
    throw broken('a line of SYMBOLS is no opinion', answer);
  return {
    symbol,
    unit,
    score,
    weight,
    points,
    params: Object.fromEntries(readPairs(rest.slice(3).join(' '), ' ')),
  };
}

/** Names and values: `a=b, c=d` or `a=b c=d`. */
export function readPairs(list: string, separator: string): ReadonlyMap<string, string> {
  const pairs = new Map<string, string>();
  for (const item of list.split(separator)) {
    const equals = item.indexOf('=');
    if (equals > 0) pairs.set(item.slice(0, equals).trim(), item.slice(equals + 1).trim());
  }
  return pairs;
}

function broken(what: string, answer: Answer): PnpError {
  return new PnpError('protocol', `The daemon broke the protocol: ${what}.`, { answer });
}
