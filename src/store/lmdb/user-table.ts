import { SCRIPTS } from '../../text/scripts.ts';
import type { CountColumns } from '../store.ts';
import { tokenWords } from '../token-words.ts';
import { LESSON_WEIGHT, type Learnt } from './lesson-record.ts';
import {
  BUCKET_TOKENS,
  BUCKET_WORDS,
  bucketOf,
  COUNT_MAX,
  countsAt,
  GOES_ON,
  grown,
  HAM_SHIFT,
  layOut,
  type SortedTokens,
  sortedTokens,
  withoutRarest,
} from './token-buckets.ts';
import { TOKEN_BYTES } from './token-ids.ts';

const HEAD_BYTES = 128;
/** Behind the numbers of the head: lessons by script, two bytes a class each. Schema 2 had none, and its tables have no `BY_SCRIPT`. */
const SCRIPTS_AT = 64;
const BY_SCRIPT = 2 ** 31;
/** Lessons counted of a class and a script. */
const LESSONS_MAX = 0xffff;
const HAM_LESSONS_SHIFT = 16;
/** Filled to 0.75 by new tokens, a table is laid out anew. */
const TOKENS_PER_BUCKET_MAX = 6;
/** On overflow, the rarest tokens beyond 7/8 of the limit go, so that new ones find room for a while. */
const KEPT_OF_EIGHT = 7;

/** Filled by each look-up: valid until the next one. */
const spamLessons = new Float64Array(SCRIPTS);
const hamLessons = new Float64Array(SCRIPTS);

export interface UserHead {
  /** 16 bytes. */
  readonly salt: Buffer;
  /** 8 bytes: `userCheck` of the first root seen. */
  readonly check: Buffer;
  readonly created: number;
}

/**
 * One user's tokens, as they lie on disk, so that decoding is nothing but a look at the bytes: buckets of a cache line each.
 * An id's bucket follows from its size, and what finds its bucket full lies in the next one (linear probing). New tokens take
 * the first free place; on disk the ids lie in order, from the first bucket to the last, so that the same tokens give the same
 * bytes whatever was there before. Ids are cut to 32 bits: of a million unknown tokens, one passes for another of 5,000.
 */
export class UserTable {
  readonly head: UserHead;
  /** Last lesson in the table. */
  seq = 0;
  spamTotal = 0;
  hamTotal = 0;
  /** Lessons that hold a script, spam in the lower half. */
  #byScript = new Int32Array(SCRIPTS);
  /** What the first pass of a look-up saw: kept, so that the compiler cannot drop the pass. */
  touched = 0;
  #count = 0;
  /** Those that ids belong to; one more at least is there, for what overflows. */
  #buckets = 1;
  #words = new Int32Array(2 * BUCKET_WORDS);
  /** Laid out as on disk: no token was added since. */
  #isInOrder = true;

  constructor(head: UserHead) {
    this.head = head;
  }

  /** @param record is not copied but for the head; it must stay as it is. */
  static decode(record: Buffer): UserTable {
    const table = new UserTable({
      salt: copied(record, 0, 16),
      check: copied(record, 16, 24),
      created: record.readDoubleLE(24),
    });
    table.seq = record.readDoubleLE(32);
    table.spamTotal = record.readDoubleLE(40);
    table.hamTotal = record.readDoubleLE(48);
    table.#count = record.readUInt32LE(56);
    const buckets = record.readUInt32LE(60);
    table.#buckets = buckets % BY_SCRIPT;
    const isByScript = buckets >= BY_SCRIPT;
    if (isByScript) table.#byScript = wordsOf(record, SCRIPTS_AT, HEAD_BYTES);
    else table.#byScript.fill(packedLessons(table));
    table.#words = wordsOf(record, isByScript ? HEAD_BYTES : SCRIPTS_AT, record.length);
    return table;
  }

  encode(): Buffer {
    if (!this.#isInOrder) this.#layOut(this.#sorted());
    const words = this.#words;
    const record = Buffer.from(new ArrayBuffer(HEAD_BYTES + words.byteLength));
    record.set(this.head.salt, 0);
    record.set(this.head.check, 16);
    record.writeDoubleLE(this.head.created, 24);
    record.writeDoubleLE(this.seq, 32);
    record.writeDoubleLE(this.spamTotal, 40);
    record.writeDoubleLE(this.hamTotal, 48);
    record.writeUInt32LE(this.#count, 56);
    record.writeUInt32LE(BY_SCRIPT + this.#buckets, 60);
    new Int32Array(record.buffer, SCRIPTS_AT).set(this.#byScript);
    new Int32Array(record.buffer, HEAD_BYTES).set(words);
    return record;
  }

  /** Tokens in the table. */
  get tokens(): number {
    return this.#count;
  }

  get bytes(): number {
    return HEAD_BYTES + this.#words.byteLength;
  }

  /**
   * In two passes, as `TokenTable.lookup`, and with numbers for the same reason. The first one looks at both ends of a bucket,
   * since the memory of a table may begin anywhere in a line. An id of 0 is found in an empty place, with counts of 0.
   */
  lookup(ids: Buffer, count: number, into: CountColumns): void {
    const table = this.#words;
    const scale = this.#buckets / 2 ** 32;
    const words = tokenWords(ids, count);
    const { spam, ham, scripts } = into;
    let touched = 0;
    for (let i = 0; i < count; i++) {
      const at = (((words[4 * i]! >>> 0) * scale) | 0) << 4;
      touched ^= table[at]! ^ table[at + 15]!;
    }
    this.touched = touched;
    for (let i = 0; i < count; i++) {
      const id = words[4 * i]!;
      let at = (((id >>> 0) * scale) | 0) << 4;
      let end = at + 8;
      while (at < end && table[at] !== id) {
        at++;
        if (at < end || table[at + 7]! >= 0) continue;
        at += 8;
        end = at + 8;
      }
      const counts = at < end ? table[at + 8]! : 0;
      spam[i] = (counts & 0x7fff) << 8;
      ham[i] = ((counts >>> 16) & 0x7fff) << 8;
      scripts[i] = words[4 * i + 2]!;
    }
    into.count = count;
    this.#totals(into);
  }

  #totals(into: CountColumns): void {
    into.spamTotal = this.spamTotal;
    into.hamTotal = this.hamTotal;
    for (let script = 0; script < SCRIPTS; script++) {
      const lessons = this.#byScript[script]!;
      spamLessons[script] = (lessons & LESSONS_MAX) * LESSON_WEIGHT;
      hamLessons[script] = (lessons >>> HAM_LESSONS_SHIFT) * LESSON_WEIGHT;
    }
    into.spamByScript = spamLessons;
    into.hamByScript = hamLessons;
  }

  learn(learnt: Learnt, tokensMax: number): void {
    const { uids } = learnt;
    for (let offset = 0; offset < uids.length; offset += TOKEN_BYTES) {
      const id = uids.readUInt32LE(offset);
      const at = this.#find(id);
      this.#add(at < 0 ? this.#insert(id) : at, learnt, 1);
    }
    this.#addTotal(learnt, 1);
    if (this.#count > tokensMax) {
      const kept = Math.floor((tokensMax * KEPT_OF_EIGHT) / 8);
      this.#layOut(withoutRarest(this.#sorted(), kept, this.seq));
    }
  }

  unlearn(learnt: Learnt): void {
    const { uids } = learnt;
    let forgotten = false;
    for (let offset = 0; offset < uids.length; offset += TOKEN_BYTES) {
      const at = this.#find(uids.readUInt32LE(offset));
      if (at < 0) continue;
      this.#add(at, learnt, -1);
      if (countsAt(this.#words, at) === 0) forgotten = true;
    }
    this.#addTotal(learnt, -1);
    if (forgotten) this.#layOut(this.#sorted());
  }

  #addTotal(learnt: Learnt, sign: 1 | -1): void {
    const weight = sign * LESSON_WEIGHT;
    if (learnt.label === 'spam') this.spamTotal = Math.max(0, this.spamTotal + weight);
    else this.hamTotal = Math.max(0, this.hamTotal + weight);
    const shift = learnt.label === 'spam' ? 0 : HAM_LESSONS_SHIFT;
    for (let script = 0; script < SCRIPTS; script++)
      if (((learnt.scripts >>> script) & 1) === 1)
        this.#byScript[script] = moved(this.#byScript[script]!, { shift, max: LESSONS_MAX, by: sign });
  }

  /** Index of a token's counts, −1 where it is unknown. */
  #find(id: number): number {
    const words = this.#words;
    const signed = id | 0;
    for (let at = bucketOf(id, this.#buckets) * BUCKET_WORDS; ; at += BUCKET_WORDS) {
      for (let i = at; i < at + BUCKET_TOKENS; i++)
        if (words[i] === signed) return countsAt(words, i + BUCKET_TOKENS) === 0 ? -1 : i + BUCKET_TOKENS;
      if ((words[at + BUCKET_WORDS - 1]! & GOES_ON) === 0) return -1;
    }
  }

  #add(at: number, { label }: Learnt, sign: 1 | -1): void {
    const words = this.#words;
    const shift = label === 'spam' ? 0 : HAM_SHIFT;
    words[at] = moved(words[at]!, { shift, max: COUNT_MAX, by: sign });
  }

  /** Gives an unknown token the first free place from its bucket on. Returns the index of its counts, which are 0. */
  #insert(id: number): number {
    if (this.#count >= this.#buckets * TOKENS_PER_BUCKET_MAX) this.#layOut(this.#sorted());
    this.#count++;
    this.#isInOrder = false;
    for (let at = bucketOf(id, this.#buckets) * BUCKET_WORDS; ; at += BUCKET_WORDS) {
      if (at === this.#words.length) this.#words = grown(this.#words);
      const words = this.#words;
      for (let i = at; i < at + BUCKET_TOKENS; i++) {
        if (countsAt(words, i + BUCKET_TOKENS) !== 0) continue;
        words[i] = id;
        return i + BUCKET_TOKENS;
      }
      words[at + BUCKET_WORDS - 1]! |= GOES_ON;
    }
  }

  #sorted(): SortedTokens {
    return sortedTokens(this.#words, this.#count);
  }

  #layOut(sorted: SortedTokens): void {
    const { words, buckets } = layOut(sorted);
    this.#count = sorted.count;
    this.#buckets = buckets;
    this.#words = words;
    // No view of a record any more, which it would keep alive.
    this.#byScript = this.#byScript.slice();
    this.#isInOrder = true;
  }
}

/** One of two counts of a word, one more or less, from 0 to `max`. */
function moved(
  word: number,
  of: { readonly shift: number; readonly max: number; readonly by: 1 | -1 },
): number {
  const { shift, max, by } = of;
  const count = Math.min(Math.max(((word >>> shift) & max) + by, 0), max);
  return (word & ~(max << shift)) | (count << shift);
}

/** A lesson of schema 2 counts for all scripts. */
function packedLessons({ spamTotal, hamTotal }: UserTable): number {
  const [spam, ham] = [spamTotal, hamTotal].map((total) => Math.min(total / LESSON_WEIGHT, LESSONS_MAX));
  return spam! | (ham! << HAM_LESSONS_SHIFT);
}

function wordsOf(record: Buffer, start: number, end: number): Int32Array<ArrayBuffer> {
  return new Int32Array(record.buffer as ArrayBuffer, record.byteOffset + start, (end - start) / 4);
}

/** Not a slice: one of 16 bytes would keep all of a record alive. */
function copied(record: Buffer, start: number, end: number): Buffer {
  const copy = Buffer.alloc(end - start);
  record.copy(copy, 0, start, end);
  return copy;
}
