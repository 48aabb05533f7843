import { FEATURES_MAX } from './features.ts';
import { hashSpan, type Span } from './hash.ts';
import { KIND } from './kinds.ts';
import { Row } from './row.ts';
import { nthSmallest } from './smallest.ts';

/** Features held before all but the `FEATURES_MAX` smallest are let go: so many that most texts pay for it once at most. */
const HELD_MAX = 4 * FEATURES_MAX;
const SLOTS = 2 * HELD_MAX;
const LANES = 4;

/**
 * Distinct features of one text. Where there are more than `FEATURES_MAX`, those with the smallest hashes stay: a uniform
 * sample that no position in the text escapes, and the same one of the same text. Shape, links and placeholders always stay.
 */
export class Sampler {
  /** What the features are stretches of. */
  readonly row = new Row();
  /** Where in the text the features begin that are added next. */
  place = 0;
  readonly #lanes = new Int32Array(LANES * HELD_MAX);
  readonly #bytes = Buffer.from(this.#lanes.buffer);
  readonly #ranks = new Uint32Array(HELD_MAX);
  readonly #ranksToSort = new Uint32Array(HELD_MAX);
  readonly #kinds = new Uint8Array(HELD_MAX);
  readonly #scripts = new Uint8Array(HELD_MAX);
  readonly #places = new Uint16Array(HELD_MAX);
  readonly #starts = new Uint16Array(HELD_MAX);
  readonly #ends = new Uint16Array(HELD_MAX);
  readonly #slots = new Uint16Array(SLOTS);
  readonly #span: Span = { kind: 0, start: 0, end: 0 };
  #count = 0;
  /** Features ranked above it can no longer be among the smallest. */
  #rankMax = 0xffffffff;

  /** Features held so far. */
  get count(): number {
    return this.#count;
  }

  /** Forgets the text before. */
  clear(): void {
    this.row.length = 0;
    this.place = 0;
    this.#count = 0;
    this.#rankMax = 0xffffffff;
    this.#slots.fill(0);
  }

  /** Adds units `start` … `end`−1 of the row, unless they are there already. @param script of its letters, 0 = any. */
  add(kind: number, start: number, end: number, script = 0): void {
    const held = this.#count;
    const span = this.#span;
    span.kind = kind;
    span.start = start;
    span.end = end;
    hashSpan(this.row.units, span, this.#lanes, LANES * held);
    const rank = kind >= KIND.SHAPE ? 0 : (this.#lanes[LANES * held] as number) >>> 0 || 1;
    if (rank > this.#rankMax || !this.#claimSlot(held)) return;
    this.#ranks[held] = rank;
    this.#kinds[held] = kind;
    this.#scripts[held] = script;
    this.#places[held] = this.place;
    this.#starts[held] = start;
    this.#ends[held] = end;
    this.#count = held + 1;
    if (this.#count < HELD_MAX) return;
    this.#shrink();
    this.#slots.fill(0);
    for (let kept = 0; kept < this.#count; kept += 1) this.#claimSlot(kept);
  }

  /** Writes a name and adds it. */
  addName(kind: number, name: string): void {
    const { row } = this;
    const start = row.length;
    for (let index = 0; index < name.length; index += 1) row.write(name.charCodeAt(index));
    this.add(kind, start, row.length);
  }

  /** Once all features are added: leaves `FEATURES_MAX` of them at most, and returns how many. */
  finish(): number {
    if (this.#count > FEATURES_MAX) this.#shrink();
    return this.#count;
  }

  /** The hashes, 16 bytes a feature; valid until the next text. */
  hashes(): Buffer {
    return this.#bytes.subarray(0, 4 * LANES * this.#count);
  }

  /** The script of each feature; valid until the next text. */
  scripts(): Uint8Array {
    return this.#scripts.subarray(0, this.#count);
  }

  /** Where in the text a feature begins; 0 = it is of the whole text. Never less than that of the feature before. */
  placeAt(index: number): number {
    return this.#places[index] as number;
  }

  /** Where in the row a feature stands. */
  spanAt(index: number): Span {
    return {
      kind: this.#kinds[index] as number,
      start: this.#starts[index] as number,
      end: this.#ends[index] as number,
    };
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
    for (let held = 0; held < this.#count; held += 1) this.#ranksToSort[held] = this.#ranks[held] as number;
    const rankMax = nthSmallest(this.#ranksToSort, this.#count, FEATURES_MAX - 1);
    let kept = 0;
    for (let held = 0; held < this.#count && kept < FEATURES_MAX; held += 1) {
      if ((this.#ranks[held] as number) > rankMax) continue;
      this.#move(held, kept);
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
    this.#ranks[to] = this.#ranks[from] as number;
    this.#kinds[to] = this.#kinds[from] as number;
    this.#scripts[to] = this.#scripts[from] as number;
    this.#places[to] = this.#places[from] as number;
    this.#starts[to] = this.#starts[from] as number;
    this.#ends[to] = this.#ends[from] as number;
  }
}
