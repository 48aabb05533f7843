import { isDigit } from './finding.ts';
import { PLACEHOLDERS_END, PLACEHOLDERS_START } from './placeholders.ts';
import { forEachLetter } from './scripts.ts';
import {
  CHAR,
  CLASS_BITS,
  LOW_SURROGATES_START,
  SCRIPT_SHIFT,
  SURROGATES_END,
  SURROGATES_START,
  TRAIT,
} from './traits.ts';

/** Control and invisible characters, lone surrogates and private use. */
export const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Default_Ignorable_Code_Point}\u2800]/u;

const SPACE = 0x20;
const PLANE_UNITS = 0x10000;
/** Every unit of the basic plane at its own index, with a space where a surrogate would be. */
export const PLANE = basicPlane();
const FINAL_SIGMA = 0x3c2;
const SIGMA = 0x3c3;

/** Of every unit of the basic plane the one that stands for it where case is folded, by the Unicode tables of the runtime. */
export function buildFolds(): Uint16Array {
  const folds = new Uint16Array(PLANE_UNITS).map((_, unit) => unit);
  // Only the dotted I has a small form of two units: an i and the dot, which is dropped.
  for (const { index, 0: letter } of PLANE.matchAll(/\p{Changes_When_Lowercased}/gu))
    folds[index] = letter.toLowerCase().charCodeAt(0);
  folds[FINAL_SIGMA] = SIGMA;
  return folds;
}

/** Class and traits of every unit of the basic plane, by the Unicode tables of the runtime. */
export function buildTraits(folds: Uint16Array): Uint16Array {
  const table = Uint16Array.from(buildClasses());
  const add = (unit: number, trait: number): void => {
    table[unit] = (table[unit] as number) | trait;
  };
  for (const { index } of PLANE.matchAll(new RegExp(UNSEEN, 'gu'))) add(index, TRAIT.UNSEEN);
  for (const { index, 0: letter } of PLANE.matchAll(/\p{M}/gu))
    if (isReordered(letter)) add(index, TRAIT.MARK);
  // What changes in NFKC changes in NFKC with its case folded, too: a few thousand characters to try.
  for (const { index, 0: letter } of PLANE.matchAll(/\p{Changes_When_NFKC_Casefolded}/gu))
    if (letter.normalize('NFKC') !== letter) add(index, TRAIT.UNSETTLED);
  for (const unit of joiningUnits()) add(unit, TRAIT.UNSETTLED);
  for (let unit = SURROGATES_START; unit < SURROGATES_END; unit += 1)
    add(unit, TRAIT.UNSETTLED | TRAIT.UNSEEN);
  const scripts = new Uint8Array(PLANE_UNITS);
  forEachLetter(PLANE, (unit, script) => {
    scripts[unit] = script;
  });
  for (let unit = 0; unit < PLANE_UNITS; unit += 1) {
    add(unit, (scripts[unit] as number) << SCRIPT_SHIFT);
    if (folds[unit] !== unit) add(unit, TRAIT.CASED);
    if (isDigit(unit)) add(unit, TRAIT.DIGIT);
    else if (isCapital(unit)) add(unit, TRAIT.CAPITAL);
    else if (unit > 0x60 && ((table[unit] as number) & CLASS_BITS) === CHAR.WORD) add(unit, TRAIT.LETTER);
  }
  return table;
}

function buildClasses(): Uint8Array {
  const classes = new Uint8Array(PLANE_UNITS);
  fill(/[\p{L}\p{M}\p{N}_]+/gu, CHAR.WORD);
  fill(/[\p{S}!?%¡¿؟]+/gu, CHAR.SYMBOL);
  fill(/['’ʼ]+/gu, CHAR.APOSTROPHE);
  fill(
    /(?:(?=[\p{L}\p{M}\p{N}])[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{sc=Thai}\p{sc=Laoo}\p{sc=Khmr}\p{sc=Mymr}])+/gu,
    CHAR.DENSE,
  );
  classes.fill(CHAR.PLACEHOLDER, PLACEHOLDERS_START, PLACEHOLDERS_END);
  classes.fill(CHAR.HIGH_SURROGATE, SURROGATES_START, LOW_SURROGATES_START);
  return classes;

  function fill(pattern: RegExp, value: number): void {
    for (const { index, 0: run } of PLANE.matchAll(pattern)) classes.fill(value, index, index + run.length);
  }
}

/** Capitals of ASCII, Greek and Cyrillic: others would gain little. */
function isCapital(unit: number): boolean {
  return (unit > 0x40 && unit < 0x5b) || (unit > 0x390 && unit < 0x3aa) || (unit > 0x40f && unit < 0x430);
}

/** Whether canonical ordering moves a mark: between marks of the highest and the lowest class all but those of class 0. */
function isReordered(mark: string): boolean {
  const marks = `\u0345${mark}\u0334`;
  return marks.normalize('NFD') !== marks;
}

/** What may join the character before: all that is part of a character's decomposition, and not its first part. */
function joiningUnits(): Set<number> {
  const apart = new Uint16Array(2 * PLANE_UNITS).fill(SPACE);
  for (let unit = 0; unit < PLANE_UNITS; unit += 1) apart[2 * unit] = PLANE.charCodeAt(unit);
  const decomposed = textOf(apart).normalize('NFD');
  const joining = new Set<number>();
  for (let index = 1; index < decomposed.length; index += 1) {
    const unit = decomposed.charCodeAt(index);
    if (unit !== SPACE && decomposed.charCodeAt(index - 1) !== SPACE) joining.add(unit);
  }
  return joining;
}

function basicPlane(): string {
  const units = new Uint16Array(PLANE_UNITS).map((_, unit) => unit);
  return textOf(units.fill(SPACE, SURROGATES_START, SURROGATES_END));
}

function textOf(units: Uint16Array): string {
  return new TextDecoder('utf-16le').decode(units);
}
