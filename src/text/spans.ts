import type { Span } from './hash.ts';

/** Kinds of features; the number seeds the hash, so that they never meet. */
export const KIND = {
  WORD: 1,
  /** Two neighbouring words. */
  PAIR: 2,
  /** Two or three letters of a script without spaces. */
  GRAM: 3,
  SHAPE: 4,
  DOMAIN: 5,
  TLD: 6,
  /** Kept whatever else is in the text, as `SHAPE`, `DOMAIN` and `TLD` are. */
  PLACEHOLDER: 7,
} as const;

const SPANS_MAX = 24_576;
const UNITS_MAX = 32_768;

/**
 * Features of one text before they are hashed: stretches of one canonical row of units. Scratch space that is made once and
 * filled anew for each text; what does not fit is dropped.
 */
export class Spans {
  readonly units = new Uint16Array(UNITS_MAX);
  /** Units written so far. */
  length = 0;
  count = 0;
  readonly #kinds = new Uint8Array(SPANS_MAX);
  readonly #starts = new Uint16Array(SPANS_MAX);
  readonly #ends = new Uint16Array(SPANS_MAX);

  clear(): void {
    this.length = 0;
    this.count = 0;
  }

  /** Writes one unit; returns its index. */
  write(unit: number): number {
    const index = this.length;
    if (index < UNITS_MAX - 1) this.length = index + 1;
    this.units[index] = unit;
    return index;
  }

  add(kind: number, start: number, end: number): void {
    if (this.count === SPANS_MAX) return;
    this.#kinds[this.count] = kind;
    this.#starts[this.count] = start;
    this.#ends[this.count] = end;
    this.count += 1;
  }

  /** Writes a name and adds it as one span. */
  addName(kind: number, name: string): void {
    const start = this.length;
    for (let index = 0; index < name.length; index += 1) this.write(name.charCodeAt(index));
    this.add(kind, start, this.length);
  }

  /** Reads a span into `into`, which saves an object a feature. */
  read(index: number, into: Span): void {
    into.kind = this.#kinds[index] as number;
    into.start = this.#starts[index] as number;
    into.end = this.#ends[index] as number;
  }

  textOf(span: Span): string {
    return String.fromCharCode(...this.units.subarray(span.start, span.end));
  }
}
