import { BUCKETS, bucketOf, scriptOf } from '../store/slots.ts';
import { SCRIPT_WORD, STRIDE_WORDS } from '../store/token-words.ts';
import { FEATURES_MAX, GRAMS_MAX } from '../text/features.ts';
import type { Weights } from './descent.ts';

/**
 * An entry of a table: 10 bits of weight × ratio, then 6 of ratio, 0 where the bucket is unknown. Two bytes, since what a look
 * at it costs is memory that no cache holds. Weights are spaced by squares, so that one that is far out makes none coarse.
 */
const RATIO_BITS = 6;
const RATIO_MAX = 2 ** RATIO_BITS - 1;
const WEIGHTS = 1_024;
const WEIGHT_ZERO = WEIGHTS / 2;
const WEIGHT_MAX = WEIGHT_ZERO - 1;
/** A token's bucket is the upper bits of its id's first word: `slotOf`. */
const TOKEN_SHIFT = 32 - Math.log2(BUCKETS);

/** Of one text, one after the other; scratch space. */
const entries = new Uint16Array(FEATURES_MAX + GRAMS_MAX);
const scripts = new Uint8Array(FEATURES_MAX + GRAMS_MAX);

/** What a fit publishes; plain, so that it can come from another thread. */
export interface FittedModel extends Packed {
  /** 32 hex digits; another fit has another one, the same fit the same, also after a restart. */
  readonly id: string;
  /** 0.5 … 1: what log-odds are multiplied by, so that ham that was held out stays below the threshold. */
  readonly caution: number;
  /** Lessons that it was fitted to. */
  readonly spam: number;
  readonly ham: number;
}

export interface Packed {
  /** One entry a bucket, see above. */
  readonly table: Uint16Array;
  /** The largest weight × ratio, of either sign, and the largest ratio. */
  readonly weightMax: number;
  readonly ratioMax: number;
  readonly bias: number;
  /** ratio² of an unknown bucket, by script. */
  readonly unknown: Float64Array;
}

/** Log-odds of one text, and the part of its features that the model knows. */
export interface LinearEstimate {
  z: number;
  /** 0 … 1 */
  known: number;
}

export function pack({ pairs, bias, unknown }: Weights): Packed {
  const table = new Uint16Array(BUCKETS);
  const { weightMax, ratioMax } = largestOf(pairs);
  for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
    const square = pairs[2 * bucket + 1] as number;
    if (square === 0) continue;
    const weight = pairs[2 * bucket] as number;
    const steps = Math.round(WEIGHT_MAX * Math.sqrt(Math.abs(weight) / weightMax)) * Math.sign(weight);
    const ratio = Math.max(1, Math.round((RATIO_MAX * Math.sqrt(square)) / ratioMax));
    table[bucket] = ((WEIGHT_ZERO + steps) << RATIO_BITS) | ratio;
  }
  return { table, weightMax, ratioMax, bias, unknown };
}

/** Never 0, so that one can divide by them. */
function largestOf(pairs: Float32Array): Pick<Packed, 'weightMax' | 'ratioMax'> {
  let weight = 0;
  let square = 0;
  for (let at = 0; at < pairs.length; at += 2) {
    weight = Math.max(weight, Math.abs(pairs[at] as number));
    square = Math.max(square, pairs[at + 1] as number);
  }
  return { weightMax: weight || 1, ratioMax: Math.sqrt(square) || 1 };
}

/** The published table, all of it at once. Reading it allocates nothing. */
export class LinearModel {
  readonly id: string;
  readonly caution: number;
  readonly spam: number;
  readonly ham: number;
  readonly #table: Uint16Array;
  /** What the parts of an entry stand for. */
  readonly #weights: Float64Array;
  readonly #squares: Float64Array;
  readonly #bias: number;
  readonly #unknown: Float64Array;

  constructor({ id, table, weightMax, ratioMax, bias, unknown, caution, spam, ham }: FittedModel) {
    this.id = id;
    this.caution = caution;
    this.spam = spam;
    this.ham = ham;
    this.#table = table;
    this.#weights = Float64Array.from({ length: WEIGHTS }, (_, part) => {
      // Part 0 is that of an unknown bucket: no known one has it.
      const steps = part === 0 ? 0 : part - WEIGHT_ZERO;
      return Math.sign(steps) * (steps / WEIGHT_MAX) ** 2 * weightMax;
    });
    this.#squares = Float64Array.from(
      { length: RATIO_MAX + 1 },
      (_, part) => ((part / RATIO_MAX) * ratioMax) ** 2,
    );
    this.#bias = bias;
    this.#unknown = unknown;
  }

  /**
   * In two passes, as `TokenTable.lookup`: the first one waits for memory, for all of it at once. The second has no branch, since
   * nobody can predict which features of a text are known.
   * @param sids `count` server token ids, as `KeyedIds.serverTokens` returns them, in words
   * @param slots as `KeyedIds.slots` returns them
   */
  estimate(sids: Int32Array, count: number, slots: Uint32Array, into: LinearEstimate): void {
    const all = this.#read(sids, count, slots);
    const weights = this.#weights;
    const squares = this.#squares;
    const unknown = this.#unknown;
    let sum = this.#bias;
    let square = 1;
    let missed = 0;
    for (let index = 0; index < all; index += 1) {
      const entry = entries[index] as number;
      const isMissing = (entry - 1) >>> 31;
      sum += weights[entry >>> RATIO_BITS] as number;
      square += squares[entry & RATIO_MAX] as number;
      square += isMissing * (unknown[scripts[index] as number] as number);
      missed += isMissing;
    }
    into.z = sum / Math.sqrt(square);
    into.known = all === 0 ? 0 : 1 - missed / all;
  }

  /** Returns how many entries there are. */
  #read(sids: Int32Array, count: number, slots: Uint32Array): number {
    const table = this.#table;
    const { length } = slots;
    for (let index = 0, at = 0; index < count; index += 1, at += STRIDE_WORDS) {
      entries[index] = table[(sids[at] as number) >>> TOKEN_SHIFT] as number;
      scripts[index] = sids[at + SCRIPT_WORD] as number;
    }
    for (let index = 0; index < length; index += 1) {
      const slot = slots[index] as number;
      entries[count + index] = table[bucketOf(slot)] as number;
      scripts[count + index] = scriptOf(slot);
    }
    return count + length;
  }
}
