import { NONCE_BYTES, type Sealing, seal, TAG_BYTES, unseal } from '../crypto.ts';

export const BLOCK_BYTES_MAX = 65_536;
export const SALT_BYTES = 5;
const HEAD_BYTES = 16;
const ENTRY_HEAD_BYTES = 5;
const ENTRIES_MAX = 0xffff;

/** What a trace is sealed with: the key, and who may open it. */
export interface TraceSeal {
  readonly key: Buffer;
  readonly associated: Buffer;
}

const nonce = Buffer.alloc(NONCE_BYTES);

/** Unique for each key: block and index never come twice, but for a block that a crash lost; the salt is new at each start. */
function nonceOf(block: number, index: number, salt: Buffer): Buffer {
  nonce.writeUIntBE(block, 0, 5);
  nonce.writeUInt16BE(index, 5);
  nonce.set(salt, 7);
  return nonce;
}

/**
 * Sealed traces, one after the other.
 *
 * ```
 *  0 closed at f64   8 salt 5   13 zero u8   14 entries u16
 * 16 entries: length of what is sealed u16, check u24, sealed
 * ```
 */
export class OpenBlock {
  readonly number: number;
  readonly openedAt: number;
  readonly #salt: Buffer;
  readonly #bytes = Buffer.allocUnsafeSlow(BLOCK_BYTES_MAX);
  #length = HEAD_BYTES;
  #count = 0;

  constructor(number: number, openedAt: number, salt: Buffer) {
    this.number = number;
    this.openedAt = openedAt;
    this.#salt = salt;
    salt.copy(this.#bytes, 8);
    this.#bytes[13] = 0;
  }

  get count(): number {
    return this.#count;
  }

  hasRoomFor(textBytes: number): boolean {
    const entry = ENTRY_HEAD_BYTES + textBytes + TAG_BYTES;
    return this.#count < ENTRIES_MAX && this.#length + entry <= BLOCK_BYTES_MAX;
  }

  /** Seals a trace into the block; returns its index. */
  append(text: Buffer, check: number, { key, associated }: TraceSeal): number {
    const index = this.#count++;
    const offset = this.#length + ENTRY_HEAD_BYTES;
    const sealing: Sealing = { key, associated, nonce: nonceOf(this.number, index, this.#salt) };
    const length = seal(sealing, text, { target: this.#bytes, offset });
    this.#bytes.writeUInt16LE(length, this.#length);
    this.#bytes.writeUIntLE(check, this.#length + 2, 3);
    this.#length = offset + length;
    return index;
  }

  /** The block as it is now, as `readTrace` takes it. */
  view(closedAt: number): Buffer {
    this.#bytes.writeDoubleLE(closedAt, 0);
    this.#bytes.writeUInt16LE(this.#count, 14);
    return this.#bytes.subarray(0, this.#length);
  }
}

/** Opens one trace of a block; undefined where it is not there, the check is wrong, or the seal is another's. */
export function readTrace(
  block: Buffer,
  address: { block: number; index: number; check: number },
  { key, associated }: TraceSeal,
): Buffer | undefined {
  if (address.index >= block.readUInt16LE(14)) return undefined;
  let at = HEAD_BYTES;
  for (let index = 0; index < address.index; index++) at += ENTRY_HEAD_BYTES + block.readUInt16LE(at);
  if (block.readUIntLE(at + 2, 3) !== address.check) return undefined;
  const start = at + ENTRY_HEAD_BYTES;
  const salt = block.subarray(8, 8 + SALT_BYTES);
  const sealing: Sealing = { key, associated, nonce: nonceOf(address.block, address.index, salt) };
  return unseal(sealing, block.subarray(start, start + block.readUInt16LE(at)));
}

export function closedAt(block: Buffer): number {
  return block.readDoubleLE(0);
}
