import type { CountColumns } from '../store.ts';
import type { Learnt } from './lesson-record.ts';
import { STRIDE_WORDS, TOKEN_BYTES, tokenWords } from './token-ids.ts';

const HEAD_BYTES = 64;
const COUNT_MAX = 0xffffff;
/** Buckets by the first bits of an id: at 5,000 tokens ten ids each, which lie in one or two cache lines. */
const BUCKET_BITS = 9;
const BUCKETS = 2 ** BUCKET_BITS;
/** On overflow, the rarest tokens beyond 7/8 of the limit go, so that new ones find room for a while. */
const KEPT_OF_EIGHT = 7;

export interface UserHead {
  /** 16 bytes. */
  readonly salt: Buffer;
  /** 8 bytes: `userCheck` of the first root seen. */
  readonly check: Buffer;
  readonly created: number;
}

/**
 * One user's tokens: three columns sorted by id, as they lie on disk, so that decoding is nothing but a look at the bytes.
 * Ids are cut to 48 bits, counts (in 1/256 lesson) to 24.
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
  #starts: Uint32Array | undefined;
  /** Bits 0–31 of the id. */
  #low = new Uint32Array(0);
  /** Count of spam, then bits 32–39 of the id. */
  #spam = new Uint32Array(0);
  /** Count of ham, then bits 40–47 of the id. */
  #ham = new Uint32Array(0);

  constructor(head: UserHead) {
    this.head = head;
  }

  /** @param record is copied. */
  static decode(record: Buffer): UserTable {
    const bytes = new Uint8Array(record);
    const { buffer } = bytes;
    const copy = Buffer.from(buffer);
    const table = new UserTable({
      salt: copy.subarray(0, 16),
      check: copy.subarray(16, 24),
      created: copy.readDoubleLE(24),
    });
    table.seq = copy.readDoubleLE(32);
    table.spamTotal = copy.readDoubleLE(40);
    table.hamTotal = copy.readDoubleLE(48);
    const count = copy.readUInt32LE(56);
    table.#count = count;
    table.#low = new Uint32Array(buffer, HEAD_BYTES, count);
    table.#spam = new Uint32Array(buffer, HEAD_BYTES + 4 * count, count);
    table.#ham = new Uint32Array(buffer, HEAD_BYTES + 8 * count, count);
    return table;
  }

  encode(): Buffer {
    const count = this.#count;
    const record = Buffer.from(new ArrayBuffer(HEAD_BYTES + 12 * count));
    record.set(this.head.salt, 0);
    record.set(this.head.check, 16);
    record.writeDoubleLE(this.head.created, 24);
    record.writeDoubleLE(this.seq, 32);
    record.writeDoubleLE(this.spamTotal, 40);
    record.writeDoubleLE(this.hamTotal, 48);
    record.writeUInt32LE(count, 56);
    new Uint32Array(record.buffer, HEAD_BYTES, count).set(this.#low.subarray(0, count));
    new Uint32Array(record.buffer, HEAD_BYTES + 4 * count, count).set(this.#spam.subarray(0, count));
    new Uint32Array(record.buffer, HEAD_BYTES + 8 * count, count).set(this.#ham.subarray(0, count));
    return record;
  }

  /** Tokens in the table. */
  get tokens(): number {
    return this.#count;
  }

  get bytes(): number {
    return HEAD_BYTES + 12 * this.#low.length;
  }

  /** In two passes, as `TokenTable.lookup`. */
  lookup(ids: Buffer, count: number, into: CountColumns): void {
    const words = tokenWords(ids, count);
    const column = this.#low;
    const starts = this.#bucketStarts();
    let touched = 0;
    for (let i = 0; i < count; i++) touched ^= column[starts[bucketOf(words[STRIDE_WORDS * i]!)]!]!;
    this.touched = touched;
    for (let i = 0; i < count; i++) {
      const at = this.#find(words[STRIDE_WORDS * i]! >>> 0, words[STRIDE_WORDS * i + 1]! & 0xffff);
      into.spam[i] = at < 0 ? 0 : this.#spam[at]! >>> 8;
      into.ham[i] = at < 0 ? 0 : this.#ham[at]! >>> 8;
    }
    into.count = count;
    into.spamTotal = this.spamTotal;
    into.hamTotal = this.hamTotal;
  }

  learn(learnt: Learnt, tokensMax: number): void {
    const column = this.#column(learnt);
    const fresh: number[] = [];
    for (let offset = 0; offset < learnt.uids.length; offset += TOKEN_BYTES) {
      const at = this.#findId(learnt.uids, offset);
      if (at < 0) fresh.push(offset);
      else addCount(column, at, learnt.weight);
    }
    if (fresh.length > 0) this.#insert(learnt, fresh);
    this.#addTotal(learnt, learnt.weight);
    if (this.#count > tokensMax) this.#dropRarest(Math.floor((tokensMax * KEPT_OF_EIGHT) / 8));
  }

  unlearn(learnt: Learnt): void {
    const column = this.#column(learnt);
    for (let offset = 0; offset < learnt.uids.length; offset += TOKEN_BYTES) {
      const at = this.#findId(learnt.uids, offset);
      if (at >= 0) addCount(column, at, -learnt.weight);
    }
    this.#addTotal(learnt, -learnt.weight);
    this.#keep(1);
  }

  #column(learnt: Learnt): Uint32Array {
    return learnt.label === 'spam' ? this.#spam : this.#ham;
  }

  #addTotal(learnt: Learnt, weight: number): void {
    if (learnt.label === 'spam') this.spamTotal = Math.max(0, this.spamTotal + weight);
    else this.hamTotal = Math.max(0, this.hamTotal + weight);
  }

  #findId(ids: Buffer, offset: number): number {
    return this.#find(ids.readUInt32LE(offset), ids.readUInt16LE(offset + 4));
  }

  /** Index of an id, −1 where it is unknown. Ids are pseudorandom, so that buckets by their first bits are short. */
  #find(low: number, high: number): number {
    const column = this.#low;
    const starts = this.#bucketStarts();
    const bucket = bucketOf(low);
    const end = starts[bucket + 1]!;
    for (let at = starts[bucket]!; at < end && column[at]! <= low; at++) {
      if (column[at] === low && this.#high(at) === high) return at;
    }
    return -1;
  }

  /** Where each bucket of ids begins; made anew after tokens came or went. */
  #bucketStarts(): Uint32Array {
    if (this.#starts !== undefined) return this.#starts;
    const starts = new Uint32Array(BUCKETS + 1);
    let bucket = 0;
    for (let at = 0; at < this.#count; at++) {
      const own = bucketOf(this.#low[at]!);
      while (bucket < own) starts[++bucket] = at;
    }
    while (bucket < BUCKETS) starts[++bucket] = this.#count;
    this.#starts = starts;
    return starts;
  }

  #high(at: number): number {
    return (this.#spam[at]! & 0xff) | ((this.#ham[at]! & 0xff) << 8);
  }

  /** Merges new tokens into the columns, from the end, in place. */
  #insert(learnt: Learnt, offsets: number[]): void {
    const { uids, weight, label } = learnt;
    offsets.sort((a, b) => compareIds(uids, a, b));
    const before = this.#count;
    this.#reserve(before + offsets.length);
    let from = before - 1;
    let to = before + offsets.length - 1;
    for (let next = offsets.length - 1; next >= 0; to--) {
      const offset = offsets[next]!;
      const low = uids.readUInt32LE(offset);
      if (from >= 0 && this.#low[from]! > low) {
        this.#move(from--, to);
        continue;
      }
      this.#low[to] = low;
      this.#spam[to] = (label === 'spam' ? weight << 8 : 0) | uids[offset + 4]!;
      this.#ham[to] = (label === 'ham' ? weight << 8 : 0) | uids[offset + 5]!;
      next--;
    }
    this.#count = before + offsets.length;
    this.#starts = undefined;
  }

  #move(from: number, to: number): void {
    this.#low[to] = this.#low[from]!;
    this.#spam[to] = this.#spam[from]!;
    this.#ham[to] = this.#ham[from]!;
  }

  #reserve(count: number): void {
    if (count <= this.#low.length) return;
    const capacity = Math.ceil(count * 1.25);
    this.#low = grown(this.#low, capacity);
    this.#spam = grown(this.#spam, capacity);
    this.#ham = grown(this.#ham, capacity);
  }

  #total(at: number): number {
    return (this.#spam[at]! >>> 8) + (this.#ham[at]! >>> 8);
  }

  #dropRarest(kept: number): void {
    const totals = new Uint32Array(this.#count);
    for (let at = 0; at < this.#count; at++) totals[at] = this.#total(at);
    totals.sort();
    const least = totals[this.#count - kept] ?? 0;
    let spare = kept;
    for (const total of totals) if (total > least) spare--;
    this.#keep(least, spare);
  }

  /** Keeps what counts more than `least`, and the first `spare` that count just that. */
  #keep(least: number, spare = Number.POSITIVE_INFINITY): void {
    let to = 0;
    let left = spare;
    for (let at = 0; at < this.#count; at++) {
      const total = this.#total(at);
      if (total < least || (total === least && left-- <= 0)) continue;
      if (at !== to) this.#move(at, to);
      to++;
    }
    this.#count = to;
    this.#starts = undefined;
  }
}

function bucketOf(low: number): number {
  return low >>> (32 - BUCKET_BITS);
}

function addCount(column: Uint32Array, at: number, weight: number): void {
  const count = Math.min(Math.max((column[at]! >>> 8) + weight, 0), COUNT_MAX);
  column[at] = (count << 8) | (column[at]! & 0xff);
}

function grown(column: Uint32Array, capacity: number): Uint32Array<ArrayBuffer> {
  const copy = new Uint32Array(capacity);
  copy.set(column);
  return copy;
}

function compareIds(ids: Buffer, a: number, b: number): number {
  return ids.readUInt32LE(a) - ids.readUInt32LE(b);
}
