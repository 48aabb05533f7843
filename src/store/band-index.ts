import { BANDS } from '../text/likeness.ts';

/** Of each band so many entries are looked at, the newest first: a campaign that everybody reports is found by any of them. */
const LOOKED_AT_MAX = 16;
/** Most entries that one look-up finds. */
export const FOUND_MAX = BANDS * LOOKED_AT_MAX;

/**
 * Finds entries by the bands that they have in common with a fingerprint. An entry stands in one list for each band, a list
 * is linked both ways: putting in and taking out take the same time however long it is. All of fixed size.
 */
export class BandIndex {
  readonly #mask: number;
  /** Places are numbered from 1, by entry and band; 0 = none. */
  readonly #heads: Uint32Array;
  readonly #next: Uint32Array;
  readonly #before: Uint32Array;
  /** The look-up that an entry was last found by. */
  readonly #foundBy: Uint32Array;
  #lookUp = 0;

  constructor(entriesMax: number) {
    const places = entriesMax * BANDS;
    const lists = 2 ** Math.ceil(Math.log2(places));
    this.#mask = lists - 1;
    this.#heads = new Uint32Array(lists);
    this.#next = new Uint32Array(places + 1);
    this.#before = new Uint32Array(places + 1);
    this.#foundBy = new Uint32Array(entriesMax);
  }

  /** @param bands as `bandsOf` gives them, whatever is mixed in. */
  add(entry: number, bands: Uint32Array): void {
    for (let band = 0; band < BANDS; band += 1) {
      const place = entry * BANDS + band + 1;
      const list = (bands[band] as number) & this.#mask;
      const next = this.#heads[list] as number;
      this.#next[place] = next;
      this.#before[place] = 0;
      if (next !== 0) this.#before[next] = place;
      this.#heads[list] = place;
    }
  }

  /** @param bands with which it was added. */
  remove(entry: number, bands: Uint32Array): void {
    for (let band = 0; band < BANDS; band += 1) {
      const place = entry * BANDS + band + 1;
      const next = this.#next[place] as number;
      const before = this.#before[place] as number;
      if (next !== 0) this.#before[next] = before;
      if (before !== 0) this.#next[before] = next;
      else this.#heads[(bands[band] as number) & this.#mask] = next;
    }
  }

  /** Writes entries that may have a band in common, each once, into `found`; returns how many. */
  find(bands: Uint32Array, found: Uint32Array): number {
    this.#nextLookUp();
    let count = 0;
    for (let band = 0; band < BANDS; band += 1) {
      let place = this.#heads[(bands[band] as number) & this.#mask] as number;
      for (let looked = 0; place !== 0 && looked < LOOKED_AT_MAX; looked += 1) {
        const entry = Math.floor((place - 1) / BANDS);
        if (this.#foundBy[entry] !== this.#lookUp) {
          this.#foundBy[entry] = this.#lookUp;
          found[count] = entry;
          count += 1;
        }
        place = this.#next[place] as number;
      }
    }
    return count;
  }

  #nextLookUp(): void {
    this.#lookUp = (this.#lookUp + 1) >>> 0;
    if (this.#lookUp !== 0) return;
    this.#foundBy.fill(0);
    this.#lookUp = 1;
  }
}
