import type { ServerColumns } from '../store.ts';
import { tokenWords } from '../token-words.ts';
import { type Learnt, OPERATOR_TAG } from './lesson-record.ts';
import { TOKEN_BYTES } from './token-ids.ts';

export const SEGMENT_SLOTS = 4096;
/** Load of 0.75: beyond it, linear probing for an unknown token gets slow (Knuth, TAOCP 3, 6.4: 8.5 probes). */
export const SEGMENT_TOKENS_MAX = 3072;
/** Tokens of a segment that only the starter knows: a quarter at most, so that a small table has room for lessons. */
export const SEGMENT_STARTER_MAX = SEGMENT_TOKENS_MAX / 4;

/** 32-bit words of a slot. 8, so that a slot never straddles a cache line; the last one, the starter's, is in memory only. */
const SLOT_WORDS = 8;
const SEGMENT_WORDS = SEGMENT_SLOTS * SLOT_WORDS;
/** A large block of memory begins 16 bytes behind a page (glibc, musl): further on by this, no slot straddles a line. */
const FIRST_SLOT_BYTES = 48;
/** Words of a slot that are written to disk. */
export const ROW_WORDS = 7;
const HIGH = 0;
const LOW = 1;
const SPAM = 2;
const HAM = 3;
const REPORTS = 4;
const TAG_SUM = 5;
const TAG_SQUARES = 6;
const STARTER = 7;
const COUNT_MAX = 0xffffffff;

/**
 * The server's token counts. Open addressing with linear probing that wraps inside a segment, so that each segment is a
 * table of its own and can be written by itself.
 *
 * A token counts only once two distinct reporters brought it. With n reports, S1 = Σ tag and S2 = Σ tag² (mod 2³²), all tags
 * are the same only if n·S2 = S1² (equality in the Cauchy–Schwarz inequality). The three sums are exact under undo and do
 * not depend on the order of lessons. Two reporters pass for one with a probability of about 2⁻¹⁵: then the token stays
 * silent until a third one brings it.
 */
export class TokenTable {
  readonly segments: number;
  /** Tokens that some lesson holds. */
  tokens = 0;
  /** New tokens that found their segment full. */
  refused = 0;
  /** What the first pass of a look-up saw: kept, so that the compiler cannot drop the pass. */
  touched = 0;
  readonly #slots: Uint32Array;
  /** The same words with a sign: the engine compares them as they are, and unsigned ones only as floating-point numbers. */
  readonly #signed: Int32Array;
  /** Segments ÷ 2³². */
  readonly #scale: number;
  /** Slots of each segment whose key is set, those of forgotten tokens included. */
  readonly #used: Uint16Array;
  /** Of these, the tokens that some lesson holds. */
  readonly #live: Uint16Array;
  /** Of these, the tokens that only the starter knows. */
  readonly #starterOnly: Uint16Array;

  constructor(segments: number) {
    this.segments = segments;
    const memory = new ArrayBuffer(FIRST_SLOT_BYTES + 4 * segments * SEGMENT_WORDS);
    this.#slots = new Uint32Array(memory, FIRST_SLOT_BYTES);
    this.#signed = new Int32Array(memory, FIRST_SLOT_BYTES);
    this.#scale = segments / 2 ** 32;
    this.#used = new Uint16Array(segments);
    this.#live = new Uint16Array(segments);
    this.#starterOnly = new Uint16Array(segments);
  }

  segmentOf(ids: Buffer, offset: number): number {
    return this.#segment(ids.readInt32LE(offset));
  }

  /**
   * In two passes: the first looks at the home slot of every token. Each lies in memory that no cache holds; asked for one
   * after the other they would be waited for one after the other, asked for at once the processor fetches them side by side.
   * `#find` is written out with its numbers: neither are constants of a module compiled in nor every call, and both together
   * are a quarter of the time.
   */
  lookup(ids: Buffer, count: number, into: ServerColumns): void {
    const slots = this.#signed;
    const scale = this.#scale;
    const words = tokenWords(ids, count);
    const { spam, ham, starter, scripts } = into;
    let touched = 0;
    for (let i = 0; i < count; i++)
      touched ^= slots[((((words[4 * i]! >>> 0) * scale) | 0) << 15) | ((words[4 * i + 1]! & 4095) << 3)]!;
    this.touched = touched;
    for (let i = 0; i < count; i++) {
      const high = words[4 * i]!;
      const low = words[4 * i + 1]!;
      let at = ((((high >>> 0) * scale) | 0) << 15) | ((low & 4095) << 3);
      let isKnown = false;
      while (slots[at] !== 0 || slots[at + 1] !== 0) {
        isKnown = slots[at] === high && slots[at + 1] === low;
        if (isKnown) break;
        at = (at & ~32767) | ((at + 8) & 32767);
      }
      const isCounted = isKnown && this.#isTrusted(at);
      spam[i] = isCounted ? slots[at + SPAM]! : 0;
      ham[i] = isCounted ? slots[at + HAM]! : 0;
      starter[i] = isKnown ? slots[at + STARTER]! : 0;
      scripts[i] = words[4 * i + 2]!;
    }
    into.count = count;
  }

  /**
   * Looks at the home slot of every token of a lesson, ids of 8 bytes, so that memory that no cache holds is waited for once: as
   * the first pass of `lookup`.
   */
  touch(sids: Buffer): void {
    const slots = this.#signed;
    let touched = 0;
    for (let offset = 0; offset < sids.length; offset += TOKEN_BYTES)
      touched ^= slots[this.#home(sids.readInt32LE(offset), sids.readInt32LE(offset + 4))]!;
    this.touched = touched;
  }

  /** Adds one token of a lesson, or takes it away again. `offset` is that of its id in `learnt.sids`. */
  apply(learnt: Learnt, offset: number, sign: 1 | -1): void {
    const high = learnt.sids.readInt32LE(offset);
    const low = learnt.sids.readInt32LE(offset + 4);
    const at = sign === 1 ? this.#findOrInsert(high, low) : this.#find(high, low);
    if (at < 0) return;
    const slots = this.#slots;
    const operator = learnt.reporterTag === OPERATOR_TAG;
    // Tags 1 and 2 for the operator: two reports, sum 3, squares 1 + 4.
    const reports = operator ? 2 : 1;
    if (sign === -1 && slots[at + REPORTS]! < reports) return;
    if (sign === 1 && slots[at + REPORTS] === 0) this.#countLive(at, 1);
    const column = at + (learnt.label === 'spam' ? SPAM : HAM);
    slots[column] = Math.min(Math.max(slots[column]! + sign * learnt.weight, 0), COUNT_MAX);
    slots[at + REPORTS] = slots[at + REPORTS]! + sign * reports;
    slots[at + TAG_SUM] = slots[at + TAG_SUM]! + sign * (operator ? 3 : learnt.reporterTag);
    slots[at + TAG_SQUARES] =
      slots[at + TAG_SQUARES]! + sign * (operator ? 5 : Math.imul(learnt.reporterTag, learnt.reporterTag));
    if (sign === -1 && slots[at + REPORTS] === 0) this.#empty(at);
  }

  /**
   * Sets what the starter says of a token. One that no lesson holds takes a slot, unless its segment is full or holds
   * `SEGMENT_STARTER_MAX` of these. Returns whether it has a place.
   */
  setStarter(ids: Buffer, offset: number, share: number): boolean {
    const high = ids.readInt32LE(offset);
    const low = ids.readInt32LE(offset + 4);
    let at = this.#find(high, low);
    if (at < 0) {
      const segment = this.#segment(high);
      if (this.#starterOnly[segment]! >= SEGMENT_STARTER_MAX || this.#used[segment]! >= SEGMENT_TOKENS_MAX)
        return false;
      this.#used[segment] = this.#used[segment]! + 1;
      at = this.#insert(high, low);
    }
    const slots = this.#slots;
    if (slots[at + STARTER] === 0 && slots[at + REPORTS] === 0) this.#countStarterOnly(at, 1);
    slots[at + STARTER] = share;
    return true;
  }

  /** The key stays, so that probing past it goes on; so does the starter's word. */
  #empty(at: number): void {
    this.#slots.fill(0, at + SPAM, at + ROW_WORDS);
    this.#countLive(at, -1);
  }

  /** Rows of one segment's live tokens, written to `into` at `offset`. Returns their number. */
  writeRows(segment: number, into: Uint32Array, offset: number): number {
    const slots = this.#slots;
    const end = (segment + 1) * SEGMENT_WORDS;
    let to = offset;
    for (let at = segment * SEGMENT_WORDS; at < end; at += SLOT_WORDS) {
      if (slots[at + REPORTS] === 0) continue;
      for (let word = 0; word < ROW_WORDS; word++) into[to + word] = slots[at + word]!;
      to += ROW_WORDS;
    }
    return (to - offset) / ROW_WORDS;
  }

  /** Puts rows back; the segments are those of this table, whatever table they were written from. */
  readRows(rows: Uint32Array): void {
    const slots = this.#slots;
    for (let from = 0; from + ROW_WORDS <= rows.length; from += ROW_WORDS) {
      const at = this.#findOrInsert(rows[from + HIGH]! | 0, rows[from + LOW]! | 0);
      if (at < 0) continue;
      // Word by word: of so few, a call for all of them takes longer.
      for (let word = SPAM; word < ROW_WORDS; word++) slots[at + word] = rows[from + word]!;
      this.#countLive(at, 1);
    }
  }

  /** The halves of an id are signed here and below. */
  #segment(high: number): number {
    return ((high >>> 0) * this.#scale) | 0;
  }

  #isTrusted(at: number): boolean {
    const slots = this.#signed;
    const sum = slots[at + TAG_SUM]!;
    return Math.imul(slots[at + REPORTS]!, slots[at + TAG_SQUARES]!) !== Math.imul(sum, sum);
  }

  #home(high: number, low: number): number {
    return this.#segment(high) * SEGMENT_WORDS + (low & (SEGMENT_SLOTS - 1)) * SLOT_WORDS;
  }

  /** Index of the token's slot in words, −1 where it is unknown; some slot of each segment is empty. */
  #find(high: number, low: number): number {
    const slots = this.#signed;
    let at = this.#home(high, low);
    while (slots[at] !== high || slots[at + LOW] !== low) {
      if (isEmpty(slots, at)) return -1;
      at = nextSlot(at);
    }
    return at;
  }

  /** As `#find`; an unknown token gets a slot; −1 where the segment is full. */
  #findOrInsert(high: number, low: number): number {
    const found = this.#find(high, low);
    if (found >= 0) return found;
    const segment = this.#segment(high);
    if (this.#used[segment]! >= SEGMENT_TOKENS_MAX) this.#dropForgotten(segment);
    if (this.#used[segment]! >= SEGMENT_TOKENS_MAX) {
      this.refused++;
      return -1;
    }
    this.#used[segment] = this.#used[segment]! + 1;
    return this.#insert(high, low);
  }

  #insert(high: number, low: number): number {
    const slots = this.#signed;
    let at = this.#home(high, low);
    while (!isEmpty(slots, at)) at = nextSlot(at);
    slots[at] = high;
    slots[at + LOW] = low;
    return at;
  }

  /** Puts a segment's tokens into new places, if some of it are known to no lesson and not to the starter. */
  #dropForgotten(segment: number): void {
    const kept = this.#live[segment]! + this.#starterOnly[segment]!;
    if (kept === this.#used[segment]) return;
    const slots = this.#slots;
    const start = segment * SEGMENT_WORDS;
    const before = slots.slice(start, start + SEGMENT_WORDS);
    slots.fill(0, start, start + SEGMENT_WORDS);
    for (let from = 0; from < SEGMENT_WORDS; from += SLOT_WORDS) {
      if (before[from + REPORTS] === 0 && before[from + STARTER] === 0) continue;
      const at = this.#insert(before[from + HIGH]! | 0, before[from + LOW]! | 0);
      slots.set(before.subarray(from, from + SLOT_WORDS), at);
    }
    this.#used[segment] = kept;
  }

  #countLive(at: number, difference: 1 | -1): void {
    const segment = Math.floor(at / SEGMENT_WORDS);
    this.#live[segment] = this.#live[segment]! + difference;
    this.tokens += difference;
    if (this.#slots[at + STARTER] !== 0) this.#countStarterOnly(at, difference === 1 ? -1 : 1);
  }

  #countStarterOnly(at: number, difference: 1 | -1): void {
    const segment = Math.floor(at / SEGMENT_WORDS);
    this.#starterOnly[segment] = this.#starterOnly[segment]! + difference;
  }
}

/** The next slot of the same segment. */
function nextSlot(at: number): number {
  return (at & -SEGMENT_WORDS) | ((at + SLOT_WORDS) & (SEGMENT_WORDS - 1));
}

/** The id 0 stands for an empty slot; no token has it but once in 2⁶⁴. */
function isEmpty(slots: Int32Array, at: number): boolean {
  return slots[at] === 0 && slots[at + LOW] === 0;
}

/** Segments for a table of about `tokensMax` tokens. */
export function segmentsFor(tokensMax: number): number {
  return Math.max(1, Math.ceil(tokensMax / SEGMENT_TOKENS_MAX));
}
