import { isUtf8 } from 'node:buffer';
import type { FrameLimits } from '../pnp/framer.ts';
import { brokenFrame } from '../pnp/refusal.ts';
import { isSpamcVerb, type SpamcVerb, takesHeaders } from './verbs.ts';

const REQUEST_LINE = /^([A-Z_]{1,32}) SPAMC\/([0-9]{1,3}\.[0-9]{1,3})$/;
const HEADER_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/;
const KNOWN = new Set(['content-length', 'user', 'compress', 'message-class', 'set', 'remove']);

/** The head of one request of the dialect. Names of headers are kept in lower case. */
export class SpamcHead {
  readonly verb: SpamcVerb;
  readonly version: number;
  /** Nothing of the head is due any more. */
  isWhole: boolean;
  /** Bytes of the body; undefined where the half-close ends it. */
  bodyLength: number | undefined;
  readonly #limits: FrameLimits;
  readonly #values = new Map<string, string>();
  #lines = 0;

  /** @throws RequestError that closes: a request line that is none. */
  constructor(requestLine: Buffer, limits: FrameLimits) {
    const line = textOf(requestLine);
    const [, verb = '', version = ''] = REQUEST_LINE.exec(line) ?? [];
    if (!isSpamcVerb(verb)) throw brokenFrame('bad-request-line', line.slice(0, 200));
    this.verb = verb;
    this.version = Number(version);
    this.isWhole = !takesHeaders(this.verb, this.version);
    this.#limits = limits;
  }

  /** The value without spaces around it; undefined where the header is not there. */
  value(name: 'user' | 'message-class' | 'set' | 'remove'): string | undefined {
    return this.#values.get(name);
  }

  /** Takes the next line with its line feed. The sentences of what is wrong are spamd's. @throws RequestError that closes. */
  addLine(bytes: Buffer): void {
    const line = textOf(bytes);
    if (!bytes.toString('latin1').endsWith('\r\n')) throw badHeader();
    if (line === '') {
      this.isWhole = true;
      return;
    }
    this.#lines += 1;
    if (this.#lines > this.#limits.headers_max) throw brokenFrame('too-many-headers', '(too many headers)');
    const [, name = '', value = ''] = HEADER_LINE.exec(line) ?? [];
    if (name === '') throw badHeader();
    this.#addHeader(name.toLowerCase(), value);
  }

  #addHeader(name: string, value: string): void {
    if (!KNOWN.has(name)) return;
    if (this.#values.has(name)) throw brokenFrame('bad-head', `(${name} is given twice)`);
    this.#values.set(name, value);
    if (name === 'compress') throw brokenFrame('bad-head', `(compression type not supported: ${value})`);
    if (name === 'content-length') this.bodyLength = readLength(value, this.#limits.body_bytes_max);
  }
}

/** A line without its end. @throws RequestError where it is not UTF-8, or has a control character. */
function textOf(bytes: Buffer): string {
  const text = bytes.toString('utf8').replace(/\r?\n$/, '');
  if (!isUtf8(bytes) || /[^\P{Cc}\t]/u.test(text)) throw badHeader();
  return text;
}

function badHeader(): Error {
  return brokenFrame('bad-head', "(header not in 'Name: value' format)");
}

function readLength(value: string, bytesMax: number): number {
  if (!/^[0-9]{1,10}$/.test(value)) {
    throw brokenFrame('bad-length', '(Content-Length contains non-numeric bytes)');
  }
  const length = Number(value);
  if (length > bytesMax) throw brokenFrame('body-too-long', `(A body has at most ${bytesMax} bytes)`);
  return length;
}
