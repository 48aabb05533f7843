import { foldOf } from './chars.ts';
import { KIND } from './kinds.ts';
import type { Row } from './row.ts';
import type { Sampler } from './sampler.ts';
import type { Survey } from './survey.ts';
import { CHAR, CLASS_BITS, SCRIPT_SHIFT, TRAIT } from './traits.ts';

/** Longer words are one and the same token: their letters are no evidence, their length is. */
const WORD_UNITS_MAX = 32;
const LONG_WORD = 0x2026;
const SPACE = 0x20;
const APOSTROPHE = 0x27;
const DOT_ABOVE = 0x307;

/**
 * Adds the tokens of a cleaned text: words, pairs of neighbouring words, letter pairs and triples of scripts without
 * spaces, symbols, placeholders. Words are written with one space between them, so that a pair is one stretch, and with
 * their case folded.
 */
export function addTokens(survey: Survey, sampler: Sampler): void {
  const { row } = sampler;
  let previous = -1;
  let scriptBefore = 0;
  let index = 0;
  while (index < survey.length) {
    const charClass = classAt(survey, index);
    if (charClass === CHAR.BREAK || charClass === CHAR.APOSTROPHE) {
      index += 1;
    } else if (charClass === CHAR.DENSE) {
      index = addRun(survey, index, sampler);
      previous = -1;
    } else {
      const start = row.length;
      const from = index;
      sampler.place = from;
      index = charClass === CHAR.WORD ? writeWord(survey, index, row) : writeOne(survey, index, row);
      const script = charClass === CHAR.WORD ? scriptOf(survey, from, index) : 0;
      sampler.add(charClass === CHAR.PLACEHOLDER ? KIND.PLACEHOLDER : KIND.WORD, start, row.length, script);
      if (previous >= 0) sampler.add(KIND.PAIR, previous, row.length, Math.max(script, scriptBefore));
      previous = start;
      scriptBefore = script;
      row.write(SPACE);
    }
  }
}

/** Of letters of several scripts the one with the highest number. */
function scriptOf({ traits }: Survey, from: number, to: number): number {
  let script = 0;
  for (let index = from; index < to; index += 1)
    script = Math.max(script, (traits[index] as number) >>> SCRIPT_SHIFT);
  return script;
}

function writeWord(survey: Survey, start: number, row: Row): number {
  const { units, length } = survey;
  const wordStart = row.length;
  let index = start;
  for (; index < length; index += 1) {
    const unit = units[index] as number;
    const traits = survey.traits[index] as number;
    const charClass = traits & CLASS_BITS;
    if (charClass === CHAR.WORD) {
      if ((traits & (TRAIT.CASED | TRAIT.ASTRAL)) === 0) {
        if (unit !== DOT_ABOVE || !isLetterI(units[index - 1])) row.write(unit);
      } else if ((traits & TRAIT.CASED) !== 0) row.write(foldOf(unit));
      else {
        index += 1;
        writeFolded(String.fromCharCode(unit, units[index] as number), row);
      }
    } else if (charClass === CHAR.APOSTROPHE && startsWord(survey, index + 1)) {
      row.write(APOSTROPHE);
    } else break;
  }
  if (row.length - wordStart > WORD_UNITS_MAX) {
    row.length = wordStart;
    row.write(LONG_WORD);
  }
  return index;
}

/** Scripts beyond the basic plane are too rare for a table of their cases. */
function writeFolded(letter: string, row: Row): void {
  const folded = letter.toLowerCase();
  row.write(folded.charCodeAt(0));
  row.write(folded.charCodeAt(1));
}

/** The dot above an i says nothing: the small form of the dotted I is written so. */
function isLetterI(unit: number | undefined): boolean {
  return unit === 0x69 || unit === 0x49;
}

/** What stands behind an apostrophe in a word; no letter beyond the basic plane does. */
function startsWord(survey: Survey, index: number): boolean {
  return (
    index < survey.length && ((survey.traits[index] as number) & (CLASS_BITS | TRAIT.ASTRAL)) === CHAR.WORD
  );
}

function writeOne(survey: Survey, index: number, row: Row): number {
  row.write(survey.units[index] as number);
  if (((survey.traits[index] as number) & TRAIT.ASTRAL) === 0) return index + 1;
  row.write(survey.units[index + 1] as number);
  return index + 2;
}

/** A run without spaces: every two and every three neighbouring letters; a letter alone is a word. */
function addRun(survey: Survey, start: number, sampler: Sampler): number {
  const { row } = sampler;
  const runStart = row.length;
  let index = start;
  let letterStart = runStart;
  let before = -1;
  // Of the letter, with the one before, with both before.
  let script = 0;
  let ofTwo = 0;
  while (index < survey.length && classAt(survey, index) === CHAR.DENSE) {
    const letter = row.length;
    sampler.place = index;
    const own = (survey.traits[index] as number) >>> SCRIPT_SHIFT;
    const ofThree = Math.max(own, ofTwo);
    ofTwo = Math.max(own, script);
    script = own;
    index = writeOne(survey, index, row);
    if (letter > runStart) sampler.add(KIND.GRAM, letterStart, row.length, ofTwo);
    if (before >= 0) sampler.add(KIND.GRAM, before, row.length, ofThree);
    if (letter > runStart) before = letterStart;
    letterStart = letter;
  }
  if (letterStart === runStart) sampler.add(KIND.WORD, runStart, row.length, script);
  row.write(SPACE);
  return index;
}

function classAt(survey: Survey, index: number): number {
  return (survey.traits[index] as number) & CLASS_BITS;
}
