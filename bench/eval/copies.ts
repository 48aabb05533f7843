import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { readRows } from '../../packaging/starter/messages.ts';
import type { ReportedText } from '../../src/store/reported-entries.ts';
import { ReportedTexts } from '../../src/store/reported-texts.ts';
import { extractFeatures } from '../../src/text/extract.ts';
import { type Fingerprint, unitsOf, WHOLE_UNITS } from '../../src/text/fingerprint.ts';
import { LONG_UNITS } from '../../src/text/likeness.ts';
import { mutatedText } from '../mutate.ts';
import { createRandom } from '../random.ts';
import type { Message, Row } from '../rows.ts';
import { HAM_FILES } from './ham.ts';
import { greatestLikeness } from './jaccard.ts';
import { fixed, progress } from './print.ts';

/** Least part of the copies that is to be found, and most of the ham like nothing else that may be taken for a copy, in percent. */
export const FOUND_MIN_PCT = 95;
export const JOINED_MAX_PCT = 0.1;
/** Ham is like nothing else where it has less in common with every other text. */
const ALONE_BELOW = 0.3;
const COPIES = 4;
const TEXTS_MAX = 4_000;

export interface CopiesReport {
  readonly spam: readonly SpamCopies[];
  readonly ham: readonly HamCopies[];
}

export interface SpamCopies {
  readonly row: string;
  /** Texts of fewer letters, and of more; shorter ones are known whole. */
  readonly short: Found;
  readonly long: Found;
}

export interface Found {
  texts: number;
  copies: number;
  /** Copies of the text that is remembered, and copies where another copy is remembered. */
  of_text: number;
  of_copy: number;
}

export interface HamCopies {
  readonly file: string;
  readonly n: number;
  /** Like nothing else in the file, and of these taken for a copy of something. */
  readonly alone: number;
  readonly joined: number;
}

/**
 * Whether copies of a reported text are found, and whether ham is taken for copies of each other, by the memory that the daemon
 * has. Reads training files and files of ham.
 */
export function runCopies(rows: readonly Row[], corpora: string): CopiesReport {
  return {
    spam: rows.map((row) => {
      progress(`copies, ${row.name}`);
      return spamCopies(row);
    }),
    ham: HAM_FILES.map((name) => {
      progress(`copies, ${name}`);
      return hamCopies(name, readRows(join(corpora, 'eval', `${name}.tsv`)));
    }),
  };
}

function spamCopies(row: Row): SpamCopies {
  const texts = textsOf('spam', row.train).slice(0, TEXTS_MAX);
  const found = (): Found => ({ texts: 0, copies: 0, of_text: 0, of_copy: 0 });
  const report = { row: row.name, short: found(), long: found() };
  const copyOf = (text: string, seed: number) => printOf(mutatedText(text, createRandom(seed)));
  for (const [number, text] of texts.entries()) {
    const print = printOf(text);
    const into = unitsOf(print) < LONG_UNITS ? report.short : report.long;
    into.texts += 1;
    const first = memoryOf([print]);
    const other = memoryOf([copyOf(text, COPIES * number)]);
    for (let copy = 1; copy <= COPIES; copy += 1) {
      const sought = copyOf(text, COPIES * (texts.length + number) + copy);
      into.copies += 1;
      if (isKnown(first, sought)) into.of_text += 1;
      if (isKnown(other, sought)) into.of_copy += 1;
    }
  }
  return report;
}

function hamCopies(file: string, messages: readonly Message[]): HamCopies {
  const texts = textsOf('ham', messages);
  const some = texts.filter((_, at) => at % Math.ceil(texts.length / TEXTS_MAX) === 0);
  const likeness = greatestLikeness(some);
  const prints = some.map(printOf);
  const memory = memoryOf(prints);
  const alone = prints.filter((_, user) => likeness[user]! < ALONE_BELOW);
  const joined = prints.filter(
    (print, user) => likeness[user]! < ALONE_BELOW && told(memory, print, user).others > 0,
  );
  return { file, n: some.length, alone: alone.length, joined: joined.length };
}

/** Texts that are not known whole, each once. */
function textsOf(label: Message['label'], messages: readonly Message[]): string[] {
  const texts = messages.filter((message) => message.label === label).map(({ text }) => text);
  return [...new Set(texts)].filter((text) => unitsOf(printOf(text)) >= WHOLE_UNITS);
}

function printOf(text: string): Fingerprint {
  return extractFeatures(text).fingerprint;
}

/** Each text is reported by a user of its own: 0, 1 … */
function memoryOf(prints: readonly Fingerprint[]): ReportedTexts {
  const memory = new ReportedTexts(Math.max(1, prints.length));
  for (const [user, fingerprint] of prints.entries()) memory.add(reportBy(user, fingerprint));
  return memory;
}

function reportBy(user: number, fingerprint: Fingerprint): ReportedText {
  const ids = { userId: idOf('user', user), pairId: idOf('pair', user), lessonId: idOf('lesson', user) };
  return { ...ids, fingerprint, label: 'spam', at: 1, number: user + 1 };
}

function isKnown(memory: ReportedTexts, fingerprint: Fingerprint): boolean {
  return told(memory, fingerprint, 0).own === 'spam';
}

function told(memory: ReportedTexts, fingerprint: Fingerprint, user: number) {
  return memory.look({ fingerprint, userId: idOf('user', user), pairId: () => idOf('pair', user), since: 0 });
}

function idOf(kind: string, user: number): string {
  return createHash('md5').update(`${kind} ${user}`).digest('hex');
}

/** For people, at most 80 columns wide. */
export function renderCopies({ spam, ham }: CopiesReport): string {
  const lines = [
    `copies of reported spam that are found, % (>= ${FOUND_MIN_PCT} of the longer texts)`,
    lineOf('', ['texts', 'of text', 'of copy', 'short', 'of text', 'of copy']),
    ...spam.map(({ row, long, short }) => lineOf(row, [...cellsOf(long), ...cellsOf(short)])),
    lineOf('all', [
      ...cellsOf(sumOf(spam.map(({ long }) => long))),
      ...cellsOf(sumOf(spam.map(({ short }) => short))),
    ]),
    `ham with less than ${ALONE_BELOW} in common with any other, taken for a copy (<= ${JOINED_MAX_PCT} %)`,
    lineOf('', ['texts', 'alone', 'taken', '%']),
    ...ham.map(({ file, n, alone, joined }) => lineOf(file, [n, alone, joined, percent(joined, alone, 3)])),
  ];
  const [alone, joined] = [
    ham.reduce((sum, one) => sum + one.alone, 0),
    ham.reduce((sum, one) => sum + one.joined, 0),
  ];
  return [...lines, lineOf('all', ['', alone, joined, percent(joined, alone, 3)])].join('\n');
}

function cellsOf({ texts, copies, of_text, of_copy }: Found): (string | number)[] {
  return [texts, percent(of_text, copies, 1), percent(of_copy, copies, 1)];
}

function sumOf(all: readonly Found[]): Found {
  const sum = { texts: 0, copies: 0, of_text: 0, of_copy: 0 };
  for (const one of all)
    for (const name of ['texts', 'copies', 'of_text', 'of_copy'] as const) sum[name] += one[name];
  return sum;
}

function percent(part: number, whole: number, digits: number): string {
  return fixed(whole === 0 ? null : (100 * part) / whole, digits);
}

function lineOf(name: string, cells: readonly (string | number)[]): string {
  return (name.padEnd(22) + cells.map((cell) => String(cell).padStart(9)).join('')).trimEnd();
}
