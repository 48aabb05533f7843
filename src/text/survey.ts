import { astralClass, traitsOf } from './chars.ts';
import { TEXT_UNITS_MAX } from './normalise.ts';
import { OTHER_SCRIPT } from './scripts.ts';
import { CHAR, CLASS_BITS, SCRIPT_SHIFT, TRAIT } from './traits.ts';

const DIGIT_SHIFT = Math.log2(TRAIT.DIGIT);
const CAPITAL_SHIFT = Math.log2(TRAIT.CAPITAL);
const LETTER_SHIFT = Math.log2(TRAIT.LETTER);
/** A cleaned text may be longer than a normalised one, by a placeholder for each link that leaves its words. */
const UNITS_MAX = 2 * TEXT_UNITS_MAX;

/**
 * One look at each unit of a text for all that is asked of it later: an array is faster to read than a string and a table
 * of traits. Scratch space, filled anew for each text.
 */
export class Survey {
  readonly units = new Uint16Array(UNITS_MAX);
  /** Class and traits of each unit; of the first half of a character beyond the basic plane those of the whole. */
  readonly traits = new Uint16Array(UNITS_MAX);
  length = 0;
  /** In NFKC and without invisible characters for sure; most texts are. */
  isNormal = true;
  digits = 0;
  capitals = 0;
  /** All letters and digits but the above. */
  letters = 0;

  /**
   * Reads a text. Where NFKC changes no character by itself, joins none to the one before, and finds no two marks that
   * meet, the text is in NFKC: the quick check of UAX #15, section 9, without a figure for each combining class.
   */
  read(text: string): void {
    const { units, traits } = this;
    const length = Math.min(text.length, UNITS_MAX);
    let all = 0;
    let before = 0;
    let digits = 0;
    let capitals = 0;
    let letters = 0;
    for (let index = 0; index < length; index += 1) {
      const unit = text.charCodeAt(index);
      let found = traitsOf(unit);
      units[index] = unit;
      traits[index] = found;
      // Counted without a branch, since nobody can predict the letters of a text.
      digits += (found >>> DIGIT_SHIFT) & 1;
      capitals += (found >>> CAPITAL_SHIFT) & 1;
      letters += (found >>> LETTER_SHIFT) & 1;
      if ((found & CLASS_BITS) === CHAR.HIGH_SURROGATE) {
        found = astralTraits(text.codePointAt(index) as number);
        traits[index] = found;
        index += 1;
        units[index] = text.charCodeAt(index);
        traits[index] = CHAR.BREAK;
      }
      all |= found;
      if ((found & before & TRAIT.MARK) !== 0) all |= TRAIT.UNSETTLED;
      before = found;
    }
    this.length = length;
    this.isNormal = (all & (TRAIT.UNSETTLED | TRAIT.UNSEEN)) === 0;
    this.digits = digits;
    this.capitals = capitals;
    this.letters = letters;
  }
}

/** Of a character beyond the basic plane. Only emoji and other pictures are common, and all of them are settled. */
function astralTraits(codePoint: number): number {
  const charClass = astralClass(codePoint);
  const isLetter = charClass === CHAR.WORD || charClass === CHAR.DENSE;
  const traits = TRAIT.ASTRAL | charClass | (isLetter ? OTHER_SCRIPT << SCRIPT_SHIFT : 0);
  const isPicture = codePoint >= 0x1f300 && codePoint < 0x1fb00;
  return isPicture ? traits : traits | TRAIT.UNSETTLED | TRAIT.UNSEEN;
}
