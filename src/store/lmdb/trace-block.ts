import type { StreamCipher } from '../crypto.ts';

export const BLOCK_BYTES_MAX = 65_536;
export const SALT_BYTES = 4;
const HEAD_BYTES = 16;
const ENTRY_HEAD_BYTES = 8;
const ENTRIES_MAX = 0xffff;

const nonce = new Uint32Array(3);

/** Unique for each key: block and index never come twice, but for a block that a crash lost; the salt is new at each start. */
function nonceOf(block: number, index: number, salt: number): Uint32Array {
  nonce[0] = block;
  nonce[1] = Math.floor(block / 2 ** 32) * 2 ** 16 + index;
  nonce[2] = salt;
  return nonce;
}

/**
 * Sealed traces, one after the other.
 *
 * ```
 *  0 closed at f64   8 salt u32   12 zero u16   14 entries u16
 * 16 entries: length of what is sealed u16, zero u16, check u24, zero u8, sealed; all in words of 4 bytes
 * ```
 */
export class OpenBlock {
  readonly number: number;
  readonly openedAt: number;
  readonly #salt: number;
  readonly #bytes = Buffer.from(new ArrayBuffer(BLOCK_BYTES_MAX));
  readonly #words = new Uint32Array(this.#bytes.buffer);
  #length = HEAD_BYTES;
  #count = 0;

  constructor(number: number, openedAt: number, salt: number) {
    this.number = number;
    this.openedAt = openedAt;
    this.#salt = salt;
    this.#bytes.writeUInt32LE(salt, 8);
  }

  get count(): number {
    return this.#count;
  }

  hasRoomFor(text: Uint32Array): boolean {
    const entry = ENTRY_HEAD_BYTES + text.byteLength;
    return this.#count < ENTRIES_MAX && this.#length + entry <= BLOCK_BYTES_MAX;
  }

  /** Seals a trace into the block; returns its index. */
  append(text: Uint32Array, check: number, cipher: StreamCipher): number {
    const index = this.#count;
    const start = this.#length + ENTRY_HEAD_BYTES;
    const sealed = this.#words.subarray(start / 4, start / 4 + text.length);
    sealed.set(text);
    cipher.apply(nonceOf(this.number, index, this.#salt), sealed);
    this.#bytes.writeUInt16LE(text.byteLength, this.#length);
    this.#bytes.writeUIntLE(check, this.#length + 4, 3);
    this.#length = start + text.byteLength;
    this.#count += 1;
    return index;
  }

  /** The block as it is now, as `readTrace` takes it. */
  view(closedAt: number): Buffer {
    this.#bytes.writeDoubleLE(closedAt, 0);
    this.#bytes.writeUInt16LE(this.#count, 14);
    return this.#bytes.subarray(0, this.#length);
  }
}

/** Opens one trace of a block; undefined where it is not there or the check is wrong. Under another key it is noise. */
export function readTrace(
  block: Buffer,
  address: { block: number; index: number; check: number },
  cipher: StreamCipher,
): Buffer | undefined {
  if (address.index >= block.readUInt16LE(14)) return undefined;
  let at = HEAD_BYTES;
  for (let index = 0; index < address.index; index++) at += ENTRY_HEAD_BYTES + block.readUInt16LE(at);
  if (block.readUIntLE(at + 4, 3) !== address.check) return undefined;
  const start = at + ENTRY_HEAD_BYTES;
  const copy = new Uint8Array(block.subarray(start, start + block.readUInt16LE(at)));
  cipher.apply(nonceOf(address.block, address.index, block.readUInt32LE(8)), new Uint32Array(copy.buffer));
  return Buffer.from(copy.buffer);
}

export function closedAt(block: Buffer): number {
  return block.readDoubleLE(0);
}
