import type { Answer } from './answer.ts';
import { PnpError } from './pnp-error.ts';
import { readPairs } from './verdict.ts';

/** Lessons of each class, and the log-odds of spam that they make; undefined where nobody knows the token. */
export interface TokenSeen {
  readonly spam: number;
  readonly ham: number;
  readonly odds: number | undefined;
  /** Its spam share in the starter table; undefined: it is not in it. */
  readonly starter: number | undefined;
  /** Lessons in the table of the user's virtual host; undefined without one. */
  readonly host: { readonly spam: number; readonly ham: number } | undefined;
  /** The same with the counts of the user's own table; undefined without one. */
  readonly user:
    | { readonly spam: number; readonly ham: number; readonly odds: number | undefined }
    | undefined;
}

/** One text: how many of its tokens are known, and the log-odds that they make together. */
export interface TextSeen {
  readonly known: number;
  readonly z: number;
  readonly user: { readonly known: number; readonly z: number } | undefined;
  /** In the order in which the daemon's tokeniser finds them. */
  readonly tokens: readonly TokenSeen[];
}

/** What TOKENS answers. */
export interface TokensSeen {
  /** Another one finds other tokens in the same text. */
  readonly tokeniser: number;
  /** `ok`, `wrong-key`, or `unknown`: nothing is known of this user, or none is told. */
  readonly user: string;
  /** Lessons of the server's table, the host's and the user's; undefined where the stanza has no text, or there is no such table. */
  readonly lessons: { readonly spam: number; readonly ham: number } | undefined;
  readonly hostLessons: { readonly spam: number; readonly ham: number } | undefined;
  readonly userLessons: { readonly spam: number; readonly ham: number } | undefined;
  readonly texts: readonly TextSeen[];
  readonly answer: Answer;
}

type Pairs = ReadonlyMap<string, string>;

/** @throws PnpError `protocol` for a body that is none */
export function readTokens(answer: Answer): TokensSeen {
  const [first = '', ...lines] = answer.body.toString('utf8').split('\r\n');
  if (!first.startsWith('tables ')) throw broken(answer);
  const tables = readPairs(first, ' ');
  const texts: (TextSeen & { tokens: TokenSeen[] })[] = [];
  for (const line of lines) {
    const pairs = readPairs(line, ' ');
    if (line.startsWith('text ')) texts.push({ ...sumOf(pairs, answer), tokens: [] });
    else if (line.startsWith('token ') && texts.length > 0) texts.at(-1)!.tokens.push(tokenOf(pairs, answer));
    else if (line !== '') throw broken(answer);
  }
  return {
    tokeniser: numberOf(tables, 'tokeniser', answer),
    user: tables.get('user') ?? 'unknown',
    lessons: lessonsOf(tables, '', answer),
    hostLessons: lessonsOf(tables, 'host_', answer),
    userLessons: lessonsOf(tables, 'user_', answer),
    texts,
    answer,
  };
}

function sumOf(pairs: Pairs, answer: Answer): Omit<TextSeen, 'tokens'> {
  const sum = (prefix: string) => ({
    known: numberOf(pairs, `${prefix}known`, answer),
    z: numberOf(pairs, `${prefix}z`, answer),
  });
  return { ...sum(''), user: pairs.has('user_known') ? sum('user_') : undefined };
}

function tokenOf(pairs: Pairs, answer: Answer): TokenSeen {
  const optional = (name: string) => (pairs.has(name) ? numberOf(pairs, name, answer) : undefined);
  const own = lessonsOf(pairs, 'user_', answer);
  const { spam, ham } = lessonsOf(pairs, '', answer) ?? { spam: Number.NaN, ham: Number.NaN };
  if (Number.isNaN(spam)) throw broken(answer);
  return {
    spam,
    ham,
    odds: optional('odds'),
    starter: optional('starter'),
    host: lessonsOf(pairs, 'host_', answer),
    user: own === undefined ? undefined : { ...own, odds: optional('user_odds') },
  };
}

function lessonsOf(pairs: Pairs, prefix: string, answer: Answer): { spam: number; ham: number } | undefined {
  if (!pairs.has(`${prefix}spam`)) return undefined;
  return { spam: numberOf(pairs, `${prefix}spam`, answer), ham: numberOf(pairs, `${prefix}ham`, answer) };
}

function numberOf(pairs: Pairs, name: string, answer: Answer): number {
  const value = Number(pairs.get(name) ?? Number.NaN);
  if (Number.isFinite(value)) return value;
  throw broken(answer);
}

function broken(answer: Answer): PnpError {
  return new PnpError('protocol', 'The daemon broke the protocol: its answer holds no tokens.', { answer });
}
