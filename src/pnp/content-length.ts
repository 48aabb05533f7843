import { brokenFrame } from './refusal.ts';

const NAME = Buffer.from('content-length');
const LETTER_CASE = 0x20;
const SPACE = 0x20;
const ZERO = 0x30;
const DIGITS_MAX = 10;

/** Whether the header name at `start` to `end` is `Content-Length`, in any case of letters. */
export function isContentLength(bytes: Buffer, start: number, end: number): boolean {
  if (end - start !== NAME.length) return false;
  for (let index = 0; index < NAME.length; index += 1) {
    // The bytes of a name are tokens already: only a letter becomes a letter by this bit, only `-` stays `-`.
    if (((bytes[start + index] as number) | LETTER_CASE) !== NAME[index]) return false;
  }
  return true;
}

/** Reads the value at `from` to `to`. @throws RequestError that closes, for anything but a decimal number. */
export function readContentLength(bytes: Buffer, from: number, to: number): number {
  let start = from;
  let end = to;
  while (start < end && bytes[start] === SPACE) start += 1;
  while (end > start && bytes[end - 1] === SPACE) end -= 1;
  const digits = end - start;
  if (digits === 0 || digits > DIGITS_MAX || (digits > 1 && bytes[start] === ZERO)) throw badLength();
  let length = 0;
  for (let at = start; at < end; at += 1) {
    const digit = (bytes[at] as number) - ZERO;
    if (digit < 0 || digit > 9) throw badLength();
    length = length * 10 + digit;
  }
  return length;
}

function badLength(): Error {
  return brokenFrame(
    'bad-length',
    'Content-Length is a decimal number of bytes, without sign or leading zero',
  );
}
