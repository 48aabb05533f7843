import type { ReasonParams } from '../model/opinion.ts';

type Sentence = (params: ReasonParams) => string;

/** English sentences of symbols; modules translate by symbol and parameters [PNP-6.3]. */
export const SENTENCES: Readonly<Record<string, Sentence>> = {
  BAYES_SERVER: (p) =>
    `${p['tokens']} features${starterPart(p['starter'])}${stretchPart(p['stretch'])}, log-odds ${signed(p['z'])}`,
  BAYES_USER: (p) => `${p['tokens']} features of this user, log-odds ${signed(p['z'])}`,
  LINEAR_SERVER: (p) =>
    `${p['known']} % of features known${stretchPart(p['stretch'])}, log-odds ${signed(p['z'])}`,
  JID_RATE: (p) => `stanzas ${p['stanzas']} ×, recipients ${p['recipients']} × allowed`,
  REPORTED_BEFORE: (p) => `reported by ${reporters(p['by'])}, ${daysAgo(p['days'])}`,
  STREAM: (p) => `TLS: ${p['tls']}, authenticated by ${p['auth']}`,
  KNOWN_SENDER: () => 'the sender is known to the recipient: not judged',
  NOT_JUDGED: () => 'no stanza that can be spam: not judged',
  TEST_STANZA: () => 'the test line: always spam, teaches nothing',
};

/** Why a filter abstains, in words [PNP-6.4]. */
export const ABSTENTIONS: Readonly<Record<string, Sentence>> = {
  untrained: (p) => `not enough lessons: ${p['spam'] ?? 0} spam, ${p['ham'] ?? 0} ham missing`,
  pending: () => 'not worked out yet',
  'too-few-tokens': () => 'too few features of this text are known',
  'no-text': () => 'there is no text to read',
  'no-user': () => 'the recipient is not told',
  'wrong-key': () => "this is not the user's key",
  'no-sender': () => 'the sender is not told',
  'within-allowance': () => 'the sender writes no more than allowed',
  'not-reported': () => 'no copy of this text was reported',
  'taught-ham': () => 'this user said that the text is ham',
  'known-ham': () => 'others reported the text, yet it is known as ham',
  'no-facts': () => 'the server told nothing of the stream',
  'local-stream': () => 'the stanza came from this server itself',
  overload: () => 'the daemon was catching up',
  failed: () => 'the filter failed; see the log',
};

/** The sentence of a symbol; the symbol itself where there is none. */
export function sentenceOf(symbol: string, params: ReasonParams = {}): string {
  return SENTENCES[symbol]?.(params) ?? symbol;
}

/** The sentence of an abstention's reason; the reason itself where there is none. */
export function abstentionSentence(reason: string, params: ReasonParams = {}): string {
  return ABSTENTIONS[reason]?.(params) ?? reason;
}

/** Kept short: the line is to fit 80 columns. */
function starterPart(count: number | string | undefined): string {
  return count === 0 || count === undefined ? ' known here' : ` (${count} starter)`;
}

function stretchPart(isStretch: number | string | undefined): string {
  return isStretch === 1 ? ' in a stretch' : '';
}

function signed(value: number | string | undefined): string {
  return typeof value === 'number' && value > 0 ? `+${value}` : `${value}`;
}

function reporters(by: number | string | undefined): string {
  if (by === 'you') return 'this user';
  return by === 1 ? 'another user' : `${by} other users`;
}

function daysAgo(days: number | string | undefined): string {
  if (days === 0) return 'today';
  return days === 1 ? 'yesterday' : `${days} days ago`;
}
