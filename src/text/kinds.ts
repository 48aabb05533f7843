/** Kinds of features; the number seeds the hash, so that they never meet. */
export const KIND = {
  WORD: 1,
  /** Two neighbouring words. */
  PAIR: 2,
  /** Two or three letters of a script without spaces. */
  GRAM: 3,
  SHAPE: 4,
  DOMAIN: 5,
  TLD: 6,
  /** Kept whatever else is in the text, as `SHAPE`, `DOMAIN` and `TLD` are. */
  PLACEHOLDER: 7,
  /** No feature: a whole text, for its fingerprint. */
  WHOLE: 8,
} as const;
