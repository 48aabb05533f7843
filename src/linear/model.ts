import { BUCKETS, bucketOf, scriptOf } from '../store/slots.ts';
import type { Weights } from './descent.ts';

/** Upper half of an entry: weight × ratio, of which the largest fills it; lower half: ratio², never 0 where the bucket is known. */
const WEIGHT_MAX = 0x7fff;
const SQUARE_MAX = 0xffff;
/** A log ratio of rates among a million lessons is less than 16. */
const SQUARE_UNITS = 256;
/** Words from one server token id to the next, and where in it the script is. */
const STRIDE_WORDS = 4;
const SCRIPT_WORD = 2;

/** What a fit publishes; plain, so that it can come from another thread. */
export interface FittedModel {
  /** 32 hex digits; another fit has another one, the same fit the same, also after a restart. */
  readonly id: string;
  /** One entry a bucket, see above; 0 = unknown. */
  readonly table: Int32Array;
  /** What a unit of the upper half stands for. */
  readonly unit: number;
  readonly bias: number;
  /** ratio² of an unknown bucket, by script. */
  readonly unknown: Float64Array;
  /** 0.5 … 1: what log-odds are multiplied by, so that ham that was held out stays below the threshold. */
  readonly caution: number;
  /** Lessons that it was fitted to. */
  readonly spam: number;
  readonly ham: number;
}

/** Log-odds of one text, and the part of its features that the model knows. */
export interface LinearEstimate {
  z: number;
  /** 0 … 1 */
  known: number;
}

export function pack({
  pairs,
  bias,
  unknown,
}: Weights): Pick<FittedModel, 'table' | 'unit' | 'bias' | 'unknown'> {
  const table = new Int32Array(BUCKETS);
  const unit = largestOf(pairs) / WEIGHT_MAX || 1;
  for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
    const square = pairs[2 * bucket + 1] as number;
    if (square === 0) continue;
    const high = Math.round((pairs[2 * bucket] as number) / unit);
    const low = Math.max(1, Math.min(SQUARE_MAX, Math.round(SQUARE_UNITS * square)));
    table[bucket] = (high << 16) | low;
  }
  return { table, unit, bias, unknown };
}

function largestOf(pairs: Float32Array): number {
  let largest = 0;
  for (let at = 0; at < pairs.length; at += 2) largest = Math.max(largest, Math.abs(pairs[at] as number));
  return largest;
}

/** The published table, all of it at once. Reading it allocates nothing. */
export class LinearModel {
  readonly id: string;
  readonly caution: number;
  readonly spam: number;
  readonly ham: number;
  readonly #table: Int32Array;
  readonly #unit: number;
  readonly #bias: number;
  readonly #unknown: Float64Array;

  constructor({ id, table, unit, bias, unknown, caution, spam, ham }: FittedModel) {
    this.id = id;
    this.caution = caution;
    this.spam = spam;
    this.ham = ham;
    this.#table = table;
    this.#unit = unit;
    this.#bias = bias;
    this.#unknown = unknown;
  }

  /** @param sids `count` server token ids as `KeyedIds.serverTokens` returns them; @param slots as `KeyedIds.slots`. */
  estimate(sids: Int32Array, count: number, slots: Uint32Array, into: LinearEstimate): void {
    const table = this.#table;
    const unknown = this.#unknown;
    let weights = 0;
    let squares = 0;
    let missing = 0;
    let missed = 0;
    for (let index = 0; index < count; index += 1) {
      const at = STRIDE_WORDS * index;
      const entry = table[(sids[at] as number) >>> TOKEN_SHIFT] as number;
      if (entry === 0) {
        missing += unknown[sids[at + SCRIPT_WORD] as number] as number;
        missed += 1;
      }
      weights += entry >> 16;
      squares += entry & SQUARE_MAX;
    }
    for (let index = 0; index < slots.length; index += 1) {
      const slot = slots[index] as number;
      const entry = table[bucketOf(slot)] as number;
      if (entry === 0) {
        missing += unknown[scriptOf(slot)] as number;
        missed += 1;
      }
      weights += entry >> 16;
      squares += entry & SQUARE_MAX;
    }
    const all = count + slots.length;
    into.z = (weights * this.#unit + this.#bias) / Math.sqrt(squares / SQUARE_UNITS + missing + 1);
    into.known = all === 0 ? 0 : 1 - missed / all;
  }
}

/** A token's bucket is the upper bits of its id's first word: `slotOf`. */
const TOKEN_SHIFT = 32 - Math.log2(BUCKETS);
