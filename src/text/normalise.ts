import { UNSEEN } from './char-tables.ts';

/** Units of a text that are read: one half from its start, the other from its end, so that padding on one side hides nothing. */
export const TEXT_UNITS_MAX = 8_192;

/** A text in NFKC, controls as spaces, without invisible characters; its case is kept. */
export interface NormalText {
  readonly text: string;
  /** Runs of invisible characters where no orthography needs one. */
  readonly invisibles: number;
}

const UNSEEN_RUNS = new RegExp(`${UNSEEN.source}+`, 'gu');
const CONTROL = /\p{Cc}/u;
/** Letters that look like nothing; no text needs them alone. */
const FILLER = /[\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0]/u;
/**
 * Marks in a row that are put in order together; no orthography needs half as many. Beside marks the two half-width signs of
 * kana: no other character becomes a mark.
 */
const MARKS_MAX = 64;
const MARK = '[\\p{M}\\uff9e\\uff9f]';
const LONG_MARKS = new RegExp(`${MARK}{${MARKS_MAX + 1}}`, 'u');
/** All of a text: what is no mark, and marks behind it that are not too many for one piece. */
const MARKS_PIECES = new RegExp(`${MARK.replace('[', '[^')}*${MARK}{0,${MARKS_MAX}}`, 'gu');
/** Latin, Greek and Cyrillic end here: scripts that need no joiner and no break inside a word. */
const PLAIN_SCRIPTS_END = 0x530;

/**
 * Brings a text of any length into one bounded, canonical form. Unicode NFKC (UAX #15) undoes full-width and mathematical
 * letters; invisible characters go, and are counted where they cut a word that needs none.
 */
export function normalise(text: string): NormalText {
  const bound = bounded(text);
  // NFKC may lengthen a text up to 18 times (U+FDFA), hence the second bound.
  const canonical = bounded(inNFKC(bound));
  return UNSEEN.test(canonical) ? withoutUnseen(canonical) : { text: canonical, invisibles: 0 };
}

/** A text as far as it is read. */
export function bounded(text: string): string {
  if (text.length <= TEXT_UNITS_MAX) return text;
  const half = TEXT_UNITS_MAX / 2 - 1;
  return `${text.slice(0, half)} ${text.slice(-half)}`;
}

/**
 * Marks are put in order by insertion: for a text of nothing else that is quadratic time, 25 ms. So a long run of them is
 * taken in pieces, as the Stream-Safe Text Process does (UAX #15, section 13).
 */
function inNFKC(text: string): string {
  if (!LONG_MARKS.test(text)) return text.normalize('NFKC');
  return Array.from(text.matchAll(MARKS_PIECES), ([piece]) => piece.normalize('NFKC')).join('');
}

function withoutUnseen(text: string): NormalText {
  let invisibles = 0;
  const seen = text.replace(UNSEEN_RUNS, (run: string, index: number) => {
    if (CONTROL.test(run)) return ' ';
    if (FILLER.test(run) || cutsWord(text, index, run.length)) invisibles += 1;
    return '';
  });
  return { text: seen, invisibles };
}

function cutsWord(text: string, index: number, length: number): boolean {
  const around = [text.charCodeAt(index - 1), text.charCodeAt(index + length)];
  return around.every(isPlainLetter);
}

/** NaN, beyond the ends of the text, is no letter. */
function isPlainLetter(unit: number): boolean {
  return unit > 0x2f && unit < PLAIN_SCRIPTS_END;
}
