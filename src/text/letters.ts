import { PLANE } from './char-tables.ts';
import { classOf, foldOf } from './chars.ts';
import { CHAR } from './traits.ts';

/** What parts two words. */
export const SPACE = 0x20;
/** What is left out, as if it were not there. */
export const NOTHING = 0;

/** Latin, Greek and Cyrillic: an accent there makes no other letter for this purpose. */
const EUROPEAN = [
  [0, 0x530],
  [0x1e00, 0x2000],
] as const;
/**
 * Small letters of Cyrillic and Greek that look like a Latin one, or whose capital does, after "confusables" of UTS #39; each
 * stands before the letter that it is read as.
 */
const LOOKALIKES = pairs('аaвbсcԁdеeһhнhіiјjкkмmоoрpԛqѕsтtѵvԝwхxуy αaβbεeηhιiκkμmνvοoρpτtυyχxζz ıiɑaɡgƽs');

/**
 * Of every unit of the basic plane what a fingerprint sees of it: a letter without case, accent and disguise; `SPACE` for what
 * parts words; `NOTHING` for digits, which change from copy to copy, and for what joins: apostrophes, low lines, accents.
 */
export const LETTERS = buildLetters();

function buildLetters(): Uint16Array {
  const letters = new Uint16Array(PLANE.length).map((_, unit) => (isOfWord(unit) ? foldOf(unit) : SPACE));
  for (const { index, 0: run } of PLANE.matchAll(/(?:['’ʼ_\p{N}]|[\u0300-\u036f])+/gu))
    letters.fill(NOTHING, index, index + run.length);
  for (const [start, end] of EUROPEAN)
    for (let unit = start; unit < end; unit += 1)
      if (isOfWord(unit)) letters[unit] = undisguised(letters[unit] as number);
  return letters;
}

/** Small letters from `start` to before `end` by the code of the ASCII letter that they look like; 0 where none does. */
export function twinsIn(start: number, end: number): Uint16Array {
  const twins = new Uint16Array(0x80);
  for (const [letter, latin] of LOOKALIKES) {
    const unit = letter.charCodeAt(0);
    if (unit >= start && unit < end) twins[latin] = unit;
  }
  return twins;
}

function isOfWord(unit: number): boolean {
  const charClass = classOf(unit);
  return charClass === CHAR.WORD || charClass === CHAR.DENSE;
}

function undisguised(unit: number): number {
  const base = String.fromCharCode(unit).normalize('NFD').charAt(0);
  return LOOKALIKES.get(base) ?? base.charCodeAt(0);
}

function pairs(written: string): ReadonlyMap<string, number> {
  const letters = [...written.replaceAll(' ', '')];
  return new Map(
    letters.flatMap((letter, at) =>
      at % 2 === 0 ? [[letter, (letters[at + 1] as string).charCodeAt(0)] as const] : [],
    ),
  );
}
