import { brokenFrame } from './refusal.ts';

const NAME = Buffer.from('content-length');
const LETTER_CASE = 0x20;

/** Whether the header name at `start` to `end` is `Content-Length`, in any case of letters. */
export function isContentLength(bytes: Buffer, start: number, end: number): boolean {
  if (end - start !== NAME.length) return false;
  for (let index = 0; index < NAME.length; index += 1) {
    // The bytes of a name are tokens already: only a letter becomes a letter by this bit, only `-` stays `-`.
    if (((bytes[start + index] as number) | LETTER_CASE) !== NAME[index]) return false;
  }
  return true;
}

/** Reads a value. @throws RequestError that closes, for anything but a decimal number up to `max`. */
export function readContentLength(value: string, max: number): number {
  const digits = /^ *(0|[1-9][0-9]{0,9}) *$/.exec(value)?.[1];
  if (digits === undefined) {
    throw brokenFrame(
      'bad-length',
      'Content-Length is a decimal number of bytes, without sign or leading zero',
    );
  }
  const length = Number(digits);
  if (length > max) throw brokenFrame('body-too-long', `A body has at most ${max} bytes`);
  return length;
}
