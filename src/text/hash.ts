const C1 = 0x239b961b;
const C2 = 0xab0e9789 | 0;
const C3 = 0x38b34ae5;
const C4 = 0xa1e38b93 | 0;
/** Units in one block of 16 bytes. */
const BLOCK = 8;

/** Units `start` … `end`−1, hashed under `kind`, so that equal letters of two kinds are two features. */
export interface Span {
  kind: number;
  start: number;
  end: number;
}

/** What whole blocks leave of the four lanes. */
const state = new Int32Array(4);

/**
 * MurmurHash3_x86_128 (Austin Appleby, public domain) of UTF-16 units as little-endian bytes, with the kind as its seed.
 * Fast and public: no secret rests on it, since only ciphers of it under a key are stored. Writes four lanes at `out[at]`.
 */
export function hashSpan(units: Uint16Array, span: Span, out: Int32Array, at: number): void {
  const { kind, start, end } = span;
  let h1 = kind;
  let h2 = kind;
  let h3 = kind;
  let h4 = kind;
  let index = start;
  if (end - start >= BLOCK) {
    index = mixBlocks(units, span);
    h1 = state[0] as number;
    h2 = state[1] as number;
    h3 = state[2] as number;
    h4 = state[3] as number;
  }
  const rest = end - index;
  if (rest > 0) h1 ^= mix1(word(units, index, rest));
  if (rest > 2) h2 ^= mix2(word(units, index + 2, rest - 2));
  if (rest > 4) h3 ^= mix3(word(units, index + 4, rest - 4));
  if (rest > 6) h4 ^= mix4(word(units, index + 6, rest - 6));

  const bytes = 2 * (end - start);
  h1 ^= bytes;
  h2 ^= bytes;
  h3 ^= bytes;
  h4 ^= bytes;
  h1 = (h1 + h2 + h3 + h4) | 0;
  const s4 = scatter((h4 + h1) | 0);
  // Lanes that a short span does not reach are alike.
  const s3 = h3 === h4 ? s4 : scatter((h3 + h1) | 0);
  const s2 = h2 === h4 ? s4 : scatter((h2 + h1) | 0);
  h1 = (scatter(h1) + s2 + s3 + s4) | 0;
  out[at] = h1;
  out[at + 1] = s2 + h1;
  out[at + 2] = s3 + h1;
  out[at + 3] = s4 + h1;
}

/** Mixes whole blocks into `state`; returns where the rest starts. Apart from the rest, or V8 inlines neither of them. */
function mixBlocks(units: Uint16Array, { kind, start, end }: Span): number {
  let h1 = kind;
  let h2 = kind;
  let h3 = kind;
  let h4 = kind;
  let index = start;
  for (; index + BLOCK <= end; index += BLOCK) {
    h1 = (Math.imul(rotate(h1 ^ mix1(word(units, index, 2)), 19) + h2, 5) + 0x561ccd1b) | 0;
    h2 = (Math.imul(rotate(h2 ^ mix2(word(units, index + 2, 2)), 17) + h3, 5) + 0x0bcaa747) | 0;
    h3 = (Math.imul(rotate(h3 ^ mix3(word(units, index + 4, 2)), 15) + h4, 5) + 0x96cd1c35) | 0;
    h4 = (Math.imul(rotate(h4 ^ mix4(word(units, index + 6, 2)), 13) + h1, 5) + 0x32ac3b17) | 0;
  }
  state[0] = h1;
  state[1] = h2;
  state[2] = h3;
  state[3] = h4;
  return index;
}

/** Two units as one little-endian word; one that is missing counts 0. */
function word(units: Uint16Array, index: number, rest: number): number {
  const low = units[index] as number;
  return rest > 1 ? low | ((units[index + 1] as number) << 16) : low;
}

// The rotations are written out: V8 inlines only so many calls into one function.

function mix1(word: number): number {
  const mixed = Math.imul(word, C1);
  return Math.imul((mixed << 15) | (mixed >>> 17), C2);
}

function mix2(word: number): number {
  const mixed = Math.imul(word, C2);
  return Math.imul((mixed << 16) | (mixed >>> 16), C3);
}

function mix3(word: number): number {
  const mixed = Math.imul(word, C3);
  return Math.imul((mixed << 17) | (mixed >>> 15), C4);
}

function mix4(word: number): number {
  const mixed = Math.imul(word, C4);
  return Math.imul((mixed << 18) | (mixed >>> 14), C1);
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

/** The finalisation of MurmurHash3 with 32 bits: spreads what tells two words apart over all bits. */
export function scatter(word: number): number {
  let mixed = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
