import type { FrameLimits } from '../pnp/framer.ts';
import { brokenFrame } from '../pnp/refusal.ts';
import type { Response } from '../pnp/response.ts';
import { encodeAnswer, encodeFailure } from './answer.ts';
import { SpamcHead } from './head.ts';
import { SpamcRequest } from './request.ts';
import { takesBody } from './verbs.ts';

const LF = 0x0a;
/** How the first bytes of a connection say that they are of the dialect. */
const DIALECT = /^[A-Z_]{1,32} SPAMC\//;
const DIALECT_BYTES_MAX = 64;

/**
 * Reads the one request of a connection that speaks SpamAssassin's dialect, and words its answer [PNP-10]. What is wrong with
 * it throws a `RequestError` that closes; the reader only words answers then.
 */
export class SpamdReader {
  readonly #limits: FrameLimits;
  /** All bytes that came; before `#at` they have been read as the head. */
  #bytes: Buffer;
  #end: number;
  #at = 0;
  #head: SpamcHead | undefined;
  #request: SpamcRequest | undefined;

  private constructor(bytes: Buffer, limits: FrameLimits) {
    this.#limits = limits;
    this.#bytes = bytes;
    this.#end = bytes.length;
  }

  /** A reader that goes on from the first bytes of a connection; undefined where they are not of the dialect. */
  static from(bytes: Buffer, limits: FrameLimits): SpamdReader | undefined {
    const isDialect = DIALECT.test(bytes.toString('latin1', 0, DIALECT_BYTES_MAX));
    return isDialect ? new SpamdReader(bytes, limits) : undefined;
  }

  push(chunk: Buffer): void {
    if (this.#bytes.length - this.#end < chunk.length) {
      // Twice the need, so that a request that drips in is copied a bounded number of times.
      const grown = Buffer.allocUnsafeSlow((this.#end + chunk.length) * 2);
      this.#bytes.copy(grown, 0, 0, this.#end);
      this.#bytes = grown;
    }
    chunk.copy(this.#bytes, this.#end);
    this.#end += chunk.length;
  }

  /**
   * The request, or undefined until more bytes come. What comes behind `Content-length` is dropped.
   * @param ended the client has sent its last byte, which ends a body without `Content-length`
   * @throws RequestError that closes.
   */
  next(ended: boolean, receivedAt: number): SpamcRequest | undefined {
    const head = this.#readHead();
    if (head === undefined) {
      if (ended) throw brokenFrame('truncated', '(EOF during headers)');
      return undefined;
    }
    const length = takesBody(head.verb) ? this.#bodyLength(head, ended) : 0;
    if (length === undefined) return undefined;
    this.#request = new SpamcRequest(head, this.#bytes.subarray(this.#at, this.#at + length), receivedAt);
    return this.#request;
  }

  /** The answer as it goes on the wire, one character a byte. */
  encode(response: Response): string {
    if (this.#request === undefined || response.status !== 'EX_OK') return encodeFailure(response);
    return encodeAnswer(this.#request, response);
  }

  /** Reads on line by line. The head, once it is whole. */
  #readHead(): SpamcHead | undefined {
    while (this.#head?.isWhole !== true) {
      const lineEnd = this.#bytes.subarray(0, this.#end).indexOf(LF, this.#at) + 1;
      if (Math.max(lineEnd, lineEnd === 0 ? this.#end : 0) > this.#limits.head_bytes_max) {
        throw brokenFrame('head-too-long', `(A head has at most ${this.#limits.head_bytes_max} bytes)`);
      }
      if (lineEnd === 0) return undefined;
      const line = this.#bytes.subarray(this.#at, lineEnd);
      if (this.#head === undefined) this.#head = new SpamcHead(line, this.#limits);
      else this.#head.addLine(line);
      this.#at = lineEnd;
    }
    return this.#head;
  }

  /** Undefined until the body is whole. */
  #bodyLength({ bodyLength }: SpamcHead, ended: boolean): number | undefined {
    const came = this.#end - this.#at;
    if (bodyLength === undefined) {
      const { body_bytes_max } = this.#limits;
      if (came > body_bytes_max)
        throw brokenFrame('body-too-long', `(A body has at most ${body_bytes_max} bytes)`);
      return ended ? came : undefined;
    }
    if (came >= bodyLength) return bodyLength;
    if (!ended) return undefined;
    const counts = `Expected ${bodyLength} bytes, got ${came} bytes`;
    throw brokenFrame('truncated', `(Content-Length mismatch: ${counts})`);
  }
}
