import { REQUEST_HEADERS, type RequestHeader } from './grammar.ts';

const LETTER_CASE = 0x20;
const LOWER_CASE = REQUEST_HEADERS.map((name) => name.toLowerCase());
const LENGTH_MAX = Math.max(...REQUEST_HEADERS.map((name) => name.length));
/** Slots of the names of each length. */
const SLOTS_OF_LENGTH = Array.from({ length: LENGTH_MAX + 1 }, (_, length) =>
  LOWER_CASE.flatMap((name, slot) => (name.length === length ? [slot] : [])),
);

/** Where a header stands in `REQUEST_HEADERS`. */
export const SLOT_OF_HEADER: ReadonlyMap<RequestHeader, number> = new Map(
  REQUEST_HEADERS.map((name, slot) => [name, slot]),
);

/** Slot of the header name in `text` from `start` to `end`, in any case of letters; −1 for an unknown one. */
export function slotOfName(text: string, start: number, end: number): number {
  if (end - start > LENGTH_MAX) return -1;
  for (const slot of SLOTS_OF_LENGTH[end - start] as number[]) {
    if (isName(text, start, LOWER_CASE[slot] as string)) return slot;
  }
  return -1;
}

function isName(text: string, start: number, name: string): boolean {
  // From the end, since many names begin alike. The name is a token: only a letter becomes a letter by this bit.
  for (let index = name.length - 1; index >= 0; index -= 1) {
    if ((text.charCodeAt(start + index) | LETTER_CASE) !== name.charCodeAt(index)) return false;
  }
  return true;
}
