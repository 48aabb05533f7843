import { isUtf8 } from 'node:buffer';
import { isContentLength, readContentLength } from './content-length.ts';
import { brokenFrame } from './refusal.ts';
import { checkRequestLine } from './request-line.ts';

/** Limits of one request; HELLO announces them [PNP-2.2]. */
export interface FrameLimits {
  /** Bytes of the request line, the headers and the empty line. */
  readonly head_bytes_max: number;
  readonly headers_max: number;
  readonly body_bytes_max: number;
}

/** One whole request as it came. */
export interface Frame {
  /** The request line and the headers, every line with its CRLF; the empty line is left out. */
  readonly head: string;
  /** Exactly `Content-Length` bytes: a view into what was read, valid as long as it is held. */
  readonly body: Buffer;
}

const CR = 0x0d;
const LF = 0x0a;
const SPACE = 0x20;
const COLON = 0x3a;
const DELETE = 0x7f;
const NOTHING = Buffer.alloc(0);

/** 1 for the bytes of a header name: `token` of RFC 9110, 5.6.2. */
const NAME_BYTES = new Uint8Array(256);
for (const byte of Buffer.from("!#$%&'*+-.^_`|~0123456789")) NAME_BYTES[byte] = 1;
for (let letter = 0; letter < 26; letter += 1) {
  NAME_BYTES[0x41 + letter] = 1;
  NAME_BYTES[0x61 + letter] = 1;
}

/**
 * Cuts the bytes of one connection into frames [PNP-3]. It knows the shape and the limits of a request, and no verb. Every
 * byte of a head is looked at once, however the bytes arrive. What breaks the framing throws a `RequestError` that closes;
 * the framer is of no use afterwards.
 */
export class Framer {
  readonly #limits: FrameLimits;
  /** Bytes `#start` to `#end` belong to the frame under way and to later ones; before `#at` they have been scanned. */
  #bytes: Buffer = NOTHING;
  #start = 0;
  #end = 0;
  #at = 0;
  #lineStart = 0;
  /** Where the name in the line under way ends; −1 while it is being read. */
  #colon = -1;
  #lines = 0;
  #beyondASCII = false;
  /** −1 until `Content-Length` has been read. */
  #bodyLength = -1;
  /** −1 while the head is not whole. */
  #bodyStart = -1;

  constructor(limits: FrameLimits) {
    this.#limits = limits;
  }

  /** True where bytes of a frame that is not whole are held: to be asked when `next` returned undefined. */
  get partial(): boolean {
    return this.#end > this.#start;
  }

  /** The bytes of the frame that is not whole, and all behind it. */
  get held(): Buffer {
    return this.#bytes.subarray(this.#start, this.#end);
  }

  /** Takes over bytes as they came; the caller does not touch the chunk afterwards. */
  push(chunk: Buffer): void {
    const held = this.#end - this.#start;
    if (held === 0) {
      this.#rebase(chunk, 0);
      this.#end = chunk.length;
      return;
    }
    if (this.#bytes.length - this.#end < chunk.length) {
      // Twice the need, so that a request that drips in is copied a bounded number of times.
      const grown = Buffer.allocUnsafeSlow((held + chunk.length) * 2);
      this.#bytes.copy(grown, 0, this.#start, this.#end);
      this.#rebase(grown, held);
    }
    chunk.copy(this.#bytes, this.#end);
    this.#end += chunk.length;
  }

  /** The next whole frame, or undefined until more bytes come. @throws RequestError that closes. */
  next(): Frame | undefined {
    if (this.#bodyStart < 0 && !this.#scanHead()) return undefined;
    const bodyEnd = this.#bodyStart + this.#bodyLength;
    if (bodyEnd > this.#end) return undefined;
    const head = this.#headText();
    const body = this.#bodyLength === 0 ? NOTHING : this.#bytes.subarray(this.#bodyStart, bodyEnd);
    this.#begin(bodyEnd);
    return { head, body };
  }

  #begin(start: number): void {
    this.#start = start;
    this.#at = start;
    this.#lineStart = start;
    this.#colon = -1;
    this.#lines = 0;
    this.#beyondASCII = false;
    this.#bodyLength = -1;
    this.#bodyStart = -1;
    if (start === this.#end) this.#bytes = NOTHING;
  }

  /** Goes on in another buffer, that begins with the `held` bytes not yet taken. */
  #rebase(bytes: Buffer, held: number): void {
    this.#bytes = bytes;
    this.#at -= this.#start;
    this.#lineStart -= this.#start;
    if (this.#colon >= 0) this.#colon -= this.#start;
    if (this.#bodyStart >= 0) this.#bodyStart -= this.#start;
    this.#start = 0;
    this.#end = held;
  }

  /** Scans on from where it stopped. True when the head is whole. */
  #scanHead(): boolean {
    const bytes = this.#bytes;
    const limit = this.#start + this.#limits.head_bytes_max;
    const end = Math.min(this.#end, limit);
    let at = this.#at;
    // The request line has no name before its value.
    let colon = this.#lines === 0 ? this.#lineStart : this.#colon;
    while (at < end) {
      if (colon < 0) {
        while (at < end && NAME_BYTES[bytes[at] as number] === 1) at += 1;
        if (at === end) break;
        if (bytes[at] === COLON && at > this.#lineStart) colon = at;
        else if (at > this.#lineStart) throw badHead();
      }
      if (colon >= 0) at = this.#scanValue(at, end);
      if (at < end && bytes[at] !== CR) throw badHead();
      if (at + 1 >= end) break;
      if (bytes[at + 1] !== LF) throw badHead();
      if (this.#endLine(at, colon)) return true;
      at += 2;
      colon = -1;
    }
    if (end === limit)
      throw brokenFrame('head-too-long', `A head has at most ${this.#limits.head_bytes_max} bytes`);
    this.#at = at;
    this.#colon = colon;
    return false;
  }

  /** Where the value that goes on at `at` ends: at a control character, or at `end`. */
  #scanValue(start: number, end: number): number {
    const bytes = this.#bytes;
    let at = start;
    while (at < end) {
      const byte = bytes[at] as number;
      if (byte < SPACE || byte >= DELETE) {
        if (byte <= DELETE) break;
        this.#beyondASCII = true;
      }
      at += 1;
    }
    return at;
  }

  /** Takes the line that ends at `at`. True when it was the empty line behind the headers. */
  #endLine(at: number, colon: number): boolean {
    const { headers_max, body_bytes_max } = this.#limits;
    if (this.#lines === 0) {
      checkRequestLine(this.#bytes, this.#lineStart, at);
    } else if (at === this.#lineStart) {
      if (this.#bodyLength < 0)
        throw brokenFrame('no-length', 'Every request needs Content-Length, 0 without a body');
      this.#bodyStart = at + 2;
      return true;
    } else if (this.#lines > headers_max) {
      throw brokenFrame('too-many-headers', `A request has at most ${headers_max} headers`);
    } else if (isContentLength(this.#bytes, this.#lineStart, colon)) {
      if (this.#bodyLength >= 0) throw brokenFrame('bad-length', 'Content-Length is given once');
      this.#bodyLength = readContentLength(this.#bytes, colon + 1, at);
      if (this.#bodyLength > body_bytes_max)
        throw brokenFrame('body-too-long', `A body has at most ${body_bytes_max} bytes`);
    }
    this.#lines += 1;
    this.#lineStart = at + 2;
    return false;
  }

  /** @throws RequestError where the head is not UTF-8, or has a control character beyond ASCII. */
  #headText(): string {
    const end = this.#bodyStart - 2;
    if (!this.#beyondASCII) return this.#bytes.toString('latin1', this.#start, end);
    if (!isUtf8(this.#bytes.subarray(this.#start, end))) throw badHead();
    const text = this.#bytes.toString('utf8', this.#start, end);
    if (/\p{Cc}/u.test(text.replaceAll('\r\n', ''))) throw badHead();
    return text;
  }
}

function badHead(): Error {
  return brokenFrame(
    'bad-head',
    'A header is a line `Name: value` in UTF-8 that ends with CRLF, without other control characters',
  );
}
