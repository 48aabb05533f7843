import { createHmac } from 'node:crypto';
import type { SubjectKind } from '../model/subject.ts';
import { SCRIPT_BITS } from '../text/scripts.ts';
import { BlockCipher, type DaemonKeys } from './crypto.ts';
import { idWord } from './id-words.ts';
import { KIND_BYTES } from './keys.ts';
import { SipHash } from './siphash.ts';
import { slotOf } from './slots.ts';
import type { KeyedIds } from './store.ts';

export const ID_BYTES = 16;
/** Longest message that is hashed without an allocation; longer ones get a buffer of their own. */
const SCRATCH_BYTES = 16_384;
/** The kind in front of a value, so that kinds never collide, and the block that `SipHash` asks for behind it. */
const KIND_WORD_BYTES = 4;
const SPARE_BYTES = 8;
const SCRIPT_MASK = (1 << SCRIPT_BITS) - 1;
/** Slots are cut from pieces of memory of so many: one of its own for each text would wear out the garbage collector. */
const PIECE_SLOTS = 2 ** 14;

/** Ids of subjects by SipHash-2-4 with 128 bits; ids of lessons, which no verdict waits for, by HMAC-SHA256. */
export class DerivedIds implements KeyedIds {
  readonly #hash: SipHash;
  readonly #digest: Buffer;
  readonly #scratch = room(SCRATCH_BYTES);
  readonly #lessonKey: Buffer;
  readonly #cipher: BlockCipher;
  readonly #slotFactor: number;
  readonly #slotSummand: number;
  #piece = new Uint32Array(PIECE_SLOTS);
  #pieceUsed = 0;

  constructor(keys: DaemonKeys) {
    this.#hash = new SipHash(keys.id);
    this.#digest = Buffer.from(this.#hash.digest.buffer);
    this.#lessonKey = keys.lesson;
    this.#cipher = new BlockCipher(keys.serverToken);
    this.#slotFactor = keys.slot.readInt32LE(0) | 1;
    this.#slotSummand = keys.slot.readInt32LE(4);
  }

  id(kind: SubjectKind, value: string): string {
    const { bytes, words } = this.#roomFor(value);
    words[0] = KIND_BYTES[kind];
    this.#hash.hash(words, KIND_WORD_BYTES + bytes.write(value, KIND_WORD_BYTES, 'utf8'));
    return this.#digest.toString('hex');
  }

  /** The words of `pair`, as they are until the next id is made. */
  pairWords(userId: string, senderId: string): Uint32Array {
    const { words } = this.#scratch;
    words[0] = KIND_BYTES.pair;
    // Half of each id: enough to tell pairs apart, and half the hashing.
    words[1] = idWord(userId, 0);
    words[2] = idWord(userId, 1);
    words[3] = idWord(senderId, 0);
    words[4] = idWord(senderId, 1);
    this.#hash.hash(words, KIND_WORD_BYTES + ID_BYTES);
    return this.#hash.digest;
  }

  pair(userId: string, senderId: string): string {
    this.pairWords(userId, senderId);
    return this.#digest.toString('hex');
  }

  text(texts: string): string {
    return this.id('text', texts);
  }

  lesson(reporterId: string, textId: string, senderId: string): string {
    return createHmac('sha256', this.#lessonKey)
      .update(`${reporterId}\0${textId}\0${senderId}`)
      .digest('hex')
      .slice(0, 2 * ID_BYTES);
  }

  serverTokens(hashes: Buffer, scripts?: Uint8Array): Buffer {
    const ids = this.#cipher.encipher(hashes);
    const words = new Uint32Array(ids.buffer, ids.byteOffset, ids.length / 4);
    for (let token = 0, at = 2; at < words.length; token += 1, at += 4) {
      words[at] = scripts === undefined ? 0 : (scripts[token] as number);
      words[at + 1] = 0;
    }
    return ids;
  }

  /**
   * Multiply-shift (Dietzfelbinger et al., "A reliable randomized algorithm for the closest-pair problem", 1997): whoever does
   * not know the key cannot make two stretches of letters share a bucket more often than twice what chance does. It is no
   * cipher: what it gives stays in memory, or is sealed.
   */
  slots(grams: Uint32Array): Uint32Array {
    const slots = this.#cut(grams.length);
    const factor = this.#slotFactor;
    const summand = this.#slotSummand;
    for (let index = 0; index < grams.length; index += 1) {
      const gram = grams[index] as number;
      slots[index] = slotOf(Math.imul((gram >>> SCRIPT_BITS) ^ summand, factor), gram & SCRIPT_MASK);
    }
    return slots;
  }

  /** What was cut before stays as it is. */
  #cut(count: number): Uint32Array {
    if (count > PIECE_SLOTS) return new Uint32Array(count);
    if (this.#pieceUsed + count > PIECE_SLOTS) {
      this.#piece = new Uint32Array(PIECE_SLOTS);
      this.#pieceUsed = 0;
    }
    this.#pieceUsed += count;
    return this.#piece.subarray(this.#pieceUsed - count, this.#pieceUsed);
  }

  #roomFor(value: string): Room {
    // UTF-8 takes at most three bytes a UTF-16 unit; in whole words.
    const most = KIND_WORD_BYTES + 4 * value.length + SPARE_BYTES;
    return most <= SCRATCH_BYTES ? this.#scratch : room(most);
  }
}

/** The same memory as bytes and as words. */
interface Room {
  readonly bytes: Buffer;
  readonly words: Uint32Array;
}

function room(bytes: number): Room {
  const words = new Uint32Array(bytes / 4);
  return { bytes: Buffer.from(words.buffer), words };
}
