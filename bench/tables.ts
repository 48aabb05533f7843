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
  /** Users behind those, with tokens that no message has. */
  readonly quiet?: { readonly users: number; readonly tokens: number };
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
 * The parts of the phrases' features to teach, so that messages meet the shares that `TRAFFIC` states: were all of them taught,
 * more would be known. @throws Error where even all of them are too few.
 */
export function partsToTeach(sizes: TableSizes, bank: PhraseBank): Shares {
  const { server, user } = sampleTokens(sizes, bank, { server: 1, user: 1 });
  return {
    server: server.fractionFor(TRAFFIC.serverTokenShare),
    user: user.fractionFor(TRAFFIC.userTokenShare),
  };
}

/** Which shares of the tokens of messages (others than the bench sends) are known, with such parts taught. */
export function knownShares(sizes: TableSizes, bank: PhraseBank, parts: Shares): Shares {
  const { server, user } = sampleTokens(sizes, bank, parts);
  return { server: server.share, user: user.share };
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

/** The two lessons of a user who has hardly taught. */
export function quietLessons({ quiet, seed }: TableSizes, user: number): HashLesson[] {
  return lessons(
    taught(
      () => [],
      () => true,
    ),
    quiet?.tokens ?? 0,
    createRandom(seed + 4 + user),
  );
}

const SAMPLE_MESSAGES = 10_000;
/** Users whose share is measured: the busiest, who get half of the messages. */
const SAMPLE_USERS = 30;
const HASH_BYTES = 16;
/** Four bytes of a token's hash each, so that the two choices have nothing to do with each other. */
const SERVER_OFFSET = 0;
const USER_OFFSET = 4;

/** A public hash as a string of 16 latin1 characters, so that sets can hold it. */
type Token = string;

/** Tokens of messages, and the fractions of those that a table knows. */
class Sample {
  readonly #offset: number;
  readonly #fractions: number[] = [];
  #tokens = 0;

  constructor(offset: number) {
    this.#offset = offset;
  }

  add(tokens: readonly Token[], table: ReadonlySet<Token>): void {
    this.#tokens += tokens.length;
    for (const token of tokens) if (table.has(token)) this.#fractions.push(fraction(token, this.#offset));
  }

  get share(): number {
    return this.#fractions.length / this.#tokens;
  }

  /** Tokens of a fraction below this one are `share` of all. */
  fractionFor(share: number): number {
    const bound = this.#fractions.toSorted((a, b) => a - b)[Math.round(share * this.#tokens)];
    if (bound === undefined)
      throw new Error(`all phrases together have only ${this.share} of the messages' tokens`);
    return bound;
  }
}

function sampleTokens({ seed, users }: TableSizes, bank: PhraseBank, parts: Shares) {
  const messages = createMessages(bank, seed + 1, users);
  const known = everyToken(serverTokens(bank, parts.server));
  const tables = new Map<number, ReadonlySet<Token>>();
  const sample = { server: new Sample(SERVER_OFFSET), user: new Sample(USER_OFFSET) };
  for (let i = 0; i < SAMPLE_MESSAGES; i++) {
    const { text, recipient } = messages.next();
    const tokens = tokensOf(text);
    sample.server.add(tokens, known);
    if (recipient >= SAMPLE_USERS) continue;
    const table = tables.get(recipient) ?? everyToken(userTokens(bank, parts.user, recipient));
    tables.set(recipient, table);
    sample.user.add(tokens, table);
  }
  return sample;
}

function serverTokens(bank: PhraseBank, part: number): Map<Leaning, Set<Token>> {
  return taught(
    (script, leaning) => bank.phrases(script, leaning),
    (token) => fraction(token, SERVER_OFFSET) < part,
  );
}

function userTokens(bank: PhraseBank, part: number, user: number): Map<Leaning, Set<Token>> {
  return taught(
    (script, leaning) => bank.own(user, script, leaning),
    (token) => fraction(token, USER_OFFSET) < part,
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

function everyToken(tokens: Map<Leaning, Set<Token>>): Set<Token> {
  return new Set([...tokens.values()].flatMap((some) => [...some]));
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
  const known = everyToken(tokens);
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
  const hash = Buffer.allocUnsafe(HASH_BYTES);
  for (let offset = 0; offset < HASH_BYTES; offset += 4)
    hash.writeUInt32LE(random.below(0x1_0000_0000), offset);
  return hash.toString('latin1');
}
