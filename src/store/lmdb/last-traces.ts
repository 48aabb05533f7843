import type { TraceAddress } from './trace-id.ts';

/** Pairs of a bucket: their keys fill a cache line. */
const BUCKET_PAIRS = 8;
const KEY_WORDS = 2;
/** Of an address: block u32 u32, place and the mark of spam, check. */
const ADDRESS_WORDS = 4;
const IS_SPAM = 0x10000;
/** Of a pair on disk: its key, when, its address. */
const ROW_BYTES = 4 * KEY_WORDS + 8 + 4 * ADDRESS_WORDS;
const WORD = 2 ** 32;

/** The first two words of the pair's keyed id. */
export type PairKey = ArrayLike<number>;

/**
 * The last trace of each pair of user and sender: so that one may learn from what a stranger wrote by naming the two. Of fixed
 * size; a pair lies in one of eight places. Where these are taken, spam makes room first, since it is hardly answered, then what
 * is oldest: a flood of spam that is found out pushes out no other pair.
 */
export class LastTraces {
  readonly #buckets: number;
  readonly #keys: Uint32Array;
  /** 0 = free. */
  readonly #ats: Float64Array;
  readonly #addresses: Uint32Array;

  /** @param pairsMax rounded up to whole buckets, 32 bytes each */
  constructor(pairsMax: number) {
    this.#buckets = Math.ceil(pairsMax / BUCKET_PAIRS);
    const pairs = this.#buckets * BUCKET_PAIRS;
    this.#keys = new Uint32Array(KEY_WORDS * pairs);
    this.#ats = new Float64Array(pairs);
    this.#addresses = new Uint32Array(ADDRESS_WORDS * pairs);
  }

  set(pair: PairKey, { at, block, place, check }: TraceAddress, isSpam: boolean): void {
    const found = this.#find(pair);
    const index = found < 0 ? this.#placeFor(pair) : found;
    this.#keys[KEY_WORDS * index] = pair[0]!;
    this.#keys[KEY_WORDS * index + 1] = pair[1]!;
    this.#ats[index] = at;
    const address = ADDRESS_WORDS * index;
    this.#addresses[address] = block % WORD;
    this.#addresses[address + 1] = Math.floor(block / WORD);
    this.#addresses[address + 2] = isSpam ? place | IS_SPAM : place;
    this.#addresses[address + 3] = check;
  }

  get(pair: PairKey): TraceAddress | undefined {
    const index = this.#find(pair);
    if (index < 0) return undefined;
    const address = ADDRESS_WORDS * index;
    return {
      at: this.#ats[index]!,
      block: this.#addresses[address]! + this.#addresses[address + 1]! * WORD,
      place: this.#addresses[address + 2]! & (IS_SPAM - 1),
      check: this.#addresses[address + 3]!,
    };
  }

  /** The pairs that are there, one after the other. */
  encode(): Buffer {
    const indexes = [...this.#ats.keys()].filter((index) => this.#ats[index] !== 0);
    const bytes = Buffer.alloc(ROW_BYTES * indexes.length);
    for (const [row, index] of indexes.entries()) {
      const at = ROW_BYTES * row;
      for (let word = 0; word < KEY_WORDS; word++)
        bytes.writeUInt32LE(this.#keys[KEY_WORDS * index + word]!, at + 4 * word);
      bytes.writeDoubleLE(this.#ats[index]!, at + 8);
      for (let word = 0; word < ADDRESS_WORDS; word++)
        bytes.writeUInt32LE(this.#addresses[ADDRESS_WORDS * index + word]!, at + 16 + 4 * word);
    }
    return bytes;
  }

  /** Takes back what `encode` gave, whatever size the table had then. */
  restore(bytes: Buffer): void {
    for (let at = 0; at + ROW_BYTES <= bytes.length; at += ROW_BYTES) {
      const [low, high, place, check] = [16, 20, 24, 28].map((from) => bytes.readUInt32LE(at + from)) as [
        number,
        number,
        number,
        number,
      ];
      const block = low + high * WORD;
      const address = { at: bytes.readDoubleLE(at + 8), block, place: place & (IS_SPAM - 1), check };
      this.set([bytes.readUInt32LE(at), bytes.readUInt32LE(at + 4)], address, place >= IS_SPAM);
    }
  }

  #first(pair: PairKey): number {
    return Math.floor((pair[0]! / WORD) * this.#buckets) * BUCKET_PAIRS;
  }

  #find(pair: PairKey): number {
    const first = this.#first(pair);
    for (let index = first; index < first + BUCKET_PAIRS; index++) {
      const key = KEY_WORDS * index;
      if (this.#keys[key] === pair[0] && this.#keys[key + 1] === pair[1] && this.#ats[index] !== 0)
        return index;
    }
    return -1;
  }

  #placeFor(pair: PairKey): number {
    const first = this.#first(pair);
    let worst = first;
    let worstAge = Number.POSITIVE_INFINITY;
    for (let index = first; index < first + BUCKET_PAIRS; index++) {
      const isSpam = this.#addresses[ADDRESS_WORDS * index + 2]! >= IS_SPAM;
      // As if spam were older than anything else.
      const age = isSpam ? this.#ats[index]! - Number.MAX_SAFE_INTEGER : this.#ats[index]!;
      if (this.#ats[index] === 0) return index;
      if (age >= worstAge) continue;
      worst = index;
      worstAge = age;
    }
    return worst;
  }
}
