import type { Span } from './hash.ts';

const UNITS_MAX = 32_768;

/**
 * The canonical row of units that all features of one text are stretches of. Scratch space that is made once and filled
 * anew for each text; what does not fit is dropped.
 */
export class Row {
  readonly units = new Uint16Array(UNITS_MAX);
  /** Units written so far. */
  length = 0;

  /** Writes one unit; returns its index. */
  write(unit: number): number {
    const index = this.length;
    if (index < UNITS_MAX - 1) this.length = index + 1;
    this.units[index] = unit;
    return index;
  }

  textOf(span: Span): string {
    return String.fromCharCode(...this.units.subarray(span.start, span.end));
  }
}
