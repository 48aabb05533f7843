interface Entry<V> {
  value: V;
  weight: number;
  /** Asked for since the hand last came by. */
  isUsed: boolean;
}

/**
 * A map of bounded weight that forgets what was not used lately: the CLOCK algorithm (Corbató 1968), near to least recently
 * used. A hit sets a flag and moves nothing; an exact order of use would cost a deletion and an insertion each.
 */
export class LRU<K, V> {
  readonly #weightMax: number;
  readonly #weigh: (value: V) => number;
  readonly #map = new Map<K, Entry<V>>();
  /** Kept from call to call: a fresh iterator would walk over all the places of deleted keys. */
  #hand = this.#map.entries();
  #weight = 0;

  /** Without `weigh` every entry weighs 1. */
  constructor(weightMax: number, weigh: (value: V) => number = () => 1) {
    this.#weightMax = weightMax;
    this.#weigh = weigh;
  }

  get size(): number {
    return this.#map.size;
  }

  /** Whether an entry of this weight would push nothing out. */
  hasRoomFor(weight: number): boolean {
    return this.#weight + weight <= this.#weightMax;
  }

  get(key: K): V | undefined {
    const entry = this.#map.get(key);
    if (entry === undefined) return undefined;
    entry.isUsed = true;
    return entry.value;
  }

  /** An entry that alone weighs more than the bound is not kept. */
  set(key: K, value: V): void {
    this.delete(key);
    const weight = this.#weigh(value);
    this.#map.set(key, { value, weight, isUsed: false });
    this.#weight += weight;
    while (this.#weight > this.#weightMax) this.#forgetOne();
  }

  delete(key: K): void {
    const entry = this.#map.get(key);
    if (entry === undefined) return;
    this.#map.delete(key);
    this.#weight -= entry.weight;
  }

  /** What was used is spared once: it goes to the end of the line, its flag cleared. */
  #forgetOne(): void {
    let next = this.#hand.next();
    if (next.done === true) {
      this.#hand = this.#map.entries();
      next = this.#hand.next();
    }
    const [key, entry] = next.value as [K, Entry<V>];
    this.#map.delete(key);
    if (entry.isUsed) {
      entry.isUsed = false;
      this.#map.set(key, entry);
    } else this.#weight -= entry.weight;
  }
}
