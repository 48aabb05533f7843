const WORDS_OF_STATE = 8;
/** Two blocks of zeros are absorbed by four rounds that add nothing: the finalisation. */
const FINAL = new Uint32Array(4);

/**
 * SipHash-2-4 with 128 bits of output (Aumasson & Bernstein, "SipHash: a fast short-input PRF", 2012, and their reference
 * implementation): a pseudorandom function of bytes of any length. In plain JavaScript, since a call of node:crypto costs
 * more than the hashing of a short message; each 64-bit word is two of 32 bits, the lower first.
 */
export class SipHash {
  /** Of the last message, as little-endian words; overwritten by the next one. */
  readonly digest = new Uint32Array(4);
  readonly #start: Uint32Array;
  readonly #state = new Uint32Array(WORDS_OF_STATE);

  /** @param key 16 bytes. */
  constructor(key: Buffer) {
    const [a, b, c, d] = [0, 4, 8, 12].map((at) => key.readUInt32LE(at)) as [number, number, number, number];
    // "somepseudorandomlygeneratedbytes", and 0xee for the long output.
    this.#start = Uint32Array.of(
      a ^ 0x70736575,
      b ^ 0x736f6d65,
      c ^ 0x6e646f6d ^ 0xee,
      d ^ 0x646f7261,
      a ^ 0x6e657261,
      b ^ 0x6c796765,
      c ^ 0x79746573,
      d ^ 0x74656462,
    );
  }

  /**
   * Hashes the first `bytes` bytes of `words` into `digest`.
   * @param words room for one block of 8 bytes more; what lies there is overwritten.
   */
  hash(words: Uint32Array, bytes: number): void {
    const blocks = closeMessage(words, bytes);
    const state = this.#state;
    state.set(this.#start);
    absorb(state, words, blocks);
    state[4] = state[4]! ^ 0xee;
    absorb(state, FINAL, 2);
    this.#output(0);
    state[2] = state[2]! ^ 0xdd;
    absorb(state, FINAL, 2);
    this.#output(2);
  }

  #output(at: number): void {
    const state = this.#state;
    this.digest[at] = state[0]! ^ state[2]! ^ state[4]! ^ state[6]!;
    this.digest[at + 1] = state[1]! ^ state[3]! ^ state[5]! ^ state[7]!;
  }
}

/** The last block holds the bytes that are left, zeros, and the length modulo 256. Returns the number of blocks. */
function closeMessage(words: Uint32Array, bytes: number): number {
  const blocks = (bytes >>> 3) + 1;
  const cut = bytes >>> 2;
  words[cut] = words[cut]! & ((1 << (8 * (bytes & 3))) - 1);
  if (cut % 2 === 0) words[cut + 1] = 0;
  words[2 * blocks - 1] = words[2 * blocks - 1]! | (bytes << 24);
  return blocks;
}

/**
 * Two rounds a block. Variables and no array: they stay in registers. The carry of `sum = x + y` is the top bit of
 * (x & y) | ((x | y) & ~sum): a comparison, which no processor can predict here, takes twice as long.
 */
function absorb(state: Uint32Array, words: Uint32Array, blocks: number): void {
  let a = state[0]! | 0;
  let aHigh = state[1]! | 0;
  let b = state[2]! | 0;
  let bHigh = state[3]! | 0;
  let c = state[4]! | 0;
  let cHigh = state[5]! | 0;
  let d = state[6]! | 0;
  let dHigh = state[7]! | 0;
  for (let at = 0; at < 2 * blocks; at += 2) {
    const low = words[at]! | 0;
    const high = words[at + 1]! | 0;
    d ^= low;
    dHigh ^= high;
    for (let round = 0; round < 2; round++) {
      let swap = (a + b) | 0;
      aHigh = (aHigh + bHigh + (((a & b) | ((a | b) & ~swap)) >>> 31)) | 0;
      a = swap;
      swap = (b << 13) | (bHigh >>> 19);
      bHigh = ((bHigh << 13) | (b >>> 19)) ^ aHigh;
      b = swap ^ a;
      swap = a;
      a = aHigh;
      aHigh = swap;

      swap = (c + d) | 0;
      cHigh = (cHigh + dHigh + (((c & d) | ((c | d) & ~swap)) >>> 31)) | 0;
      c = swap;
      swap = (d << 16) | (dHigh >>> 16);
      dHigh = ((dHigh << 16) | (d >>> 16)) ^ cHigh;
      d = swap ^ c;

      swap = (a + d) | 0;
      aHigh = (aHigh + dHigh + (((a & d) | ((a | d) & ~swap)) >>> 31)) | 0;
      a = swap;
      swap = (d << 21) | (dHigh >>> 11);
      dHigh = ((dHigh << 21) | (d >>> 11)) ^ aHigh;
      d = swap ^ a;

      swap = (c + b) | 0;
      cHigh = (cHigh + bHigh + (((c & b) | ((c | b) & ~swap)) >>> 31)) | 0;
      c = swap;
      swap = (b << 17) | (bHigh >>> 15);
      bHigh = ((bHigh << 17) | (b >>> 15)) ^ cHigh;
      b = swap ^ c;
      swap = c;
      c = cHigh;
      cHigh = swap;
    }
    a ^= low;
    aHigh ^= high;
  }
  state[0] = a;
  state[1] = aHigh;
  state[2] = b;
  state[3] = bHigh;
  state[4] = c;
  state[5] = cHigh;
  state[6] = d;
  state[7] = dHigh;
}
