const DIGITS = 8;

/** Word 0 … 3 of a keyed id of 32 hex digits; the first digits are the highest. Faster than `parseInt` of a part. */
export function idWord(id: string, index: number): number {
  let word = 0;
  for (let at = DIGITS * index; at < DIGITS * (index + 1); at++) {
    const character = id.charCodeAt(at);
    // '0' is 0x30, 'a' is 0x61: letters lack nine.
    word = (word << 4) | ((character & 15) + (character >>> 6) * 9);
  }
  return word >>> 0;
}

/** Back to 32 hex digits. */
export function idOfWords(words: Uint32Array): string {
  return [...words].map((word) => word.toString(16).padStart(DIGITS, '0')).join('');
}
