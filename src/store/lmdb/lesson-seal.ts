import { BlockCipher } from '../crypto.ts';
import { packSlots, SLOT_BYTES, unpackSlots } from '../slots.ts';
import type { LessonInput } from '../store.ts';
import { TOKEN_STRIDE } from '../token-words.ts';
import type { Learnt } from './lesson-record.ts';
import { packScripts, TOKEN_BYTES, unpackScripts } from './token-ids.ts';

const BLOCK_BYTES = 16;

/** What a lesson says to `linear.server` besides its tokens. */
export interface LinearPart {
  /** One a token of `sids`. */
  readonly scripts: Uint8Array;
  readonly slots: Uint32Array;
}

type Named = Pick<Learnt, 'id' | 'at'>;
type Sealed = Pick<Learnt, 'id' | 'at' | 'sids' | 'linear'>;

/**
 * Seals what no cipher has made unreadable: the scripts of tokens, half a byte each, and then slots, three bytes each. In counter
 * mode (NIST SP 800-38A, 6.5); the first half of a lesson's id and its time begin the counter: a lesson that is taught again
 * as the other class has another time, or the same plain text.
 */
export class LessonSeal {
  readonly #cipher: BlockCipher;

  /** @param key 16 bytes. */
  constructor(key: Buffer) {
    this.#cipher = new BlockCipher(key);
  }

  seal({ sids, slots, id, at }: LessonInput): Buffer {
    const count = Math.floor(sids.length / TOKEN_STRIDE);
    const scriptBytes = Math.ceil(count / 2);
    const plain = new Uint8Array(scriptBytes + SLOT_BYTES * slots.length);
    packScripts(sids, count, plain, 0);
    // Not in the order of the text, by which it could be read.
    packSlots(slots.toSorted(), plain, scriptBytes);
    return this.#apply(plain, { id, at });
  }

  /** The scripts alone: they lie in front. */
  openScripts(learnt: Sealed): Uint8Array {
    const count = learnt.sids.length / TOKEN_BYTES;
    return unpackScripts(this.#apply(learnt.linear.subarray(0, Math.ceil(count / 2)), learnt), count);
  }

  /** A lesson of schema 2 has none of it. */
  open(learnt: Sealed): LinearPart {
    const plain = this.#apply(learnt.linear, learnt);
    const count = learnt.sids.length / TOKEN_BYTES;
    const scriptBytes = Math.ceil(count / 2);
    return {
      scripts: unpackScripts(plain.subarray(0, scriptBytes), count),
      slots: unpackSlots(plain.subarray(scriptBytes)),
    };
  }

  /** Counter mode by hand, over a cipher that is kept: to make one for each lesson would cost several times as much. */
  #apply(bytes: Uint8Array, { id, at }: Named): Buffer {
    const stream = this.#cipher.encipher(countersOf(id, at, Math.ceil(bytes.length / BLOCK_BYTES)));
    const applied = Buffer.allocUnsafeSlow(bytes.length);
    for (let index = 0; index < bytes.length; index += 1)
      applied[index] = (bytes[index] as number) ^ (stream[index] as number);
    return applied;
  }
}

/** So many blocks that count on from the first one, each a number of 16 bytes with the highest in front. */
function countersOf(id: string, at: number, count: number): Buffer {
  const counters = Buffer.allocUnsafe(BLOCK_BYTES * count);
  if (count > 0) {
    counters.write(id, 0, 8, 'hex');
    counters.writeDoubleLE(at, 8);
  }
  for (let start = BLOCK_BYTES; start < counters.length; start += BLOCK_BYTES) {
    counters.copyWithin(start, start - BLOCK_BYTES, start);
    let last = start + BLOCK_BYTES - 1;
    while (counters[last] === 0xff) counters[last--] = 0;
    counters[last] = (counters[last] as number) + 1;
  }
  return counters;
}
