import { type Finding, isASCIILetter, isDigit } from './finding.ts';
import { findIBAN, findNumber } from './numbers.ts';
import { markOf } from './placeholders.ts';
import type { Survey } from './survey.ts';
import { hostEnd, isHostUnit, type Link, linkTo, pathEnd } from './urls.ts';

/** A text without private strings, and the links that were in it. */
export interface CleanText {
  /** Placeholders stand as control characters: see `placeholders.ts`. */
  readonly text: string;
  readonly links: readonly Link[];
  /** Start and end of each private string in the text that was cleaned, one after the other. */
  readonly cuts: readonly number[];
}

/** Links beyond this many are cleaned out, yet are no features. */
export const LINKS_MAX = 8;
/** Longest local part of an address: RFC 5321, 4.5.3.1.1. */
const LOCAL_UNITS_MAX = 64;
/** Letters and digits in one run from here on are a key, a wallet or a blob, no word. */
const KEY_UNITS_MIN = 20;
/** Digits in a word from here on make it a code: `G482913`. */
const CODE_DIGITS_MIN = 4;
/** Digits in a row behind a letter that are a number of their own: `Call09061234567`. */
const GLUED_DIGITS_MIN = 7;

const DIGIT = 1;
const DOT = 2;
const AT = 3;
const COLON = 4;
const TRIGGERS = triggers();

/**
 * Takes private strings out of a normalised text: phone, card and bank numbers, addresses, codes, keys, URL paths and
 * queries. One pass, in which only a few characters start a look around them; what they look at is bounded or skipped after.
 * @param survey of the same text
 */
export function clean(text: string, survey: Survey): CleanText {
  const scan = scanOf(text, survey);
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    const trigger = unit < TRIGGERS.length ? (TRIGGERS[unit] as number) : 0;
    if (trigger === 0) continue;
    const finding = look(scan, index, trigger);
    if (finding === undefined) continue;
    scan.cleaned += text.slice(scan.kept, finding.start) + markOf(finding.placeholder);
    scan.kept = finding.end;
    scan.cuts.push(finding.start, finding.end);
    index = Math.max(index, finding.end - 1);
  }
  const { links, cuts } = scan;
  return cuts.length === 0
    ? { text, links, cuts }
    : { text: scan.cleaned + text.slice(scan.kept), links, cuts };
}

/** Where that which stands at `place` of a cleaned text stood before. */
export function placeBefore({ cuts }: CleanText, place: number): number {
  let shift = 0;
  for (let index = 0; index < cuts.length; index += 2) {
    const start = cuts[index] as number;
    if (place <= start + shift) break;
    // A placeholder is one unit.
    shift -= (cuts[index + 1] as number) - start - 1;
  }
  return place - shift;
}

interface Scan {
  readonly text: string;
  /** Those of the text: where much of it is looked at again and again, they are faster to read. */
  readonly units: Uint16Array;
  readonly links: Link[];
  readonly cuts: number[];
  cleaned: string;
  /** Up to here the text is copied or cleaned out: no look goes back beyond it. */
  kept: number;
  /** Up to here hosts and runs of letters and digits were looked at in vain: each is read once. */
  seenHostEnd: number;
  seenRunEnd: number;
  /** Up to here digits stand in a row, of which only the next stretch is taken as a number at a time. */
  digitsEnd: number;
}

function scanOf(text: string, { units, length }: Survey): Scan {
  return {
    text,
    units: units.subarray(0, length),
    links: [],
    cuts: [],
    cleaned: '',
    kept: 0,
    seenHostEnd: 0,
    seenRunEnd: 0,
    digitsEnd: 0,
  };
}

function look(scan: Scan, index: number, trigger: number): Finding | undefined {
  switch (trigger) {
    case DIGIT:
      return findDigits(scan, index);
    case DOT:
      return findBareLink(scan, index);
    case AT:
      return findAddress(scan, index);
    default:
      return findSchemedLink(scan, index);
  }
}

function findDigits(scan: Scan, index: number): Finding | undefined {
  const { text } = scan;
  const unit = text.charCodeAt(index);
  if (!isDigit(unit)) {
    return isDigit(text.charCodeAt(index + 1)) ? findNumber(scan.units, index) : undefined;
  }
  const iban = findIBAN(text, index);
  if (iban !== undefined && iban.start >= scan.kept) return iban;
  return index < scan.seenRunEnd ? undefined : findInRun(scan, index);
}

/** Looks once at the whole run of letters and digits around its first digit. */
function findInRun(scan: Scan, index: number): Finding | undefined {
  const { text } = scan;
  if (index + GLUED_DIGITS_MIN <= scan.digitsEnd) return findNumber(scan.units, index);
  let start = index;
  while (start > scan.kept && isASCIILetter(text.charCodeAt(start - 1))) start -= 1;
  let end = index;
  let digits = 0;
  let firstDigits = 0;
  for (; isRunUnit(text.charCodeAt(end)); end += 1) {
    if (!isDigit(text.charCodeAt(end))) continue;
    if (firstDigits === end - index) firstDigits += 1;
    digits += 1;
  }
  if (digits === end - start || (digits === firstDigits && digits >= GLUED_DIGITS_MIN)) {
    scan.digitsEnd = index + firstDigits;
    return findNumber(scan.units, index);
  }
  scan.seenRunEnd = end;
  if (end - start >= KEY_UNITS_MIN) return { placeholder: 'key', start, end };
  return digits >= CODE_DIGITS_MIN ? { placeholder: 'code', start, end } : undefined;
}

function findSchemedLink(scan: Scan, index: number): Finding | undefined {
  const { text } = scan;
  if (text[index + 1] !== '/' || text[index + 2] !== '/') return undefined;
  let start = index;
  while (start > scan.kept && isASCIILetter(text.charCodeAt(start - 1))) start -= 1;
  if (start === index) return undefined;
  let hostStart = index + 3;
  let end = hostEnd(text, hostStart);
  if (text[end] === '@') {
    hostStart = end + 1;
    end = hostEnd(text, hostStart);
  }
  if (end === hostStart) return undefined;
  keepLink(scan, linkTo(text.slice(hostStart, end)));
  return { placeholder: 'url', start, end: pathEnd(text, end) };
}

/**
 * A link without a scheme. Where it has no path it may be two sentences without a space (`ok.so`): its words then stay in
 * the text behind the placeholder.
 */
function findBareLink(scan: Scan, index: number): Finding | undefined {
  const { text } = scan;
  if (index < scan.seenHostEnd) return undefined;
  const end = hostEnd(text, index + 1);
  scan.seenHostEnd = Math.max(index + 1, end);
  // Mostly the end of a sentence.
  if (end === index + 1 || text[end] === '@') return undefined;
  let start = index;
  while (start > scan.kept && isHostUnit(text.charCodeAt(start - 1))) start -= 1;
  if (start === index) return undefined;
  const link = linkTo(text.slice(start, end));
  if (link === undefined) return undefined;
  keepLink(scan, link);
  const linkEnd = pathEnd(text, end);
  return { placeholder: 'url', start, end: linkEnd > end ? linkEnd : start };
}

/** An e-mail address or a JID. */
function findAddress(scan: Scan, index: number): Finding | undefined {
  const { text } = scan;
  const floor = Math.max(scan.kept, index - LOCAL_UNITS_MAX);
  let start = index;
  while (start > floor && isLocalUnit(text.charCodeAt(start - 1))) start -= 1;
  const end = hostEnd(text, index + 1);
  scan.seenHostEnd = Math.max(scan.seenHostEnd, end);
  if (start === index || !text.slice(index + 1, end).includes('.')) return undefined;
  return { placeholder: 'email', start, end };
}

function keepLink(scan: Scan, link: Link | undefined): void {
  if (link !== undefined && scan.links.length < LINKS_MAX) scan.links.push(link);
}

/** Letters, digits and `!#$%&'*+-/=?^_{|}~.` as RFC 5322 allows them, less what ends a sentence or a path. */
function isLocalUnit(unit: number): boolean {
  return unit === 0x2b || unit === 0x25 || unit === 0x26 || isHostUnit(unit);
}

function isRunUnit(unit: number): boolean {
  return isDigit(unit) || isASCIILetter(unit);
}

function triggers(): Uint8Array {
  const table = new Uint8Array(0x80);
  table.fill(DIGIT, 0x30, 0x3a);
  table[0x2b] = DIGIT;
  table[0x28] = DIGIT;
  table[0x2e] = DOT;
  table[0x40] = AT;
  table[0x3a] = COLON;
  return table;
}
