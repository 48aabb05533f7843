import { foldOf, traitsOf } from './chars.ts';
import { GRAMS_MAX } from './features.ts';
import { scatter } from './hash.ts';
import { TEXT_UNITS_MAX } from './normalise.ts';
import { SCRIPT_BITS } from './scripts.ts';
import { nthSmallest } from './smallest.ts';
import type { Survey } from './survey.ts';
import { CHAR, CLASS_BITS, SCRIPT_SHIFT, TRAIT } from './traits.ts';

/** Grams held before all but the `GRAMS_MAX` smallest are let go. */
const HELD_MAX = 4 * GRAMS_MAX;
const SLOTS_MAX = 2 * HELD_MAX;
/** For each unit of a text, of which each may begin three grams: few for a short text, since all of them are cleared. */
const SLOTS_A_UNIT = 4;
const UNITS_MAX = 2 * TEXT_UNITS_MAX + 2;
const SCRIPT_MASK = (1 << SCRIPT_BITS) - 1;
const SPACE = 0x20;
const ZERO = 0x30;
/** Seeds that keep stretches of one and two letters apart from those of four, whose number is a polynomial of the letters. */
const ONE = 0x3c6ef372;
const TWO = 0x1b873593;
const BASE = 0x2c1b3c6d;
const BASE_TO_FOUR = Math.imul(Math.imul(BASE, BASE), Math.imul(BASE, BASE));

/** What is written for each unit: its small letter, a zero for a digit. */
const WRITTEN = Uint16Array.from({ length: 2 ** 16 }, (_, unit) =>
  (traitsOf(unit) & TRAIT.DIGIT) !== 0 ? ZERO : foldOf(unit),
);
/** What is read of a text, one space at either end. Scratch space, as all below. */
const row = new Uint16Array(UNITS_MAX);
/** Of each unit its script, and `DENSE` where that writes no spaces. */
const scripts = new Uint8Array(UNITS_MAX);
const DENSE = 0x80;
const held = new Uint32Array(HELD_MAX + 3);
const toSort = new Uint32Array(HELD_MAX + 3);
const slots = new Uint32Array(SLOTS_MAX);
/** What is left of 32 bits for a place among those slots that are in use. */
let slotShift = 0;

/**
 * Distinct stretches of four letters of a cleaned text, over its spaces and signs, without case, every digit as a zero; of
 * scripts without spaces single letters and pairs besides. A word that is written another way keeps most of them (Sculley &
 * Wachman, "Relaxed online SVMs for spam filtering", 2007). Each is a public hash of 28 bits above the number of its script;
 * it never leaves memory as it is. Scratch space: valid until the next text.
 */
export function gramsOf(survey: Survey): Uint32Array {
  const end = writeRow(survey);
  slotShift = Math.clz32(Math.min(SLOTS_MAX, SLOTS_A_UNIT * end) - 1);
  clearSlots();
  let count = 0;
  let largest = 0xffffffff;
  let hash = 0;
  let letterScript = 0;
  // The highest script of the last two units, of the two before one unit ago, and of those before two.
  let ofTwo = 0;
  let ofTwoBefore = 0;
  for (let index = 0; index < end; index += 1) {
    const unit = row[index] as number;
    const script = scripts[index] as number;
    hash = (Math.imul(hash, BASE) + unit) | 0;
    const own = script & SCRIPT_MASK;
    const ofFirst = ofTwoBefore;
    ofTwoBefore = ofTwo;
    ofTwo = larger(own, letterScript);
    letterScript = own;
    if (index >= 4) hash = (hash - Math.imul(row[index - 4] as number, BASE_TO_FOUR)) | 0;
    if (index >= 3) count = place(gramFrom(hash, larger(ofTwo, ofFirst)), largest, count);
    if (script >= DENSE) {
      count = place(gramFrom(unit ^ ONE, script), largest, count);
      const before = scripts[index - 1] as number;
      const two = (unit | ((row[index - 1] as number) << 16)) ^ TWO;
      if (before >= DENSE) count = place(gramFrom(two, Math.max(script, before)), largest, count);
    }
    if (count < HELD_MAX) continue;
    largest = largestOfKept(count);
    count = keep(count, largest);
  }
  if (count > GRAMS_MAX) count = keep(count, largestOfKept(count));
  return held.subarray(0, count);
}

/** Returns how many units were written. */
function writeRow({ units, traits, length }: Survey): number {
  row[0] = SPACE;
  scripts[0] = 0;
  let end = 1;
  let before = SPACE;
  for (let index = 0; index < length; index += 1) {
    const found = traits[index] as number;
    const unit = WRITTEN[units[index] as number] as number;
    row[end] = unit;
    scripts[end] = (found >>> SCRIPT_SHIFT) | ((found & CLASS_BITS) === CHAR.DENSE ? DENSE : 0);
    // Further on by one, but for a space behind another; without a branch, since nobody can predict where a word ends.
    const isOther = (unit ^ SPACE) | (before ^ SPACE);
    end += -isOther >>> 31;
    before = unit;
  }
  if (before === SPACE) return end;
  row[end] = SPACE;
  scripts[end] = 0;
  return end + 1;
}

function gramFrom(mixed: number, script: number): number {
  return ((scatter(mixed) & ~SCRIPT_MASK) | (script & SCRIPT_MASK)) >>> 0;
}

/** Of two small numbers, without a branch: where letters end, nobody can predict. */
function larger(one: number, other: number): number {
  const difference = one - other;
  return one - (difference & (difference >> 31));
}

/**
 * Holds a gram, unless it is held already or above the largest that can stay; returns how many are held. Open addressing by
 * the upper bits; 0 is an empty slot, and no gram.
 */
function place(gram: number, largest: number, count: number): number {
  if (gram > largest || gram === 0) return count;
  const last = 0xffffffff >>> slotShift;
  let slot = gram >>> slotShift;
  for (let other = slots[slot] as number; other !== 0; other = slots[slot] as number) {
    if (other === gram) return count;
    slot = (slot + 1) & last;
  }
  slots[slot] = gram;
  held[count] = gram;
  return count + 1;
}

function clearSlots(): void {
  slots.fill(0, 0, 2 ** (32 - slotShift));
}

function largestOfKept(count: number): number {
  toSort.set(held);
  return nthSmallest(toSort, count, GRAMS_MAX - 1);
}

/** Lets go of all above the largest; the order in the text stays. Returns how many are left. */
function keep(count: number, largest: number): number {
  clearSlots();
  let kept = 0;
  for (let index = 0; index < count; index += 1) kept = place(held[index] as number, largest, kept);
  return kept;
}
