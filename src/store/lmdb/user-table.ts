import type { CountColumns } from '../store.ts';
import type { Learnt } from './lesson-record.ts';
import { TOKEN_BYTES, tokenWords } from './token-ids.ts';

const HEAD_BYTES = 64;
/** Words of a bucket, which is as long as a cache line: eight ids, then the counts of each. */
const BUCKET_WORDS = 16;
const BUCKET_TOKENS = 8;
/** Filled to 0.65: one bucket in twelve then goes on in the next one. */
const TOKENS_PER_BUCKET = 5.2;
/** Filled to 0.75 by new tokens, a table is laid out anew. */
const TOKENS_PER_BUCKET_MAX = 6;
/** Of a bucket's last word: some id that belongs here or before lies in the next bucket. */
const GOES_ON = -0x80000000;
/** Spam in bits 0–14 of a token's counts, ham in bits 16–30; whole lessons. */
const COUNT_MAX = 0x7fff;
const HAM_SHIFT = 16;
const LESSON_UNITS = 256;
/** On overflow, the rarest tokens beyond 7/8 of the limit go, so that new ones find room for a while. */
const KEPT_OF_EIGHT = 7;
/** 2³² ÷ the golden ratio: multiples of it spread evenly (Knuth, TAOCP 3, 6.4). */
const SPREAD = 0x9e3779b1;

export interface UserHead {
  /** 16 bytes. */
  readonly salt: Buffer;
  /** 8 bytes: `userCheck` of the first root seen. */
  readonly check: Buffer;
  readonly created: number;
}

/** Tokens in order of their ids. */
interface Sorted {
  readonly ids: Uint32Array;
  readonly counts: Int32Array;
  count: number;
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
    table.#buckets = record.readUInt32LE(60);
    table.#words = new Int32Array(
      record.buffer as ArrayBuffer,
      record.byteOffset + HEAD_BYTES,
      (record.length - HEAD_BYTES) / 4,
    );
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
    record.writeUInt32LE(this.#buckets, 60);
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
    const { spam, ham } = into;
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
    }
    into.count = count;
    into.spamTotal = this.spamTotal;
    into.hamTotal = this.hamTotal;
  }

  learn(learnt: Learnt, tokensMax: number): void {
    const { uids } = learnt;
    for (let offset = 0; offset < uids.length; offset += TOKEN_BYTES) {
      const id = uids.readUInt32LE(offset);
      const at = this.#find(id);
      this.#add(at < 0 ? this.#insert(id) : at, learnt, 1);
    }
    this.#addTotal(learnt, learnt.weight);
    if (this.#count > tokensMax) this.#dropRarest(Math.floor((tokensMax * KEPT_OF_EIGHT) / 8));
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
    this.#addTotal(learnt, -learnt.weight);
    if (forgotten) this.#layOut(this.#sorted());
  }

  #addTotal(learnt: Learnt, weight: number): void {
    if (learnt.label === 'spam') this.spamTotal = Math.max(0, this.spamTotal + weight);
    else this.hamTotal = Math.max(0, this.hamTotal + weight);
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

  #add(at: number, { label, weight }: Learnt, sign: 1 | -1): void {
    const words = this.#words;
    const before = words[at]!;
    const shift = label === 'spam' ? 0 : HAM_SHIFT;
    const lessons = ((before >>> shift) & COUNT_MAX) + sign * lessonsOf(weight);
    const count = Math.min(Math.max(lessons, 0), COUNT_MAX);
    words[at] = (before & ~(COUNT_MAX << shift)) | (count << shift);
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

  /** What the table holds, in order. */
  #sorted(): Sorted {
    const ids = new Uint32Array(this.#count);
    const counts = new Int32Array(this.#count);
    const words = this.#words;
    let count = 0;
    for (let at = 0; at < words.length; at += 16) {
      for (let i = at; i < at + 8; i++) {
        const own = words[i + 8]! & 0x7fffffff;
        if (own === 0) continue;
        // By insertion: an id is never more than a few buckets from its place.
        let to = count++;
        const id = words[i]! >>> 0;
        for (; to > 0 && ids[to - 1]! > id; to--) {
          ids[to] = ids[to - 1]!;
          counts[to] = counts[to - 1]!;
        }
        ids[to] = id;
        counts[to] = own;
      }
    }
    return { ids, counts, count };
  }

  #layOut({ ids, counts, count }: Sorted): void {
    const buckets = Math.max(1, Math.ceil(count / TOKENS_PER_BUCKET));
    let words = new Int32Array((buckets + 1) * BUCKET_WORDS);
    let bucket = 0;
    let filled = 0;
    const scale = buckets / 2 ** 32;
    for (let i = 0; i < count; i++) {
      const id = ids[i]!;
      const home = (id * scale) | 0;
      if (home > bucket) {
        bucket = home;
        filled = 0;
      } else if (filled === 8) {
        words[16 * bucket + 15]! |= GOES_ON;
        bucket++;
        filled = 0;
        if (16 * bucket === words.length) words = grown(words);
      }
      words[16 * bucket + filled] = id;
      words[16 * bucket + filled + 8] = counts[i]!;
      filled++;
    }
    this.#count = count;
    this.#buckets = buckets;
    this.#words = words;
    this.#isInOrder = true;
  }

  /**
   * Of those that are equally rare some go, from another one on each time: were they always the same, the oldest of them would
   * stay for ever, and a full table would learn no new token. Which ones follows from the lessons, so a replay drops the same.
   */
  #dropRarest(kept: number): void {
    const sorted = this.#sorted();
    const totals = new Uint32Array(sorted.count);
    for (let i = 0; i < sorted.count; i++) totals[i] = totalOf(sorted.counts[i]!);
    totals.sort();
    const least = totals[sorted.count - kept] ?? 0;
    const rarer = totals.indexOf(least);
    const ties = totals.lastIndexOf(least) + 1 - rarer;
    const dropped = sorted.count - kept - rarer;
    const first = Math.floor(((Math.imul(this.seq + 1, SPREAD) >>> 0) / 2 ** 32) * ties);
    this.#layOut(keep(sorted, least, (tie) => (tie - first + ties) % ties >= dropped));
  }
}

/** Keeps what counts more than `least`, and of what counts just that, whose index among them is spared. */
function keep(sorted: Sorted, least: number, isSpared: (tie: number) => boolean): Sorted {
  const { ids, counts } = sorted;
  let to = 0;
  let ties = 0;
  for (let i = 0; i < sorted.count; i++) {
    const total = totalOf(counts[i]!);
    if (total < least || (total === least && !isSpared(ties++))) continue;
    ids[to] = ids[i]!;
    counts[to++] = counts[i]!;
  }
  return { ids, counts, count: to };
}

function bucketOf(id: number, buckets: number): number {
  return Math.floor((id * buckets) / 2 ** 32);
}

/** Without the bucket's own bit; 0 = an empty place. */
function countsAt(words: Int32Array, at: number): number {
  return words[at]! & ~GOES_ON;
}

function totalOf(counts: number): number {
  return (counts & COUNT_MAX) + (counts >>> HAM_SHIFT);
}

/** At least one: a token that was taught is there. */
function lessonsOf(weight: number): number {
  return Math.min(Math.max(Math.round(weight / LESSON_UNITS), 1), COUNT_MAX);
}

function grown(words: Int32Array): Int32Array<ArrayBuffer> {
  const copy = new Int32Array(words.length + BUCKET_WORDS);
  copy.set(words);
  return copy;
}

/** Not a slice: one of 16 bytes would keep all of a record alive. */
function copied(record: Buffer, start: number, end: number): Buffer {
  const copy = Buffer.alloc(end - start);
  record.copy(copy, 0, start, end);
  return copy;
}
