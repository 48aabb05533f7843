/**
 * Scripts of letters, told apart only so that none of them becomes evidence: how often a word is seen in spam is counted among
 * the spam that holds words of its script, and likewise in ham (docs/decisions/0024). 0 is what all languages share: digits,
 * signs, shape, links, placeholders. Latin letters beyond ASCII are on their own, since few languages share them. Small
 * scripts share a number.
 */
const PATTERNS = [
  /[A-Za-z]/gu,
  /(?![A-Za-z])\p{Script=Latin}/gu,
  /\p{Script=Cyrillic}/gu,
  /\p{Script=Greek}/gu,
  /\p{Script=Arabic}/gu,
  /\p{Script=Hebrew}/gu,
  /\p{Script=Devanagari}/gu,
  /[\p{Script=Bengali}\p{Script=Gurmukhi}\p{Script=Gujarati}\p{Script=Oriya}\p{Script=Tamil}\p{Script=Telugu}\p{Script=Kannada}\p{Script=Malayalam}\p{Script=Sinhala}]/gu,
  /[\p{Script=Thai}\p{Script=Lao}]/gu,
  /\p{Script=Han}/gu,
  /[\p{Script=Hiragana}\p{Script=Katakana}]/gu,
  /\p{Script=Hangul}/gu,
  /[\p{Script=Armenian}\p{Script=Georgian}]/gu,
  /[\p{Script=Khmer}\p{Script=Myanmar}]/gu,
] as const;
/** All other letters, those beyond the basic plane among them. */
export const OTHER_SCRIPT = PATTERNS.length + 1;
/** How many there are, 0 among them: they fit into four bits. */
export const SCRIPTS = OTHER_SCRIPT + 1;
export const SCRIPT_BITS = 4;

/** Calls back with the index and the script of every letter of a text. */
export function forEachLetter(text: string, callback: (index: number, script: number) => void): void {
  for (const { index } of text.matchAll(/\p{L}/gu)) callback(index, OTHER_SCRIPT);
  for (const [at, pattern] of PATTERNS.entries())
    for (const { index } of text.matchAll(pattern)) callback(index, at + 1);
}
