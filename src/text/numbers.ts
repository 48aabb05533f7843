import { classOf } from './chars.ts';
import { type Finding, isASCIILetter, isDigit } from './finding.ts';
import { PLACEHOLDERS, type Placeholder } from './placeholders.ts';
import { CHAR } from './traits.ts';

/** ITU-T E.164 allows 15 digits; below 9 a number that is written in groups may be a date or a price. */
const PHONE_DIGITS_MIN = 9;
const PHONE_DIGITS_MAX = 15;
/** ISO/IEC 7812. */
const CARD_DIGITS_MIN = 13;
const CARD_DIGITS_MAX = 19;
/** Shorter runs of digits are no secret: `18`, `24`, `100`. */
const CODE_DIGITS_MIN = 4;
/** Units that a number with its separators may span. */
const NUMBER_UNITS_MAX = 40;
/** ISO 13616: country, check digits, up to 30 letters and digits. */
const IBAN_UNITS_MIN = 15;
const IBAN_UNITS_MAX = 34;
const ZERO = 0x30;

/** The number that starts at a digit, at a plus before one, or at a bracket before one. Reads a bounded stretch. */
export function findNumber(units: Uint16Array, start: number): Finding | undefined {
  readGroups(units, start);
  const { digits } = groups;
  if (digits >= CARD_DIGITS_MIN && digits <= CARD_DIGITS_MAX && passesLuhn(digits)) {
    return { placeholder: 'card', start, end: groups.end };
  }
  if (digits >= PHONE_DIGITS_MIN && digits <= PHONE_DIGITS_MAX && looksDialled(units, start)) {
    return { placeholder: 'phone', start, end: groups.end };
  }
  if (groups.firstStart !== start || groups.firstDigits < CODE_DIGITS_MIN) return undefined;
  return { placeholder: placeholderOf(groups.firstDigits), start, end: start + groups.firstDigits };
}

/** The IBAN whose two check digits start at `index`, if ISO 7064 (modulo 97) holds for it. The longest one wins. */
export function findIBAN(text: string, index: number): Finding | undefined {
  const start = index - 2;
  if (start < 0 || !isASCIILetter(text.charCodeAt(start)) || !isASCIILetter(text.charCodeAt(start + 1))) {
    return undefined;
  }
  if (isWordUnit(text.charCodeAt(start - 1)) || !isDigit(text.charCodeAt(index + 1))) return undefined;
  const head = `${letterValue(text, start)}${letterValue(text, start + 1)}${text.slice(index, index + 2)}`;
  let end = -1;
  let remainder = 0;
  let length = 4;
  for (let at = index + 2; length < IBAN_UNITS_MAX; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit === 0x20 && text.charCodeAt(at - 1) !== 0x20) continue;
    if (!isDigit(unit) && !isASCIILetter(unit)) break;
    const value = letterValue(text, at);
    remainder = (remainder * (value > 9 ? 100 : 10) + value) % 97;
    length += 1;
    if (length < IBAN_UNITS_MIN || isWordUnit(text.charCodeAt(at + 1))) continue;
    if ((remainder * 1_000_000 + Number(head)) % 97 === 1) end = at + 1;
  }
  return end < 0 ? undefined : { placeholder: 'iban', start, end };
}

interface Groups {
  digits: number;
  end: number;
  firstStart: number;
  firstDigits: number;
}

/** Scratch space, filled anew for each number: a text of nothing but digits and separators has one at every digit. */
const groups: Groups = { digits: 0, end: 0, firstStart: -1, firstDigits: 0 };
const values = new Uint8Array(NUMBER_UNITS_MAX);

/** Digits with at most two separators between them; their values go to `values`. */
function readGroups(units: Uint16Array, start: number): void {
  const stop = Math.min(units.length, start + NUMBER_UNITS_MAX);
  let digits = 0;
  let end = start;
  let firstStart = -1;
  let firstDigits = 0;
  for (let at = start; at < stop && at - end <= 2; at += 1) {
    const unit = units[at] as number;
    if (isDigit(unit)) {
      if (firstStart < 0) firstStart = at;
      if (at === firstStart + firstDigits) firstDigits += 1;
      values[digits] = unit - ZERO;
      digits += 1;
      end = at + 1;
    } else if (!isSeparator(unit)) break;
  }
  groups.digits = digits;
  groups.end = end;
  groups.firstStart = firstStart;
  groups.firstDigits = firstDigits;
}

/** A plus, a bracket, a leading zero with its area code, or all digits in one run: how numbers are dialled, not dated. */
function looksDialled(units: Uint16Array, start: number): boolean {
  if (groups.firstStart > start || groups.firstDigits === groups.digits) return true;
  return units[start] === ZERO && groups.firstDigits > 2;
}

function placeholderOf(digits: number): Placeholder {
  const name = PLACEHOLDERS.find((placeholder) => placeholder === `digits${digits}`);
  return name ?? 'phone';
}

/** Of the digits in `values` (ISO/IEC 7812-1, annex B). */
function passesLuhn(digits: number): boolean {
  let sum = 0;
  for (let index = 0; index < digits; index += 1) {
    const digit = values[digits - 1 - index] as number;
    const weighed = index % 2 === 0 ? digit : 2 * digit;
    sum += weighed > 9 ? weighed - 9 : weighed;
  }
  return sum % 10 === 0;
}

function isSeparator(unit: number): boolean {
  return unit === 0x20 || (unit >= 0x28 && unit <= 0x2f && unit !== 0x2a && unit !== 0x2c);
}

function isWordUnit(unit: number): boolean {
  return classOf(unit) === CHAR.WORD;
}

/** Digits as they are, letters A … Z as 10 … 35. */
function letterValue(text: string, index: number): number {
  const unit = text.charCodeAt(index);
  return isDigit(unit) ? unit - 0x30 : (unit | 0x20) - 0x61 + 10;
}
