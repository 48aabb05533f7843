/** Places given away in turn; once all are, the one that was given away longest ago is next. */
export class Ring {
  readonly #start: number;
  readonly #size: number;
  #given = 0;
  #freed = 0;

  /** Places `start` … `start` + `size` − 1. */
  constructor(start: number, size: number) {
    this.#start = start;
    this.#size = size;
  }

  /** The next place; whoever had it loses it. */
  give(): number {
    if (this.#given - this.#freed === this.#size) this.#freed += 1;
    this.#given += 1;
    return this.#placeOf(this.#given - 1);
  }

  /** The place that was given away longest ago; undefined where none is. */
  get oldest(): number | undefined {
    return this.#given === this.#freed ? undefined : this.#placeOf(this.#freed);
  }

  freeOldest(): void {
    this.#freed += 1;
  }

  #placeOf(number: number): number {
    return this.#start + (number % this.#size);
  }
}
