import type { Buffer } from 'node:buffer';

/** Headers of an answer. Names are looked up in any case; a header may come more than once. */
export class AnswerHeaders implements Iterable<readonly [string, string]> {
  readonly #entries: (readonly [string, string])[] = [];
  readonly #first = new Map<string, string>();

  /** Adds a header behind the others. */
  append(name: string, value: string): void {
    this.#entries.push([name, value]);
    const key = name.toLowerCase();
    if (!this.#first.has(key)) this.#first.set(key, value);
  }

  /** The first value under a name. */
  get(name: string): string | undefined {
    return this.#first.get(name.toLowerCase());
  }

  /** Every value under a name, in the order of the wire. */
  all(name: string): string[] {
    const key = name.toLowerCase();
    return this.#entries.filter(([entry]) => entry.toLowerCase() === key).map(([, value]) => value);
  }

  get size(): number {
    return this.#entries.length;
  }

  [Symbol.iterator](): Iterator<readonly [string, string]> {
    return this.#entries.values();
  }
}

/** One answer of the daemon. `status` is a sysexits number, `name` its word: 0 `EX_OK`, 75 `EX_TEMPFAIL` … */
export interface Answer {
  readonly status: number;
  readonly name: string;
  readonly headers: AnswerHeaders;
  readonly body: Buffer;
}
