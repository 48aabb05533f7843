import { classOf, foldOf } from './chars.ts';
import { hashSpan, scatter } from './hash.ts';
import { KIND } from './kinds.ts';
import { LETTERS, SPACE } from './letters.ts';
import { TEXT_UNITS_MAX } from './normalise.ts';
import { markOf } from './placeholders.ts';
import type { Survey } from './survey.ts';
import { CHAR, CLASS_BITS, LOW_SURROGATES_START, SURROGATES_END, TRAIT } from './traits.ts';

/**
 * What tells a text from others and not from its copies: 64 bytes, as words of this machine. Two of them are compared, and
 * none says what was written; yet who guesses a text can test it, so it never leaves memory unsealed.
 *
 * ```
 * 0 version u8 (0: no text)   1 units u8, 255 at most   2 of a text taken as a whole 1 where it has a link   3 zero
 * 4 bins, 60 of one byte (0: empty)
 * ```
 */
export type Fingerprint = Uint32Array;
export const FINGERPRINT_WORDS = 16;
/** Of a sample without text. */
export const NO_FINGERPRINT: Fingerprint = new Uint32Array(FINGERPRINT_WORDS);

/** Counted up whenever a text would get another fingerprint: those of two versions are never alike. */
const VERSION = 1;
export const BINS = 60;
/** Letters of a text, one of a script without spaces counting twice, below which it is taken as a whole. */
export const WHOLE_UNITS = 16;
/** Letters of a gram, the space between words among them. */
const GRAM = 4;
const BASE = 0x2c1b3c6d;
const BASE_TO_GRAM = Math.imul(Math.imul(BASE, BASE), Math.imul(BASE, BASE));
const EMPTY = -1;
const LINK = 0x10000;
const LINK_MARK = markOf('url').charCodeAt(0);

const mins = new Int32Array(BINS);
/** Letters of a text, with room for spaces between them; what is in use of it. */
const row = new Uint16Array(4 * TEXT_UNITS_MAX);
let rowEnd = 0;
const lanes = new Int32Array(4);

/**
 * MinHash by one permutation (Li, Owen & Zhang, "One permutation hashing", 2012) over all stretches of four letters: each
 * falls into one of 60 bins, which keeps the smallest. A text of few letters says too little by its grams and is hashed as a
 * whole, with its numbers, signs and links.
 * @param survey of the cleaned text
 * @param normal what it was before it was cleaned
 */
export function fingerprintOf(survey: Survey, normal: string): Fingerprint {
  const print = new Uint32Array(FINGERPRINT_WORDS);
  const units = writeLetters(survey);
  const isWhole = units < WHOLE_UNITS;
  if (!isWhole) writeBins(print);
  else if (!writeWhole(print, normal)) return print;
  print[0] = VERSION | (Math.min(units, 0xff) << 8) | (isWhole && hasLink(survey) ? LINK : 0);
  return print;
}

export function isEmpty(print: Fingerprint): boolean {
  return print[0] === 0;
}

/** So short a text, without a link, that two people may write it by chance. */
export function isOrdinary(print: Fingerprint): boolean {
  return unitsOf(print) < WHOLE_UNITS && ((print[0] as number) & LINK) === 0;
}

/** Letters of a text, 255 at most; one of a script without spaces counts twice. */
export function unitsOf(print: Fingerprint, at = 0): number {
  return ((print[at] as number) >>> 8) & 0xff;
}

/**
 * Writes the letters into `row`, one space between words; returns what they count. Without a branch for what parts words, since
 * nobody can predict it: all is written, and what does not stay is written over.
 */
function writeLetters({ units, traits, length }: Survey): number {
  let count = 0;
  let end = 0;
  let before = SPACE;
  for (let index = 0; index < length; index += 1) {
    const charClass = (traits[index] as number) & CLASS_BITS;
    const isAstral = ((traits[index] as number) & TRAIT.ASTRAL) !== 0 && isLetter(charClass);
    // Of a letter beyond the basic plane the second half: a script has few of the first.
    if (isAstral) index += 1;
    const letter = isAstral ? (units[index] as number) : (LETTERS[units[index] as number] as number);
    row[end] = letter;
    // 1 where it is something, and no space behind another one.
    const isThere = -letter >>> 31;
    end += isThere & (-((letter ^ SPACE) | (before ^ SPACE)) >>> 31);
    before = letter ^ ((letter ^ before) & (isThere - 1));
    const isCounted = (SPACE - letter) >>> 31;
    count += charClass === CHAR.DENSE ? 2 * isCounted : isCounted;
  }
  rowEnd = before === SPACE && end > 0 ? end - 1 : end;
  return count;
}

function isLetter(charClass: number): boolean {
  return charClass === CHAR.WORD || charClass === CHAR.DENSE;
}

/** Drops each gram of `row` into its bin. Its number is a polynomial of its letters, made of the one before. */
function fillBins(): void {
  mins.fill(EMPTY);
  let hash = 0;
  for (let index = 0; index < rowEnd; index += 1) {
    hash = (Math.imul(hash, BASE) + (row[index] as number)) | 0;
    if (index >= GRAM) hash = (hash - Math.imul(row[index - GRAM] as number, BASE_TO_GRAM)) | 0;
    if (index >= GRAM - 1) addGram(hash);
  }
}

function addGram(hash: number): void {
  const mixed = scatter(hash);
  const bin = ((mixed >>> 16) * BINS) >>> 16;
  // The lower half decides, since the upper one has chosen the bin.
  const rank = (mixed << 16) | (mixed >>> 16);
  // The lesser of two numbers without a sign: all bits of `isLess` are set where subtracting borrows. No branch, as above.
  const min = mins[bin] as number;
  const isLess = ((~rank & min) | (~(rank ^ min) & (rank - min))) >> 31;
  mins[bin] = min ^ ((rank ^ min) & isLess);
}

function writeBins(print: Fingerprint): void {
  fillBins();
  for (let word = 1, bin = 0; word < FINGERPRINT_WORDS; word += 1, bin += 4) {
    const low = byteOf(mins[bin] as number) | (byteOf(mins[bin + 1] as number) << 8);
    const high = byteOf(mins[bin + 2] as number) | (byteOf(mins[bin + 3] as number) << 8);
    print[word] = low | (high << 16);
  }
}

/** 1 … 255; 0 of an empty bin, without a branch. */
function byteOf(rank: number): number {
  const filled = rank - EMPTY;
  return (1 + ((scatter(rank) >>> 8) % 0xff)) & ((filled | -filled) >> 31);
}

/** All that is no space or punctuation, case folded; false where there is nothing else. */
function writeWhole(print: Fingerprint, normal: string): boolean {
  let end = 0;
  for (let index = 0; index < normal.length; index += 1) {
    const unit = normal.charCodeAt(index);
    if (classOf(unit) === CHAR.BREAK && !isLowSurrogate(unit)) continue;
    row[end] = foldOf(unit);
    end += 1;
  }
  if (end === 0) return false;
  hashSpan(row, { kind: KIND.WHOLE, start: 0, end }, lanes, 0);
  for (let word = 1; word < FINGERPRINT_WORDS; word += 1)
    print[word] = scatter((lanes[word & 3] as number) + word) | 0x01010101;
  return true;
}

/** Of whatever network. */
function hasLink({ units, length }: Survey): boolean {
  for (let index = 0; index < length; index += 1) if (units[index] === LINK_MARK) return true;
  return false;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= LOW_SURROGATES_START && unit < SURROGATES_END;
}
