import { LINKS_MAX } from './clean.ts';
import { KIND } from './kinds.ts';
import { TEXT_UNITS_MAX } from './normalise.ts';
import type { Sampler } from './sampler.ts';
import type { Survey } from './survey.ts';

/** What all digits count, and all capitals. */
const DIGITS_WHOLE = 64;
const CAPITALS_WHOLE = 16;

/** Names of the classes, made once: what is put together for each text has to be flattened to be read. */
const LENGTHS = namesUpTo('length', TEXT_UNITS_MAX);
const DIGITS = namesUpTo('digits', DIGITS_WHOLE);
const CAPITALS = namesUpTo('capitals', CAPITALS_WHOLE);
const LINKS = namesUpTo('links', LINKS_MAX);
const INVISIBLES = namesUpTo('invisibles', TEXT_UNITS_MAX);
const MIXED = namesUpTo('mixed', TEXT_UNITS_MAX);

/**
 * Adds the shape of a message as class names: its length, its share of digits and capitals. A class of zero has no name,
 * so that a script without capitals has no shape of its own.
 */
export function addShape(survey: Survey, sampler: Sampler): void {
  const { length, digits, capitals, letters } = survey;
  addClass(sampler, LENGTHS, length);
  if (digits > 0) addClass(sampler, DIGITS, (DIGITS_WHOLE * digits) / length);
  if (capitals > 1) addClass(sampler, CAPITALS, (CAPITALS_WHOLE * capitals) / (capitals + letters));
}

/** Adds how many links a message had, and how many invisible characters. */
export function addHidden(links: number, invisibles: number, sampler: Sampler): void {
  if (links > 0) addClass(sampler, LINKS, links);
  if (invisibles > 0) addClass(sampler, INVISIBLES, invisibles);
}

/** Adds how many words had letters of several scripts. */
export function addMixed(words: number, sampler: Sampler): void {
  if (words > 0) addClass(sampler, MIXED, words);
}

function addClass(sampler: Sampler, names: readonly string[], quantity: number): void {
  sampler.addName(KIND.SHAPE, names[doublings(quantity)] as string);
}

function namesUpTo(what: string, quantityMax: number): string[] {
  return Array.from({ length: doublings(quantityMax) + 1 }, (_, count) => `${what} ${count}`);
}

/** Class of a quantity: how often it doubles from 1, in half steps above the eighth. */
function doublings(quantity: number): number {
  return Math.floor(Math.log2(quantity + 1) * 2);
}
