/** Crockford's base 32: no I, L, O or U; its order is that of the numbers. */
const ALPHABET = Buffer.from('0123456789ABCDEFGHJKMNPQRSTVWXYZ', 'latin1');
const DIGITS = new Int8Array(128).fill(-1);
for (const [digit, letter] of ALPHABET.entries()) DIGITS[letter] = digit;

const ID_CHARACTERS = 26;
const CHECK_BITS = 24;

/**
 * Where a trace lies, and a check against ids that were made up: no index is needed to find it.
 *
 * ```
 * ms since 1970 u48: 10 digits   block u40: 8   place in the block u16, check u24: 8
 * ```
 */
export interface TraceAddress {
  readonly at: number;
  readonly block: number;
  readonly place: number;
  readonly check: number;
}

const letters = Buffer.alloc(ID_CHARACTERS);

/** 26 characters; sorted by text, ids are sorted by time. */
export function formatTraceId({ at, block, place, check }: TraceAddress): string {
  writeDigits(at, 0, 5);
  writeDigits(block, 10, 4);
  writeDigits(place * 2 ** CHECK_BITS + check, 18, 4);
  return letters.toString('latin1');
}

/** Writes 2 × `half` digits; each half is a number of 32 bits, so that it can be shifted. */
function writeDigits(value: number, at: number, half: number): void {
  const radix = 2 ** (5 * half);
  let high = Math.floor(value / radix);
  let low = value % radix;
  for (let digit = half - 1; digit >= 0; digit--) {
    letters[at + digit] = ALPHABET[high & 31]!;
    letters[at + half + digit] = ALPHABET[low & 31]!;
    high >>>= 5;
    low >>>= 5;
  }
}

/** Undefined where this is no trace id. */
export function parseTraceId(id: string): TraceAddress | undefined {
  if (id.length !== ID_CHARACTERS) return undefined;
  const at = readDigits(id, 0, 10);
  const block = readDigits(id, 10, 18);
  const tail = readDigits(id, 18, ID_CHARACTERS);
  if (Number.isNaN(at + block + tail) || at >= 2 ** 48) return undefined;
  return { at, block, place: Math.floor(tail / 2 ** CHECK_BITS), check: tail % 2 ** CHECK_BITS };
}

/** NaN where a character is no digit. */
function readDigits(id: string, from: number, to: number): number {
  let value = 0;
  for (let i = from; i < to; i++) {
    const digit = DIGITS[id.charCodeAt(i)] ?? -1;
    value = digit < 0 ? Number.NaN : 32 * value + digit;
  }
  return value;
}
