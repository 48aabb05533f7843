import { FEATURES_MAX } from './features.ts';
import { hashSpan, type Span } from './hash.ts';
import { KIND, type Spans } from './spans.ts';

/** Features held before the larger half is let go. */
const HELD_MAX = 2 * FEATURES_MAX;
const SLOTS = 4 * HELD_MAX;
const LANES = 4;

/**
 * Distinct features of one text. Where there are more than `FEATURES_MAX`, those with the smallest hashes stay: a uniform
 * sample that no position in the text escapes, and the same one of the same text. Shape, links and placeholders always stay.
 */
export class Sampler {
  readonly #lanes = new Int32Array(LANES * (HELD_MAX + 1));
  readonly #ranks = new Float64Array(HELD_MAX + 1);
  readonly #spanIndexes = new Uint16Array(HELD_MAX + 1);
  readonly #slots = new Uint16Array(SLOTS);
  readonly #span: Span = { kind: 0, start: 0, end: 0 };
  #count = 0;
  /** Features ranked above it can no longer be among the smallest. */
  #rankMax = Number.POSITIVE_INFINITY;

  /** Fills the sampler from `spans`; what it held before is forgotten. Returns how many features it holds. */
  take(spans: Spans): number {
    this.#count = 0;
    this.#rankMax = Number.POSITIVE_INFINITY;
    this.#slots.fill(0);
    for (let index = 0; index < spans.count; index += 1) this.#add(spans, index);
    if (this.#count > FEATURES_MAX) this.#shrink();
    return this.#count;
  }

  /** The hashes, 16 bytes a feature, as a copy. */
  hashes(): Buffer {
    const copy = Buffer.allocUnsafe(16 * this.#count);
    copy.set(new Uint8Array(this.#lanes.buffer, 0, copy.length));
    return copy;
  }

  /** Index in `spans` of each feature held. */
  spanIndexes(): Uint16Array {
    return this.#spanIndexes.subarray(0, this.#count);
  }

  #add(spans: Spans, index: number): void {
    const span = this.#span;
    spans.read(index, span);
    const held = this.#count;
    hashSpan(spans.units, span, this.#lanes, LANES * held);
    const rank = span.kind >= KIND.SHAPE ? -1 : (this.#lanes[LANES * held] as number) >>> 0;
    if (rank > this.#rankMax) return;
    if (!this.#claimSlot(held)) return;
    this.#ranks[held] = rank;
    this.#spanIndexes[held] = index;
    this.#count = held + 1;
    if (this.#count === HELD_MAX) this.#shrink();
  }

  /** Open addressing by the second lane; false where the feature is there already. */
  #claimSlot(held: number): boolean {
    const lanes = this.#lanes;
    const at = LANES * held;
    let slot = (lanes[at + 1] as number) & (SLOTS - 1);
    for (let other = this.#slots[slot] as number; other !== 0; other = this.#slots[slot] as number) {
      const from = LANES * (other - 1);
      if (
        lanes[from + 1] === lanes[at + 1] &&
        lanes[from] === lanes[at] &&
        lanes[from + 2] === lanes[at + 2]
      ) {
        return false;
      }
      slot = (slot + 1) & (SLOTS - 1);
    }
    this.#slots[slot] = held + 1;
    return true;
  }

  /** Lets go of all but the `FEATURES_MAX` smallest; their order in the text stays. */
  #shrink(): void {
    const rankMax = this.#ranks.slice(0, this.#count).sort()[FEATURES_MAX - 1] as number;
    let kept = 0;
    this.#slots.fill(0);
    for (let held = 0; held < this.#count && kept < FEATURES_MAX; held += 1) {
      if ((this.#ranks[held] as number) > rankMax) continue;
      this.#move(held, kept);
      this.#ranks[kept] = this.#ranks[held] as number;
      this.#spanIndexes[kept] = this.#spanIndexes[held] as number;
      this.#claimSlot(kept);
      kept += 1;
    }
    this.#count = kept;
    this.#rankMax = rankMax;
  }

  /** Lane by lane: for four of them `copyWithin` takes longer. */
  #move(from: number, to: number): void {
    const lanes = this.#lanes;
    for (let lane = 0; lane < LANES; lane += 1)
      lanes[LANES * to + lane] = lanes[LANES * from + lane] as number;
  }
}
