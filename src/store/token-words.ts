/** Bytes from one token's id to the next, as ciphers return them. */
export const TOKEN_STRIDE = 16;
/** Behind an id's first half the script of the token's letters. */
export const SCRIPT_AT = 8;

/** The same in words of 4 bytes. */
export const STRIDE_WORDS = TOKEN_STRIDE / 4;
export const SCRIPT_WORD = SCRIPT_AT / 4;

/** Ids of stride 16 as words of this machine, with a sign; those that lie askew are copied. */
export function tokenWords(ids: Buffer, count: number): Int32Array {
  return wordsOf(ids, count * STRIDE_WORDS);
}

/** The first words of some bytes, likewise. */
export function wordsOf(bytes: Buffer, count: number): Int32Array {
  const straight = bytes.byteOffset % 4 === 0 ? bytes : Buffer.from(new Uint8Array(bytes).buffer);
  return new Int32Array(straight.buffer, straight.byteOffset, count);
}
