/** Bytes kept of a token's id. */
export const TOKEN_BYTES = 8;
/** Bytes from one token's id to the next, as ciphers return them. */
export const TOKEN_STRIDE = 16;

/** The same in words of 4 bytes. */
export const STRIDE_WORDS = TOKEN_STRIDE / 4;

/** Ids of stride 16 as words of this machine, with a sign; those that lie askew are copied. */
export function tokenWords(ids: Buffer, count: number): Int32Array {
  const straight = ids.byteOffset % 4 === 0 ? ids : Buffer.from(new Uint8Array(ids).buffer);
  return new Int32Array(straight.buffer, straight.byteOffset, count * STRIDE_WORDS);
}

/** Copies the first 8 bytes of every 16, as words of this machine: several times as fast as byte by byte. */
export function copyTokens(ids: Buffer, count: number, into: { words: Uint32Array; at: number }): void {
  const { words, at } = into;
  const from = tokenWords(ids, count);
  for (let i = 0; i < count; i++) {
    words[at + 2 * i] = from[STRIDE_WORDS * i]!;
    words[at + 2 * i + 1] = from[STRIDE_WORDS * i + 1]!;
  }
}

/** 8 bytes a token out of 16. */
export function compactTokens(ids: Buffer): Buffer {
  const count = Math.floor(ids.length / TOKEN_STRIDE);
  const words = new Uint32Array(2 * count);
  copyTokens(ids, count, { words, at: 0 });
  return Buffer.from(words.buffer);
}

/** Back to 16 bytes a token; the second half of each is zero. */
export function spreadTokens(compact: Buffer): Buffer {
  const ids = Buffer.alloc(compact.length * (TOKEN_STRIDE / TOKEN_BYTES));
  for (let from = 0, to = 0; from < compact.length; from += TOKEN_BYTES, to += TOKEN_STRIDE)
    compact.copy(ids, to, from, from + TOKEN_BYTES);
  return ids;
}
