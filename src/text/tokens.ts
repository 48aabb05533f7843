import { astralClass, CHAR, CHAR_CLASS } from './chars.ts';
import { KIND } from './kinds.ts';
import type { Row } from './row.ts';
import type { Sampler } from './sampler.ts';

/** Longer words are one and the same token: their letters are no evidence, their length is. */
const WORD_UNITS_MAX = 32;
const LONG_WORD = '\u2026';
const SPACE = 0x20;

/**
 * Adds the tokens of a cleaned, case-folded text: words, pairs of neighbouring words, letter pairs and triples of scripts
 * without spaces, symbols, placeholders. Words are written with one space between them, so that a pair is one stretch.
 */
export function addTokens(text: string, sampler: Sampler): void {
  const { row } = sampler;
  let previous = -1;
  let index = 0;
  while (index < text.length) {
    const unit = text.charCodeAt(index);
    const charClass = classAt(text, index, unit);
    if (charClass === CHAR.BREAK || charClass === CHAR.APOSTROPHE) {
      index += 1;
    } else if (charClass === CHAR.DENSE) {
      index = addRun(text, index, sampler);
      previous = -1;
    } else {
      const start = row.length;
      index = charClass === CHAR.WORD ? writeWord(text, index, row) : writeOne(text, index, row);
      sampler.add(charClass === CHAR.PLACEHOLDER ? KIND.PLACEHOLDER : KIND.WORD, start, row.length);
      if (previous >= 0) sampler.add(KIND.PAIR, previous, row.length);
      previous = start;
      row.write(SPACE);
    }
  }
}

function writeWord(text: string, start: number, row: Row): number {
  const wordStart = row.length;
  let index = start;
  for (; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    const charClass = classAt(text, index, unit);
    if (charClass === CHAR.APOSTROPHE && CHAR_CLASS[text.charCodeAt(index + 1)] === CHAR.WORD) {
      row.write(0x27);
    } else if (charClass === CHAR.WORD) {
      row.write(unit);
      if (isHighSurrogate(unit)) {
        index += 1;
        row.write(text.charCodeAt(index));
      }
    } else break;
  }
  if (row.length - wordStart > WORD_UNITS_MAX) {
    row.length = wordStart;
    row.write(LONG_WORD.charCodeAt(0));
  }
  return index;
}

function writeOne(text: string, index: number, row: Row): number {
  const unit = text.charCodeAt(index);
  row.write(unit);
  if (!isHighSurrogate(unit)) return index + 1;
  row.write(text.charCodeAt(index + 1));
  return index + 2;
}

/** A run without spaces: every two and every three neighbouring letters; a letter alone is a word. */
function addRun(text: string, start: number, sampler: Sampler): number {
  const { row } = sampler;
  const runStart = row.length;
  let index = start;
  let letterStart = runStart;
  let before = -1;
  while (index < text.length && classAt(text, index, text.charCodeAt(index)) === CHAR.DENSE) {
    const letter = row.length;
    index = writeOne(text, index, row);
    if (letter > runStart) sampler.add(KIND.GRAM, letterStart, row.length);
    if (before >= 0) sampler.add(KIND.GRAM, before, row.length);
    if (letter > runStart) before = letterStart;
    letterStart = letter;
  }
  if (letterStart === runStart) sampler.add(KIND.WORD, runStart, row.length);
  row.write(SPACE);
  return index;
}

function classAt(text: string, index: number, unit: number): number {
  const charClass = CHAR_CLASS[unit] as number;
  return charClass === CHAR.HIGH_SURROGATE ? astralClass(text.codePointAt(index) as number) : charClass;
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00;
}
