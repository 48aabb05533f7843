/** Crockford's base 32: no I, L, O or U; its order is that of the bytes. */
const ALPHABET = Buffer.from('0123456789ABCDEFGHJKMNPQRSTVWXYZ', 'latin1');
const DIGITS = new Int8Array(128).fill(-1);
for (const [digit, letter] of ALPHABET.entries()) DIGITS[letter] = digit;

const ID_CHARACTERS = 26;
const ID_BYTES = 16;

/**
 * Where a trace lies, and a check against ids that were made up: no index is needed to find it.
 *
 * ```
 * 0 ms since 1970 u48   6 block u40   11 index in the block u16   13 check u24      (big-endian)
 * ```
 */
export interface TraceAddress {
  readonly at: number;
  readonly block: number;
  readonly index: number;
  readonly check: number;
}

const bytes = Buffer.alloc(ID_BYTES);
const letters = Buffer.alloc(ID_CHARACTERS);

/** 128 bits as 26 characters; sorted by text, ids are sorted by time. */
export function formatTraceId(address: TraceAddress): string {
  bytes.writeUIntBE(address.at, 0, 6);
  bytes.writeUIntBE(address.block, 6, 5);
  bytes.writeUInt16BE(address.index, 11);
  bytes.writeUIntBE(address.check, 13, 3);
  // 130 bits: two zero bits in front.
  let held = 0;
  let bits = 2;
  let to = 0;
  for (let i = 0; i < ID_BYTES; i++) {
    held = ((held << 8) | bytes[i]!) & 0xfff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      letters[to++] = ALPHABET[(held >>> bits) & 31]!;
    }
  }
  return letters.toString('latin1');
}

/** Undefined where this is no trace id. */
export function parseTraceId(id: string): TraceAddress | undefined {
  if (id.length !== ID_CHARACTERS) return undefined;
  let held = 0;
  let bits = -2;
  let to = 0;
  for (let i = 0; i < ID_CHARACTERS; i++) {
    const digit = DIGITS[id.charCodeAt(i)] ?? -1;
    if (digit < 0 || (i === 0 && digit > 7)) return undefined;
    held = ((held << 5) | digit) & 0x1fff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes[to++] = (held >>> bits) & 0xff;
    }
  }
  return {
    at: bytes.readUIntBE(0, 6),
    block: bytes.readUIntBE(6, 5),
    index: bytes.readUInt16BE(11),
    check: bytes.readUIntBE(13, 3),
  };
}
