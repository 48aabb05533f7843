import { foldOf, traitsOf } from './chars.ts';
import { LETTERS, SPACE, twinsIn } from './letters.ts';
import type { Survey } from './survey.ts';
import { CHAR, CLASS_BITS, SCRIPT_SHIFT, TRAIT } from './traits.ts';

/** Digits and signs that are read as letters; of those that may be two letters the more frequent one. */
const LEET = leet('4a@a8b3e9g6g1i!i|l0o5s$s7t+t2z');
/** Letters from which on a word with digits is taken for a word: `5G` and `b4` are none. */
const LETTERS_MIN = 2;
/** Digits in a row that are a number: `win100`. */
const NUMBER_DIGITS_MIN = 3;

/** Scripts of a word, a bit each, by the numbers of `scripts.ts`; 0 is that of marks and digits. */
const LATIN = 0b110;
const CYRILLIC = 1 << 3;
const GREEK = 1 << 4;
const NO_SCRIPT = 1;
const CYRILLIC_TWINS = twinsIn(0x400, 0x530);
const GREEK_TWINS = twinsIn(0x370, 0x400);

/**
 * Reads the words of a cleaned text as people do: letters of another script that look like those of the word as the word's
 * own, digits and signs between Latin letters as letters. Nothing is put in or left out. One pass; most texts have no such word.
 * @param survey is changed
 * @returns words with letters of Latin and of Cyrillic or Greek
 */
export function undisguise(survey: Survey): number {
  const { units, traits, length } = survey;
  let mixed = 0;
  let index = 0;
  while (index < length) {
    const start = index;
    let scripts = 0;
    let isLeet = 0;
    for (; index < length; index += 1) {
      const found = traits[index] as number;
      if ((found & CLASS_BITS) === CHAR.WORD) {
        scripts |= 1 << (found >>> SCRIPT_SHIFT);
        isLeet |= found & TRAIT.DIGIT;
      } else if (letterFor(units[index] as number) !== 0) isLeet = 1;
      else break;
    }
    if ((scripts & LATIN) !== 0) {
      const isMixed = (scripts & (CYRILLIC | GREEK)) !== 0;
      if (isMixed) mixed += 1;
      const isLatin = isMixed ? unmix(survey, scripts, start, index) : (scripts & ~(LATIN | NO_SCRIPT)) === 0;
      if (isLeet !== 0 && isLatin && !isAmidDense(survey, start, index)) spellOut(survey, start, index);
    }
    index += 1;
  }
  return mixed;
}

/** Amid letters of a script without spaces Latin ones with digits are names. */
function isAmidDense({ traits, length }: Survey, start: number, end: number): boolean {
  return (
    (start > 0 && ((traits[start - 1] as number) & CLASS_BITS) === CHAR.DENSE) ||
    (end < length && ((traits[end] as number) & CLASS_BITS) === CHAR.DENSE)
  );
}

/** Into Latin letters, or else into those of the other script, where all of them have a twin there. Returns whether it is Latin. */
function unmix(survey: Survey, scripts: number, start: number, end: number): boolean {
  if (exchange(survey, start, end, latinFor)) return true;
  if ((scripts & GREEK) === 0) exchange(survey, start, end, cyrillicFor);
  else if ((scripts & CYRILLIC) === 0) exchange(survey, start, end, greekFor);
  return false;
}

/** @param twinOf a letter: the one to stand for it, itself, or 0 where it has none. @returns whether each has one */
function exchange(survey: Survey, start: number, end: number, twinOf: (unit: number) => number): boolean {
  const { units } = survey;
  for (let index = start; index < end; index += 1) if (twinOf(units[index] as number) === 0) return false;
  for (let index = start; index < end; index += 1) put(survey, index, twinOf(units[index] as number));
  return true;
}

function latinFor(unit: number): number {
  if (unit < 0x370 || unit >= 0x530) return unit;
  const twin = LETTERS[unit] as number;
  return twin > SPACE && twin < 0x80 ? twin : 0;
}

function cyrillicFor(unit: number): number {
  return twinFor(unit, CYRILLIC_TWINS);
}

function greekFor(unit: number): number {
  return twinFor(unit, GREEK_TWINS);
}

function twinFor(unit: number, twins: Uint16Array): number {
  const small = foldOf(unit);
  return small >= 0x61 && small <= 0x7a ? (twins[small] as number) : unit;
}

/** Letters in place of digits, and of signs with a letter or a digit behind them, where the word has enough letters. */
function spellOut(survey: Survey, start: number, end: number): void {
  const { units, traits } = survey;
  let letters = 0;
  let digits = 0;
  for (let index = start; index < end; index += 1) {
    const isDigit = ((traits[index] as number) & TRAIT.DIGIT) !== 0;
    digits = isDigit ? digits + 1 : 0;
    if (digits === NUMBER_DIGITS_MIN) return;
    if (letterFor(units[index] as number) === 0) letters += 1;
  }
  if (letters < LETTERS_MIN || 2 * letters < end - start) return;
  for (let index = end - 1, isBeforeWord = false; index >= start; index -= 1) {
    const isWord = ((traits[index] as number) & CLASS_BITS) === CHAR.WORD;
    const letter = letterFor(units[index] as number);
    if (letter !== 0 && (isWord || isBeforeWord)) put(survey, index, letter);
    isBeforeWord = isWord;
  }
}

function put({ units, traits }: Survey, index: number, unit: number): void {
  units[index] = unit;
  traits[index] = traitsOf(unit);
}

/** 0 for what is no digit or sign that is read as a letter. */
function letterFor(unit: number): number {
  return unit < LEET.length ? (LEET[unit] as number) : 0;
}

function leet(pairs: string): Uint8Array {
  const table = new Uint8Array(0x80);
  for (let at = 0; at < pairs.length; at += 2) table[pairs.charCodeAt(at)] = pairs.charCodeAt(at + 1);
  return table;
}
