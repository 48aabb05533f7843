/**
 * A map of bounded weight that forgets what was used longest ago; a `Map` keeps its keys in order of insertion. Without
 * `weigh` every entry weighs 1.
 */
export class LRU<K, V> {
  readonly #map = new Map<K, V>();
  readonly #weightMax: number;
  readonly #weigh: (value: V) => number;
  #weight = 0;

  constructor(weightMax: number, weigh: (value: V) => number = () => 1) {
    this.#weightMax = weightMax;
    this.#weigh = weigh;
  }

  get size(): number {
    return this.#map.size;
  }

  get(key: K): V | undefined {
    const value = this.#map.get(key);
    if (value !== undefined) {
      this.#map.delete(key);
      this.#map.set(key, value);
    }
    return value;
  }

  /** An entry that alone weighs more than the bound is not kept. */
  set(key: K, value: V): void {
    this.delete(key);
    this.#map.set(key, value);
    this.#weight += this.#weigh(value);
    while (this.#weight > this.#weightMax) this.delete(this.#map.keys().next().value as K);
  }

  delete(key: K): void {
    const value = this.#map.get(key);
    if (value === undefined) return;
    this.#map.delete(key);
    this.#weight -= this.#weigh(value);
  }
}
