const FIRST_MS = 50;
const MAX_MS = 5_000;

/** How long to stay away after failures in a row: doubled each time up to a cap, the upper half of it by chance. */
export class Backoff {
  readonly #random: () => number;
  readonly #now: () => number;
  #failures = 0;
  #notBefore = 0;
  /** The failure that counted last. */
  cause: Error | undefined;

  /**
   * @param random 0 … 1, so that many clients do not come back in step
   * @param now a monotonic clock in milliseconds
   */
  constructor(random: () => number, now: () => number) {
    this.#random = random;
    this.#now = now;
  }

  /** Milliseconds until the next attempt may start; 0 or less: now. */
  waitMs(): number {
    return this.#notBefore - this.#now();
  }

  fail(cause: Error | undefined): void {
    const ceiling = Math.min(MAX_MS, FIRST_MS * 2 ** this.#failures);
    this.#failures = Math.min(this.#failures + 1, 16);
    this.#notBefore = this.#now() + ceiling * (0.5 + this.#random() / 2);
    this.cause = cause;
  }

  reset(): void {
    this.#failures = 0;
    this.#notBefore = 0;
    this.cause = undefined;
  }
}
