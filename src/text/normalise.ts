/** Units of a text that are read: one half from its start, the other from its end, so that padding on one side hides nothing. */
export const TEXT_UNITS_MAX = 8_192;

/** A text in NFKC, controls as spaces, without invisible characters; its case is kept. */
export interface NormalText {
  readonly text: string;
  /** Runs of invisible characters where no orthography needs one. */
  readonly invisibles: number;
}

/** Control and invisible characters, lone surrogates and private use. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Default_Ignorable_Code_Point}\u2800]/u;
const UNSEEN_RUNS = new RegExp(`${UNSEEN.source}+`, 'gu');
const CONTROL = /\p{Cc}/u;
/** Letters that look like nothing; no text needs them alone. */
const FILLER = /[\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0]/u;
/** Latin, Greek and Cyrillic end here: scripts that need no joiner and no break inside a word. */
const PLAIN_SCRIPTS_END = 0x530;

/**
 * Brings a text of any length into one bounded, canonical form. Unicode NFKC (UAX #15) undoes full-width and mathematical
 * letters; invisible characters go, and are counted where they cut a word that needs none.
 */
export function normalise(text: string): NormalText {
  const bound = bounded(text);
  if (isPlain(bound)) return { text: bound, invisibles: 0 };
  // NFKC may lengthen a text up to 18 times (U+FDFA), hence the second bound.
  const canonical = bounded(bound.normalize('NFKC'));
  if (!UNSEEN.test(canonical)) return { text: canonical, invisibles: 0 };
  return withoutUnseen(canonical);
}

function bounded(text: string): string {
  if (text.length <= TEXT_UNITS_MAX) return text;
  const half = TEXT_UNITS_MAX / 2 - 1;
  return `${text.slice(0, half)} ${text.slice(-half)}`;
}

/** Printable ASCII needs nothing of what follows, and is most of the traffic. */
function isPlain(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit < 0x20 || unit > 0x7e) return false;
  }
  return true;
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

/** Folds case so that SIGMA's two small forms and the dotted I of Turkish meet the letters they stand for. */
export function foldCase(text: string): string {
  return text.toLowerCase().replaceAll('ς', 'σ').replaceAll('i\u0307', 'i');
}
