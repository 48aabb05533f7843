/**
 * A map of bounded weight that forgets what was not used lately. Two generations: what is asked for is in the young one, or
 * comes back into it; when the young one holds half of the weight it becomes the old one, and the old one is forgotten
 * whole. So a hit costs one look-up and moves nothing; an exact order of use would cost a deletion and an insertion each.
 */
export class LRU<K, V> {
  readonly #weightMax: number;
  readonly #weigh: (value: V) => number;
  #young = new Map<K, V>();
  #old = new Map<K, V>();
  #youngWeight = 0;

  /** Without `weigh` every entry weighs 1. */
  constructor(weightMax: number, weigh: (value: V) => number = () => 1) {
    this.#weightMax = weightMax;
    this.#weigh = weigh;
  }

  /** Entries held; one that was asked for lately may count twice. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  get(key: K): V | undefined {
    const value = this.#young.get(key);
    if (value !== undefined) return value;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  /** An entry that alone weighs more than half of the bound is held only until the next one comes. */
  set(key: K, value: V): void {
    const before = this.#young.get(key);
    if (before !== undefined) this.#youngWeight -= this.#weigh(before);
    const weight = this.#weigh(value);
    if (before === undefined && 2 * (this.#youngWeight + weight) > this.#weightMax) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#youngWeight = 0;
    }
    this.#young.set(key, value);
    this.#youngWeight += weight;
  }

  delete(key: K): void {
    const value = this.#young.get(key);
    if (value !== undefined) this.#youngWeight -= this.#weigh(value);
    this.#young.delete(key);
    this.#old.delete(key);
  }
}
