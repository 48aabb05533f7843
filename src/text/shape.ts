import { CHAR, CHAR_CLASS } from './chars.ts';
import { isDigit } from './finding.ts';
import type { NormalText } from './normalise.ts';

/**
 * The shape of a message as class names: its length, its share of digits and capitals, its links, its invisible
 * characters. A class of zero has no name, so that a script without capitals has no shape of its own.
 */
export function shapeOf(normal: NormalText, links: number): string[] {
  const { text, invisibles } = normal;
  let digits = 0;
  let capitals = 0;
  let letters = 0;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (isDigit(unit)) digits += 1;
    else if (isCapital(unit)) capitals += 1;
    else if (unit > 0x60 && CHAR_CLASS[unit] === CHAR.WORD) letters += 1;
  }
  const shape = [`length ${doublings(text.length)}`];
  if (digits > 0) shape.push(`digits ${doublings((64 * digits) / text.length)}`);
  if (capitals > 1) shape.push(`capitals ${doublings((16 * capitals) / (capitals + letters))}`);
  if (links > 0) shape.push(`links ${doublings(links)}`);
  if (invisibles > 0) shape.push(`invisibles ${doublings(invisibles)}`);
  return shape;
}

/** Class of a quantity: how often it doubles from 1, in half steps above the eighth. */
function doublings(quantity: number): number {
  return Math.floor(Math.log2(quantity + 1) * 2);
}

/** Capitals of ASCII, Greek and Cyrillic: a table look-up would cost more than the classes gain. */
function isCapital(unit: number): boolean {
  return (unit > 0x40 && unit < 0x5b) || (unit > 0x390 && unit < 0x3aa) || (unit > 0x40f && unit < 0x430);
}
