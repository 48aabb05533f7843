import { createHmac } from 'node:crypto';
import type { SubjectKind } from '../model/subject.ts';
import { BlockCipher, type DaemonKeys } from './crypto.ts';
import { KIND_BYTES } from './keys.ts';
import { SipHash } from './siphash.ts';
import type { KeyedIds } from './store.ts';

export const ID_BYTES = 16;
/** Longest message that is hashed without an allocation; longer ones get a buffer of their own. */
const SCRATCH_BYTES = 16_384;
/** The kind in front of a value, so that kinds never collide, and the block that `SipHash` asks for behind it. */
const KIND_WORD_BYTES = 4;
const SPARE_BYTES = 8;

/** Ids of subjects by SipHash-2-4 with 128 bits; ids of lessons, which no verdict waits for, by HMAC-SHA256. */
export class DerivedIds implements KeyedIds {
  readonly #hash: SipHash;
  readonly #digest: Buffer;
  readonly #scratch = room(SCRATCH_BYTES);
  readonly #lessonKey: Buffer;
  readonly #cipher: BlockCipher;

  constructor(keys: DaemonKeys) {
    this.#hash = new SipHash(keys.id);
    this.#digest = Buffer.from(this.#hash.digest.buffer);
    this.#lessonKey = keys.lesson;
    this.#cipher = new BlockCipher(keys.serverToken);
  }

  id(kind: SubjectKind, value: string): string {
    const { bytes, words } = this.#roomFor(value);
    words[0] = KIND_BYTES[kind];
    this.#hash.hash(words, KIND_WORD_BYTES + bytes.write(value, KIND_WORD_BYTES, 'utf8'));
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

  serverTokens(hashes: Buffer): Buffer {
    return this.#cipher.encipher(hashes);
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
