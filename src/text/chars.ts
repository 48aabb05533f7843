import { PLACEHOLDERS_END, PLACEHOLDERS_START } from './placeholders.ts';

/** What the tokeniser does with a UTF-16 unit. A script is only ever told apart by whether it writes spaces. */
export const CHAR = {
  /** Ends a token: spaces, punctuation, and flags (a country is no evidence). */
  BREAK: 0,
  /** Part of a word: letters, marks and digits of scripts that write spaces. */
  WORD: 1,
  /** Part of a run without spaces: Han, Kana, Thai, Lao, Khmer, Burmese. */
  DENSE: 2,
  /** A token of its own: currency signs, emoji, `!`, `?`, `%`. */
  SYMBOL: 3,
  /** Joins two parts of one word: `don't`. */
  APOSTROPHE: 4,
  /** One of the control characters by which `clean` marks what it took out: see `placeholders.ts`. */
  PLACEHOLDER: 5,
  /** First half of a character beyond the basic plane; `classOf` looks at the whole. */
  HIGH_SURROGATE: 6,
} as const;

const SURROGATES_START = 0xd800;
const LOW_SURROGATES_START = 0xdc00;
const SURROGATES_END = 0xe000;

/** Class of every unit of the basic plane, made once from the Unicode tables of the runtime. */
export const CHAR_CLASS: Uint8Array = build();

/** Class of a character beyond the basic plane. */
export function astralClass(codePoint: number): number {
  if (codePoint >= 0x20000 && codePoint < 0x40000) return CHAR.DENSE;
  if (codePoint >= 0x1f1e6 && codePoint < 0x1f200) return CHAR.BREAK;
  if (codePoint >= 0x1f000 && codePoint < 0x1fb00) return CHAR.SYMBOL;
  if (codePoint >= 0x10000 && codePoint < 0x1f000) return CHAR.WORD;
  return CHAR.BREAK;
}

function build(): Uint8Array {
  const plane = basicPlane();
  const classes = new Uint8Array(plane.length);
  fill(/[\p{L}\p{M}\p{N}_]+/gu, CHAR.WORD);
  fill(/[\p{S}!?%¡¿؟]+/gu, CHAR.SYMBOL);
  fill(/['’ʼ]+/gu, CHAR.APOSTROPHE);
  fill(
    /(?=[\p{L}\p{M}\p{N}])[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{sc=Thai}\p{sc=Laoo}\p{sc=Khmr}\p{sc=Mymr}]/gu,
    CHAR.DENSE,
  );
  classes.fill(CHAR.PLACEHOLDER, PLACEHOLDERS_START, PLACEHOLDERS_END);
  classes.fill(CHAR.HIGH_SURROGATE, SURROGATES_START, LOW_SURROGATES_START);
  return classes;

  function fill(pattern: RegExp, value: number): void {
    for (const { index, 0: run } of plane.matchAll(pattern)) classes.fill(value, index, index + run.length);
  }
}

/** Every unit at its own index, with a space where a surrogate would be. */
function basicPlane(): string {
  const units = new Uint16Array(0x10000).map((_, unit) => unit).fill(0x20, SURROGATES_START, SURROGATES_END);
  return new TextDecoder('utf-16le').decode(units);
}
