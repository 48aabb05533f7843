import type { LessonLabel } from '../src/store/store.ts';
import { extractFeatures } from '../src/text/extract.ts';
import { FEATURES_MAX } from '../src/text/features.ts';
import { createMessages, TRAFFIC } from './generator.ts';
import { LEANINGS, type Leaning, type PhraseBank } from './phrases.ts';
import { createRandom, type Random } from './random.ts';
import { SCRIPTS } from './words.ts';

/** How large the tables are that verdicts are drawn from. */
export interface TableSizes {
  readonly serverTokens: number;
  readonly userTokens: number;
  readonly users: number;
  readonly seed: number;
}

/** Public hashes that one lesson teaches, stride 16, at most `FEATURES_MAX`. */
export interface HashLesson {
  readonly label: LessonLabel;
  readonly hashes: Buffer;
}

/** Shares between 0 and 1, of the server's and of a user's table. */
export interface Shares {
  readonly server: number;
  readonly user: number;
}

/** Phrases enough to fill the server's table by half; the rest are tokens that no message has. */
export function phrasesMax(sizes: TableSizes): number {
  return Math.floor(sizes.serverTokens / 20);
}

/**
 * The part of the phrases' features to teach, so that messages meet the shares that `TRAFFIC` states: were all of them taught,
 * more would be known. @throws Error where even all of them are too few.
 */
export function partsToTeach(sizes: TableSizes, bank: PhraseBank): Shares {
  const whole = knownShares(sizes, bank, { server: 1, user: 1 });
  const parts = {
    server: TRAFFIC.serverTokenShare / whole.server,
    user: TRAFFIC.userTokenShare / whole.user,
  };
  if (parts.server <= 1 && parts.user <= 1) return parts;
  throw new Error(`messages share too few tokens with the phrases: ${JSON.stringify(whole)}`);
}

/** Which shares of the tokens of messages (others than the bench sends) are known, with such parts taught. */
export function knownShares({ seed, users }: TableSizes, bank: PhraseBank, parts: Shares): Shares {
  const messages = createMessages(bank, seed + 1, users);
  const server = new Set([...serverTokens(bank, parts.server).values()].flatMap((tokens) => [...tokens]));
  const tables = new Map<number, ReadonlySet<string>>();
  const tally = { server: new Tally(), user: new Tally() };
  for (let i = 0; i < SAMPLE_MESSAGES; i++) {
    const { text, recipient } = messages.next();
    const tokens = tokensOf(text);
    tally.server.add(tokens, server);
    if (recipient >= SAMPLE_USERS) continue;
    const table =
      tables.get(recipient) ??
      new Set([...userTokens(bank, parts.user, recipient).values()].flatMap((own) => [...own]));
    tables.set(recipient, table);
    tally.user.add(tokens, table);
  }
  return { server: tally.server.share, user: tally.user.share };
}

/** Lessons that bring the server's table to its size. */
export function serverLessons(sizes: TableSizes, bank: PhraseBank, part: number): HashLesson[] {
  return lessons(serverTokens(bank, part), sizes.serverTokens, createRandom(sizes.seed + 2));
}

/** Lessons that bring one user's table to its size. */
export function userLessons(
  sizes: TableSizes,
  bank: PhraseBank,
  { user, part }: { user: number; part: number },
): HashLesson[] {
  return lessons(userTokens(bank, part, user), sizes.userTokens, createRandom(sizes.seed + 3 + user));
}

const SAMPLE_MESSAGES = 10_000;
/** Users whose share is measured: the busiest, who get half of the messages. */
const SAMPLE_USERS = 30;
const HASH_BYTES = 16;

/** A public hash as a string of 16 latin1 characters, so that sets can hold it. */
type Token = string;

class Tally {
  #tokens = 0;
  #known = 0;

  add(tokens: readonly Token[], table: ReadonlySet<Token>): void {
    this.#tokens += tokens.length;
    for (const token of tokens) if (table.has(token)) this.#known++;
  }

  get share(): number {
    return this.#known / this.#tokens;
  }
}

function serverTokens(bank: PhraseBank, part: number): Map<Leaning, Set<Token>> {
  return taught(
    (script, leaning) => bank.phrases(script, leaning),
    (token) => fraction(token, 0) < part,
  );
}

function userTokens(bank: PhraseBank, part: number, user: number): Map<Leaning, Set<Token>> {
  return taught(
    (script, leaning) => bank.own(user, script, leaning),
    (token) => fraction(token, 4) < part,
  );
}

function taught(list: PhraseBank['phrases'], isTaught: (token: Token) => boolean): Map<Leaning, Set<Token>> {
  return new Map(
    LEANINGS.map((leaning) => {
      const phrases = SCRIPTS.flatMap((script) => list(script, leaning));
      return [leaning, new Set(phrases.flatMap((phrase) => tokensOf(phrase).filter(isTaught)))];
    }),
  );
}

function tokensOf(text: string): Token[] {
  const { hashes, count } = extractFeatures(text);
  return Array.from({ length: count }, (_, i) =>
    hashes.toString('latin1', i * HASH_BYTES, (i + 1) * HASH_BYTES),
  );
}

/** A number in [0, 1) that belongs to a token, from four bytes of its hash. */
function fraction(token: Token, offset: number): number {
  return Buffer.from(token, 'latin1').readUInt32LE(offset) / 0x1_0000_0000;
}

/** What spammers say is taught as spam, what others say as ham, what both say as both; made up to `size` with unused tokens. */
function lessons(tokens: Map<Leaning, Set<Token>>, size: number, random: Random): HashLesson[] {
  const known = new Set([...tokens.values()].flatMap((some) => [...some]));
  if (known.size > size) throw new Error(`the phrases have ${known.size} tokens, the table holds ${size}`);
  const unused = Array.from({ length: size - known.size }, () => randomToken(random));
  const spamUnused = Math.floor(unused.length * TRAFFIC.spamShare);
  const both = [...tokens.get('both')!];
  return [
    ...cut('spam', [...tokens.get('spam')!, ...both, ...unused.slice(0, spamUnused)]),
    ...cut('ham', [...tokens.get('ham')!, ...both, ...unused.slice(spamUnused)]),
  ];
}

function cut(label: LessonLabel, tokens: readonly Token[]): HashLesson[] {
  const hashes = Buffer.from(tokens.join(''), 'latin1');
  const bytes = FEATURES_MAX * HASH_BYTES;
  return Array.from({ length: Math.ceil(hashes.length / bytes) }, (_, i) => ({
    label,
    hashes: hashes.subarray(i * bytes, (i + 1) * bytes),
  }));
}

function randomToken(random: Random): Token {
  return Array.from({ length: HASH_BYTES }, () => String.fromCharCode(random.below(256))).join('');
}
