import { once } from 'node:events';
import { type Duplex, duplexPair } from 'node:stream';
import { Credentials } from '../src/access/credentials.ts';
import { Door } from '../src/access/door.ts';
import { RIGHTS, type Right, type StatusName, type Verb } from '../src/pnp/grammar.ts';
import type { Request } from '../src/pnp/request.ts';
import type { Response } from '../src/pnp/response.ts';
import type { Limits } from '../src/server/limits.ts';
import type { Serve } from '../src/server/serve.ts';
import { Server } from '../src/server/server.ts';
import { type Answer, AnswerReader } from './conformance-runner.ts';

export const TEST_LIMITS: Limits = {
  head_bytes_max: 16_384,
  headers_max: 64,
  body_bytes_max: 262_144,
  in_flight_max: 1_024,
  queue_requests_max: 16_384,
  shed_ms: 250,
  connections_max: 4_096,
  idle_seconds_max: 3_600,
  head_seconds_max: 30,
  handshake_seconds_max: 10,
  unproven_connections_max: 256,
  write_seconds_max: 60,
};

/** A door without TLS that gives rights to all who come, or to those only who prove who they are. */
export function doorFor(rights: readonly Right[], needsProof = false): Door {
  return new Door({ grant: { rights, domains: [] }, tls: undefined, needsProof }, new Credentials([]));
}

/** A server on streams in memory, with a clock that stands until it is moved. */
export class WireHarness {
  readonly server: Server;
  /** Milliseconds. */
  clock = 1_000;
  readonly answered: (readonly [Verb | undefined, StatusName])[] = [];
  readonly failures: unknown[] = [];

  constructor(serve: Serve, limits: Partial<Limits> = {}) {
    this.server = new Server({
      limits: { ...TEST_LIMITS, ...limits },
      now: () => this.clock,
      events: {
        opened: () => ({
          serve,
          failed: (_verb, error) => this.failures.push(error),
          closed: () => undefined,
        }),
        answered: (verb, status) => this.answered.push([verb, status]),
        acceptFailed: (error) => this.failures.push(error),
        handshakeFailed: (_listener, error) => this.failures.push(error),
      },
    });
  }

  /** Moves the clock on, and has the time-outs looked at. */
  pass(milliseconds: number): void {
    this.clock += milliseconds;
    this.server.sweep();
  }

  connect(rights: readonly Right[] = RIGHTS, needsProof = false): WireClient {
    const [near, far] = duplexPair();
    this.server.accept(far, doorFor(rights, needsProof).admit('memory', 'memory'));
    return new WireClient(near, far);
  }

  /** Somebody who still has to prove who it is. */
  connectStranger(): WireClient {
    return this.connect(RIGHTS, true);
  }
}

/** The client's end of a stream: writes bytes, reads answers. */
export class WireClient {
  readonly stream: Duplex;
  /** The daemon's end. */
  readonly far: Duplex | undefined;
  readonly #reader = new AnswerReader();

  constructor(stream: Duplex, far?: Duplex) {
    this.stream = stream;
    this.far = far;
    stream.on('error', () => stream.destroy());
  }

  send(bytes: string | Buffer): this {
    this.stream.write(bytes);
    return this;
  }

  /** Half-closes. */
  finish(bytes = ''): this {
    this.stream.end(bytes);
    return this;
  }

  /** The next `count` answers. Fails where the stream ends before. */
  async answers(count: number): Promise<Answer[]> {
    const answers: Answer[] = [];
    while (answers.length < count) {
      const answer = this.#reader.next();
      if (answer !== undefined) answers.push(answer);
      else if (!(await this.#more()))
        throw new Error(`the stream ended after ${answers.length} of ${count} answers`);
    }
    return answers;
  }

  async answer(): Promise<Answer> {
    return (await this.answers(1))[0] as Answer;
  }

  /** All answers until the daemon ends the stream. Fails where it ends amid one. */
  async rest(): Promise<Answer[]> {
    while (await this.#more());
    const answers: Answer[] = [];
    for (let answer = this.#reader.next(); answer !== undefined; answer = this.#reader.next())
      answers.push(answer);
    if (this.#reader.partial) throw new Error('the stream ended amid an answer');
    return answers;
  }

  async #more(): Promise<boolean> {
    for (;;) {
      const chunk: unknown = this.stream.read();
      if (chunk !== null) {
        this.#reader.push(chunk as Buffer);
        return true;
      }
      if (this.stream.readableEnded || this.stream.destroyed) return false;
      const done = new AbortController();
      const events = ['readable', 'end', 'close'].map((name) =>
        once(this.stream, name, { signal: done.signal }),
      );
      await Promise.race(events).finally(() => done.abort());
    }
  }
}

/** Bytes of a request. */
export function request(verb: string, headers: Readonly<Record<string, string>> = {}, body = ''): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${verb} PNP/1.0\r\n${lines.join('')}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

/** Answers with the request's body, so that a test sees which answer is whose. */
export function echo(asked: Request): Response {
  return { status: 'EX_OK', body: asked.body.toString() };
}

/** Some turns of the event loop: all that can be served now has been served. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

export function headerOf(answer: Answer, name: string): string | undefined {
  return answer.headers.find(([known]) => known === name)?.[1];
}

/** Code and error word of an answer; `0 undefined` where all is well. */
export function wordOf(answer: Answer | undefined): string {
  return `${answer?.status} ${answer === undefined ? '' : headerOf(answer, 'Error')?.split(' ; ')[0]}`;
}
