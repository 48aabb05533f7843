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

/**
 * MurmurHash3_x86_128 (Austin Appleby, public domain) of UTF-16 units as little-endian bytes, with the kind as its seed.
 * Fast and public: no secret rests on it, since only ciphers of it under a key are stored. Writes four lanes at `out[at]`.
 */
export function hashSpan(units: Uint16Array, span: Span, out: Int32Array, at: number): void {
  let h1 = span.kind;
  let h2 = h1;
  let h3 = h1;
  let h4 = h1;
  let index = span.start;
  const end = span.end;
  for (; index + BLOCK <= end; index += BLOCK) {
    h1 = (Math.imul(rotate(h1 ^ mix1(lane(units, index, end)), 19) + h2, 5) + 0x561ccd1b) | 0;
    h2 = (Math.imul(rotate(h2 ^ mix2(lane(units, index + 2, end)), 17) + h3, 5) + 0x0bcaa747) | 0;
    h3 = (Math.imul(rotate(h3 ^ mix3(lane(units, index + 4, end)), 15) + h4, 5) + 0x96cd1c35) | 0;
    h4 = (Math.imul(rotate(h4 ^ mix4(lane(units, index + 6, end)), 13) + h1, 5) + 0x32ac3b17) | 0;
  }
  if (index < end) h1 ^= mix1(lane(units, index, end));
  if (index + 2 < end) h2 ^= mix2(lane(units, index + 2, end));
  if (index + 4 < end) h3 ^= mix3(lane(units, index + 4, end));
  if (index + 6 < end) h4 ^= mix4(lane(units, index + 6, end));

  const bytes = 2 * (end - span.start);
  h1 ^= bytes;
  h2 ^= bytes;
  h3 ^= bytes;
  h4 ^= bytes;
  h1 = (h1 + h2 + h3 + h4) | 0;
  h2 = scatter((h2 + h1) | 0);
  h3 = scatter((h3 + h1) | 0);
  h4 = scatter((h4 + h1) | 0);
  h1 = scatter(h1);
  h1 = (h1 + h2 + h3 + h4) | 0;
  out[at] = h1;
  out[at + 1] = h2 + h1;
  out[at + 2] = h3 + h1;
  out[at + 3] = h4 + h1;
}

/** Two units as one little-endian word; a missing one counts 0. */
function lane(units: Uint16Array, index: number, end: number): number {
  const low = units[index] as number;
  return index + 1 < end ? low | ((units[index + 1] as number) << 16) : low;
}

function mix1(word: number): number {
  return Math.imul(rotate(Math.imul(word, C1), 15), C2);
}

function mix2(word: number): number {
  return Math.imul(rotate(Math.imul(word, C2), 16), C3);
}

function mix3(word: number): number {
  return Math.imul(rotate(Math.imul(word, C3), 17), C4);
}

function mix4(word: number): number {
  return Math.imul(rotate(Math.imul(word, C4), 18), C1);
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

function scatter(word: number): number {
  let mixed = word ^ (word >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
