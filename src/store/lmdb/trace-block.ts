import type { BlockCipher } from '../crypto.ts';
import type { MaskedCipher } from './masked-cipher.ts';
import { PLACE_BYTES, TRACE_BYTES_MAX } from './trace-record.ts';

export const BLOCK_BYTES_MAX = 65_536;
const PLACE_WORDS = PLACE_BYTES / 4;
const SALT_AT = 8;
/** Places sealed by one call of the cipher: the traces of some ten verdicts. */
const BATCH_PLACES = 256;

/** What makes the counters of a block unlike those of any other. */
interface Nonce {
  readonly block: number;
  /** New at each start, since a block that a crash lost gives its number to another one. */
  readonly salt: number;
}

/**
 * Sealed traces, one after the other.
 *
 * ```
 *  0 closed at f64   8 salt u32   12 zero u32
 * 16 traces, see `trace-record.ts`
 * ```
 *
 * They are sealed in counter mode (NIST SP 800-38A, 6.5) under their owner's masked cipher; block, salt and place are the
 * counter, which never comes twice. A call of the cipher costs as much as a hundred blocks, so what was appended waits for
 * more, masked, and is sealed together, at the latest when the block is looked at.
 */
export class OpenBlock {
  readonly number: number;
  readonly openedAt: number;
  readonly #cipher: BlockCipher;
  readonly #nonce: Nonce;
  readonly #bytes = Buffer.from(new ArrayBuffer(BLOCK_BYTES_MAX));
  readonly #words = new Uint32Array(this.#bytes.buffer);
  /** Masked counters of what waits to be sealed: from place `#sealed` to `#end`. */
  readonly #counters = new Uint32Array(BATCH_PLACES * PLACE_WORDS);
  #sealed = 1;
  #end = 1;

  constructor(openedAt: number, nonce: Nonce, cipher: BlockCipher) {
    this.number = nonce.block;
    this.openedAt = openedAt;
    this.#nonce = nonce;
    this.#cipher = cipher;
    this.#bytes.writeUInt32LE(nonce.salt, SALT_AT);
  }

  hasRoomFor(text: Uint32Array): boolean {
    return this.#end * PLACE_BYTES + text.byteLength <= BLOCK_BYTES_MAX;
  }

  /** Puts a trace of whole places into the block; returns its first place. */
  append(text: Uint32Array, { mask }: MaskedCipher): number {
    const place = this.#end;
    const places = text.length / PLACE_WORDS;
    if (place + places - this.#sealed > BATCH_PLACES) this.#seal();
    addMask(text, mask, { words: this.#words, at: place * PLACE_WORDS });
    const into = { words: this.#counters, at: (place - this.#sealed) * PLACE_WORDS };
    writeCounters({ nonce: this.#nonce, place, places }, mask, into);
    this.#end = place + places;
    return place;
  }

  /** The block as it is now, as `readTrace` takes it. */
  view(closedAt: number): Buffer {
    this.#seal();
    this.#bytes.writeDoubleLE(closedAt, 0);
    return this.#bytes.subarray(0, this.#end * PLACE_BYTES);
  }

  #seal(): void {
    if (this.#sealed === this.#end) return;
    const stream = this.#cipher.encipher(bytesOf(this.#counters, this.#end - this.#sealed));
    addStream(stream, { words: this.#words, at: this.#sealed * PLACE_WORDS });
    this.#sealed = this.#end;
  }
}

/** Opens what lies at a place of a block; undefined where nothing can. Under another key, or amid a trace, it is noise. */
export function readTrace(
  block: Buffer,
  { block: number, place }: { block: number; place: number },
  { cipher, mask }: MaskedCipher,
): Uint32Array | undefined {
  const start = place * PLACE_BYTES;
  if (place === 0 || start >= block.length) return undefined;
  // A copy: what LMDB hands out may be overwritten, or lie askew.
  const text = wordsOf(new Uint8Array(block.subarray(start, start + TRACE_BYTES_MAX)));
  const places = text.length / PLACE_WORDS;
  const counters = new Uint32Array(text.length);
  const nonce = { block: number, salt: block.readUInt32LE(SALT_AT) };
  writeCounters({ nonce, place, places }, mask, { words: counters, at: 0 });
  addStream(cipher.encipher(bytesOf(counters, places)), { words: text, at: 0 });
  addMask(text, mask, { words: text, at: 0 });
  return text;
}

export function closedAt(block: Buffer): number {
  return block.readDoubleLE(0);
}

interface Target {
  readonly words: Uint32Array;
  readonly at: number;
}

interface Counters {
  readonly nonce: Nonce;
  readonly place: number;
  readonly places: number;
}

/** What the cipher is to be asked for: block u64, salt u32, place u32, and the mask. */
function writeCounters({ nonce, place, places }: Counters, mask: Uint32Array, { words, at }: Target): void {
  const low = nonce.block ^ mask[0]!;
  const high = Math.floor(nonce.block / 2 ** 32) ^ mask[1]!;
  const salt = nonce.salt ^ mask[2]!;
  const last = mask[3]!;
  for (let i = 0, to = at; i < places; i++, to += PLACE_WORDS) {
    words[to] = low;
    words[to + 1] = high;
    words[to + 2] = salt;
    words[to + 3] = (place + i) ^ last;
  }
}

function addMask(text: Uint32Array, mask: Uint32Array, { words, at }: Target): void {
  const [first, second, third, fourth] = [mask[0]!, mask[1]!, mask[2]!, mask[3]!];
  for (let i = 0; i < text.length; i += PLACE_WORDS) {
    words[at + i] = text[i]! ^ first;
    words[at + i + 1] = text[i + 1]! ^ second;
    words[at + i + 2] = text[i + 2]! ^ third;
    words[at + i + 3] = text[i + 3]! ^ fourth;
  }
}

function addStream(stream: Buffer, { words, at }: Target): void {
  const from = wordsOf(stream);
  for (let i = 0; i < from.length; i++) words[at + i] = words[at + i]! ^ from[i]!;
}

function wordsOf(bytes: Uint8Array): Uint32Array {
  return new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
}

function bytesOf(words: Uint32Array, places: number): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, places * PLACE_BYTES);
}
