import type { Placeholder } from './placeholders.ts';

/** A private string in a text: units `start` … `end`−1. */
export interface Finding {
  readonly placeholder: Placeholder;
  readonly start: number;
  readonly end: number;
}

export function isDigit(unit: number): boolean {
  return unit >= 0x30 && unit <= 0x39;
}

export function isASCIILetter(unit: number): boolean {
  const lower = unit | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}
