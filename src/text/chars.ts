import { buildFolds, buildTraits } from './char-tables.ts';
import { CHAR, CLASS_BITS } from './traits.ts';

const FOLDS = buildFolds();
const TRAITS = buildTraits(FOLDS);

/** Class and traits of a unit of the basic plane. */
export function traitsOf(unit: number): number {
  return TRAITS[unit] as number;
}

/** Class of a unit of the basic plane; of NaN, beyond the ends of a text, that of a break. */
export function classOf(unit: number): number {
  return traitsOf(unit) & CLASS_BITS;
}

/** The unit that stands for another where case is folded. SIGMA's two small forms are one, and the dotted I of Turkish is an i. */
export function foldOf(unit: number): number {
  return FOLDS[unit] as number;
}

/** Class of a character beyond the basic plane. */
export function astralClass(codePoint: number): number {
  if (codePoint >= 0x20000 && codePoint < 0x40000) return CHAR.DENSE;
  if (codePoint >= 0x1f1e6 && codePoint < 0x1f200) return CHAR.BREAK;
  if (codePoint >= 0x1f000 && codePoint < 0x1fb00) return CHAR.SYMBOL;
  if (codePoint >= 0x10000 && codePoint < 0x1f000) return CHAR.WORD;
  return CHAR.BREAK;
}
