import { Buffer } from 'node:buffer';
import { type Answer, AnswerHeaders } from './answer.ts';
import { PnpError } from './pnp-error.ts';

/** What an answer may measure: the daemon is not trusted blindly. */
export interface AnswerLimits {
  readonly headBytesMax: number;
  readonly headersMax: number;
  readonly bodyBytesMax: number;
}

export const ANSWER_LIMITS: AnswerLimits = {
  headBytesMax: 65_536,
  headersMax: 256,
  bodyBytesMax: 16 * 1024 * 1024,
};

const STATUS_LINE = /^PNP\/1\.\d{1,3} (\d{1,3}) ([A-Z_]{1,32})$/;
const HEADER = /^([A-Za-z0-9-]{1,64}):[ \t]{0,16}([^\n]*)$/;
const LENGTH = /^\d{1,10}$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for.
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/;
const HEAD_END = '\r\n\r\n';
const EMPTY: Buffer = Buffer.alloc(0);

/** Cuts a stream of bytes into answers, however the bytes are split. After it has thrown, the stream is lost. */
export class AnswerParser {
  readonly #limits: AnswerLimits;
  /** Bytes of a head that has not ended yet. */
  #head: Buffer = EMPTY;
  /** The answer whose body is still coming, and the parts of it that have come. */
  #open: { readonly answer: Answer; missing: number; readonly parts: Buffer[] } | undefined;

  constructor(limits: Partial<AnswerLimits> = {}) {
    this.#limits = { ...ANSWER_LIMITS, ...limits };
  }

  /** True where the bytes so far end amid an answer. */
  get partial(): boolean {
    return this.#open !== undefined || this.#head.length > 0;
  }

  /** Takes the next bytes; returns the answers that they complete. @throws PnpError `protocol` */
  push(chunk: Buffer): Answer[] {
    const answers: Answer[] = [];
    let rest = chunk;
    while (rest.length > 0) {
      rest = this.#open === undefined ? this.#takeHead(rest) : this.#takeBody(rest);
      // An answer without a body is whole with its head, so this is asked after either step.
      if (this.#open?.missing === 0) answers.push(this.#finish());
    }
    return answers;
  }

  /** Reads up to the end of a head; returns the bytes behind it. */
  #takeHead(chunk: Buffer): Buffer {
    const seen = this.#head.length;
    const bytes = seen === 0 ? chunk : Buffer.concat([this.#head, chunk]);
    const end = bytes.indexOf(HEAD_END, Math.max(0, seen - HEAD_END.length + 1), 'latin1');
    if ((end < 0 ? bytes.length : end) > this.#limits.headBytesMax) {
      throw broken(`the head of an answer is longer than ${this.#limits.headBytesMax} bytes`);
    }
    if (end < 0) {
      this.#head = bytes;
      return EMPTY;
    }
    this.#head = EMPTY;
    const answer = parseHead(bytes.toString('utf8', 0, end), this.#limits.headersMax);
    const missing = bodyLength(answer.headers, this.#limits.bodyBytesMax);
    this.#open = { answer, missing, parts: [] };
    return bytes.subarray(end + HEAD_END.length);
  }

  #takeBody(chunk: Buffer): Buffer {
    const open = this.#open!;
    const part = chunk.subarray(0, open.missing);
    open.parts.push(part);
    open.missing -= part.length;
    return chunk.subarray(part.length);
  }

  #finish(): Answer {
    const { answer, parts } = this.#open!;
    this.#open = undefined;
    if (parts.length === 0) return answer;
    return { ...answer, body: parts.length === 1 ? parts[0]! : Buffer.concat(parts) };
  }
}

function parseHead(head: string, headersMax: number): Answer {
  const lines = head.split('\r\n', headersMax + 2);
  const [, status, name] = STATUS_LINE.exec(lines[0]!) ?? [];
  if (status === undefined || name === undefined) {
    throw broken('the answer does not begin with a status line of PNP/1');
  }
  if (lines.length > headersMax + 1) throw broken(`an answer has more than ${headersMax} headers`);
  const headers = new AnswerHeaders();
  for (const line of lines.slice(1)) {
    const [, key, value] = HEADER.exec(line) ?? [];
    if (key === undefined || value === undefined || CONTROL.test(value)) {
      throw broken('an answer has a line that is no header');
    }
    headers.append(key, value.trimEnd());
  }
  return { status: Number(status), name, headers, body: EMPTY };
}

function bodyLength(headers: AnswerHeaders, bodyBytesMax: number): number {
  const lengths = headers.all('Content-Length');
  if (lengths.length !== 1 || !LENGTH.test(lengths[0]!)) {
    throw broken('an answer does not have exactly one Content-Length');
  }
  const length = Number(lengths[0]);
  if (length > bodyBytesMax) throw broken(`the body of an answer is longer than ${bodyBytesMax} bytes`);
  return length;
}

function broken(what: string): PnpError {
  return new PnpError('protocol', `The daemon broke the protocol: ${what}. Is this a PNP socket?`);
}
