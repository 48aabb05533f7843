import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';

/** Tests are run from the root of the project. */
const DIRECTORY = 'test/conformance';

/** An answer as a client reads it: test/conformance/README.md. */
export interface Answer {
  readonly status: number;
  readonly name: string;
  /** In the order of the wire, without `Content-Length`. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

/** What a client is asked to send. */
export interface Call {
  readonly verb: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

export interface Exchange {
  /** Null where no client would send it: it breaks the grammar. */
  readonly call: Call | null;
  /** Null for SKIP. */
  readonly answer: Answer | null;
  /** What of the answer is only an example: patterns for what a daemon says instead. */
  readonly varies?: { readonly headers?: Readonly<Record<string, string>>; readonly body?: string };
}

/** One conformance file with its JSON. */
export interface Conformance {
  readonly name: string;
  readonly about: string;
  readonly listener: 'unix' | 'admin' | 'tcp';
  readonly exchanges: readonly Exchange[];
  /** The daemon closes after the last answer. */
  readonly closes: boolean;
  /** The client half-closes after its last byte. */
  readonly ends: boolean;
  /** Only meaningful at the beginning of a connection. */
  readonly first: boolean;
  /** The requests have to arrive in one piece. */
  readonly atOnce: boolean;
  readonly sent: Buffer;
  readonly received: Buffer;
}

/** Reads all conformance files, by name. */
export function readConformance(directory = DIRECTORY): Conformance[] {
  return readdirSync(directory)
    .filter((file) => file.endsWith('.pnp'))
    .sort()
    .map((file) => readOne(directory, file.slice(0, -'.pnp'.length)));
}

/** The bytes of a transcript: `C:` is sent by the client, `S:` by the daemon, and each line ends with CRLF. */
export function readTranscript(text: string): { readonly sent: Buffer; readonly received: Buffer } {
  const lines = text.split('\n');
  const side = (mark: string) =>
    Buffer.from(
      lines
        .filter((line) => line === mark || line.startsWith(`${mark} `))
        .map((line) => `${line.slice(mark.length + 1)}\r\n`)
        .join(''),
    );
  return { sent: side('C:'), received: side('S:') };
}

function readOne(directory: string, name: string): Conformance {
  const transcript = readTranscript(readFileSync(join(directory, `${name}.pnp`), 'utf8'));
  const json = JSON.parse(readFileSync(join(directory, `${name}.json`), 'utf8')) as Partial<Conformance>;
  const defaults = {
    about: '',
    listener: 'unix',
    exchanges: [],
    closes: false,
    ends: false,
    first: false,
    atOnce: false,
  } as const;
  return { ...defaults, ...json, ...transcript, name };
}

/** Bytes of a call, as every client must write them: headers as listed, `Content-Length` last. */
export function encodeCall({ verb, headers, body }: Call): string {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return `${verb} PNP/1.0\r\n${lines}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

const STATUS_LINE = /^PNP\/1\.0 (0|[1-9][0-9]) (EX_[A-Z]+)$/;
const HEADER_LINE = /^([A-Za-z-]+): (.*)$/;

/** Reads answers, and takes nothing but the grammar of the specification. */
export class AnswerReader {
  #bytes = Buffer.alloc(0);

  get partial(): boolean {
    return this.#bytes.length > 0;
  }

  push(chunk: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
  }

  /** The next whole answer. @throws Error where the bytes are none. */
  next(): Answer | undefined {
    const headEnd = this.#bytes.indexOf('\r\n\r\n');
    if (headEnd < 0) return undefined;
    const [line, ...lines] = this.#bytes.toString('utf8', 0, headEnd).split('\r\n');
    const status = STATUS_LINE.exec(line as string);
    if (status === null) throw new Error(`no status line: ${line}`);
    const headers = lines.map((text): [string, string] => {
      const parts = HEADER_LINE.exec(text);
      if (parts === null || /\p{Cc}/u.test(text)) throw new Error(`no header: ${text}`);
      return [parts[1] as string, parts[2] as string];
    });
    const last = headers.pop();
    if (last?.[0] !== 'Content-Length' || !/^(?:0|[1-9][0-9]*)$/.test(last[1]))
      throw new Error(`no length: ${last}`);
    const bodyEnd = headEnd + 4 + Number(last[1]);
    if (this.#bytes.length < bodyEnd) return undefined;
    const body = this.#bytes.toString('utf8', headEnd + 4, bodyEnd);
    this.#bytes = this.#bytes.subarray(bodyEnd);
    return { status: Number(status[1]), name: status[2] as string, headers, body };
  }
}

/** All answers in `bytes`, which must end with the last of them. */
export function readAnswers(bytes: Buffer): Answer[] {
  const reader = new AnswerReader();
  reader.push(bytes);
  const answers: Answer[] = [];
  for (let answer = reader.next(); answer !== undefined; answer = reader.next()) answers.push(answer);
  if (reader.partial) throw new Error('the bytes end amid an answer');
  return answers;
}

/** Sends one file on a fresh connection, in pieces of `step` bytes, and compares all that comes back. */
export async function runFile(file: Conformance, stream: Duplex, step: number): Promise<void> {
  const answers = readStream(stream);
  await sendInPieces(stream, file.sent, step);
  // A client that half-closes at once is answered all the same; one whose connection is closed need not.
  if (!file.closes || file.ends) stream.end();
  compareAnswers(await answers, file.exchanges);
  stream.end();
}

/** Sends files behind each other on one connection, and compares all that comes back. */
export async function runPipelined(files: readonly Conformance[], stream: Duplex): Promise<void> {
  const answers = readStream(stream);
  stream.end(Buffer.concat(files.map((file) => file.sent)));
  compareAnswers(
    await answers,
    files.flatMap((file) => file.exchanges),
  );
}

/** Every answer has its call, every call its answer: by `Id`, or in order. */
export function compareAnswers(answers: readonly Answer[], exchanges: readonly Exchange[]): void {
  const due = exchanges.filter((exchange) => exchange.answer !== null);
  for (const answer of answers) {
    const id = idOf(answer);
    const index = due.findIndex((exchange) => idOf(exchange.answer as Answer) === id);
    const [exchange] = due.splice(index, index < 0 ? 0 : 1);
    assert.ok(exchange !== undefined, `nobody asked for ${JSON.stringify(answer)}`);
    compareAnswer(answer, exchange);
  }
  assert.deepEqual(due, [], 'every call is answered');
}

function idOf(answer: Answer): string | undefined {
  return answer.headers.find(([name]) => name === 'Id')?.[1];
}

function compareAnswer(answer: Answer, { answer: expected, varies = {} }: Exchange): void {
  assert.ok(expected !== null);
  const told = JSON.stringify(answer);
  assert.equal(answer.status, expected.status, told);
  assert.equal(answer.name, expected.name, told);
  const names = ({ headers }: Answer) => headers.map(([name]) => name).sort();
  assert.deepEqual(names(answer), names(expected), told);
  for (const [name, value] of answer.headers) {
    const example = expected.headers.find(([known]) => known === name)?.[1] as string;
    if (name === 'Error') assert.match(value, new RegExp(`^${example.split(' ; ')[0]} ; [^ ].{5,}$`), told);
    else assert.match(value, wholly(varies.headers?.[name] ?? literal(example)), `${name} in ${told}`);
  }
  if (varies.body === undefined) assert.equal(answer.body, expected.body);
  else assert.match(answer.body, wholly(varies.body));
}

function wholly(pattern: string): RegExp {
  return new RegExp(`^(?:${pattern})$`);
}

function literal(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

async function sendInPieces(stream: Duplex, bytes: Buffer, step: number): Promise<void> {
  for (let at = 0; at < bytes.length && stream.writable; at += step) {
    if (!stream.write(bytes.subarray(at, at + step)))
      await Promise.race([once(stream, 'drain'), once(stream, 'close')]);
    if (step < bytes.length) await new Promise((resolve) => setImmediate(resolve));
  }
}

async function readStream(stream: Duplex): Promise<Answer[]> {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(stream, 'end');
  return readAnswers(Buffer.concat(chunks));
}
