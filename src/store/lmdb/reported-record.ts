import { FINGERPRINT_WORDS } from '../../text/fingerprint.ts';
import { BlockCipher } from '../crypto.ts';
import { ID_BYTES } from '../keyed-ids.ts';
import type { ReportedText } from '../reported-entries.ts';

const LESSON_AT = 8;
const SEALED_AT = 24;
const BLOCK_BYTES = 16;
const SPAM_BIT = 0x10000;
const PRINT_AT = 2 * ID_BYTES;
const SEALED_BYTES = PRINT_AT + 4 * FINGERPRINT_WORDS;

/** Where a record lies. */
export type ReportedPlace = Pick<ReportedText, 'label' | 'number'>;

/**
 * Seals reported texts in counter mode (NIST SP 800-38A, 6.5), since who can read a fingerprint can test a text by it. Time,
 * number and label are the counter: a number is given again after a restart, at another time.
 *
 * ```
 *  0 at f64   8 lesson id 16
 * 24 sealed: user id 16, pair id 16, fingerprint 64
 * ```
 */
export class ReportedRecords {
  readonly #cipher: BlockCipher;

  /** @param key 16 bytes, for nothing else. */
  constructor(key: Buffer) {
    this.#cipher = new BlockCipher(key);
  }

  encode(text: ReportedText): Buffer {
    const record = Buffer.allocUnsafeSlow(SEALED_AT + SEALED_BYTES);
    record.writeDoubleLE(text.at, 0);
    record.write(text.lessonId, LESSON_AT, 'hex');
    const sealed = record.subarray(SEALED_AT);
    sealed.write(text.userId, 0, 'hex');
    sealed.write(text.pairId, ID_BYTES, 'hex');
    for (const [i, word] of text.fingerprint.entries()) sealed.writeUInt32LE(word, PRINT_AT + 4 * i);
    this.#addStream(sealed, text);
    return record;
  }

  /** Undefined where it has another length. */
  decode(record: Buffer, place: ReportedPlace): ReportedText | undefined {
    if (record.length !== SEALED_AT + SEALED_BYTES) return undefined;
    const opened = Buffer.from(record.subarray(SEALED_AT));
    const at = timeOf(record);
    this.#addStream(opened, { ...place, at });
    return {
      ...place,
      fingerprint: Uint32Array.from({ length: FINGERPRINT_WORDS }, (_, i) =>
        opened.readUInt32LE(PRINT_AT + 4 * i),
      ),
      userId: opened.toString('hex', 0, ID_BYTES),
      pairId: opened.toString('hex', ID_BYTES, PRINT_AT),
      lessonId: record.toString('hex', LESSON_AT, SEALED_AT),
      at,
    };
  }

  #addStream(bytes: Buffer, { label, number, at }: Pick<ReportedText, 'label' | 'number' | 'at'>): void {
    const counters = Buffer.alloc(SEALED_BYTES);
    for (let block = 0; block < SEALED_BYTES; block += BLOCK_BYTES) {
      counters.writeDoubleLE(at, block);
      counters.writeUInt32LE(number >>> 0, block + 8);
      counters.writeUInt32LE(block | (label === 'spam' ? SPAM_BIT : 0), block + 12);
    }
    const stream = this.#cipher.encipher(counters);
    for (let i = 0; i < SEALED_BYTES; i += 1) bytes[i] = (bytes[i] as number) ^ (stream[i] as number);
  }
}

export function timeOf(record: Buffer): number {
  return record.readDoubleLE(0);
}
