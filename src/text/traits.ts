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
  /** First half of a character beyond the basic plane: the whole has a class, see `astralClass`. */
  HIGH_SURROGATE: 6,
} as const;

/** What else is known of a unit: a bit each, above the bits of its class. */
export const CLASS_BITS = 0x07;
export const TRAIT = {
  /** NFKC may change it, or join it to what stands before. */
  UNSETTLED: 0x008,
  /** Of a combining class other than 0: NFKC may swap it with another one. */
  MARK: 0x010,
  /** Control or invisible character, surrogate, private use. */
  UNSEEN: 0x020,
  /** Another unit stands for it where case is folded. */
  CASED: 0x040,
  /** First half of a character beyond the basic plane, whose class is given: no unit has it by itself. */
  ASTRAL: 0x080,
  /** What the shape of a message counts: a digit, a capital, another letter. */
  DIGIT: 0x100,
  CAPITAL: 0x200,
  LETTER: 0x400,
} as const;
/** The upper four bits are the script of a letter: see `scripts.ts`. */
export const SCRIPT_SHIFT = 12;

export const SURROGATES_START = 0xd800;
export const LOW_SURROGATES_START = 0xdc00;
export const SURROGATES_END = 0xe000;
