import type { Duplex } from 'node:stream';
import { RequestError } from '../errors.ts';
import { Framer } from '../pnp/framer.ts';
import type { Verb } from '../pnp/grammar.ts';
import { Head } from '../pnp/head.ts';
import type { Peer } from '../pnp/peer.ts';
import { brokenFrame } from '../pnp/refusal.ts';
import { parseRequest } from '../pnp/request.ts';
import { encodeResponse, errorResponse, type Response } from '../pnp/response.ts';
import { SpamdReader } from '../spamd/reader.ts';
import { AnswerOrder, type Exchange, HELD_BYTES_MAX, type Waiting } from './answer-order.ts';
import { isOver, type Limits } from './limits.ts';
import { LINGER_SECONDS, Outlet } from './outlet.ts';
import type { Scheduler, Worker } from './scheduler.ts';
import { type ServerEvents, type Serving, serveRequest } from './serve.ts';

/** A turn serves this many requests, or this long, whichever ends first [PNP-2.3]. */
const TURN_REQUESTS_MAX = 16;
const TURN_MS = 0.5;

/** What connections share. */
export interface ConnectionHost {
  /** In force now. */
  limits: Limits;
  readonly events: ServerEvents;
  readonly scheduler: Scheduler;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** The connection is gone. */
  closed(connection: Connection): void;
}

/**
 * One connection, over any stream: reads requests, has them served in turns, writes the answers of a turn at once
 * [PNP-2]. The only place that catches what is wrong with the protocol.
 *
 * `open`: reads. `finishing`: reads no more, answers what is in flight. `ended`: has said its last, waits for the client
 * to close. `closed`: gone.
 */
export class Connection implements Worker {
  readonly #stream: Duplex;
  readonly #host: ConnectionHost;
  /** Those that HELLO announces hold as they were when the connection opened: the client goes by them. */
  readonly #announced: Limits;
  readonly #serving: Serving;
  readonly #outlet: Outlet;
  readonly #order = new AnswerOrder();
  readonly #queue: Waiting[] = [];
  /** Undefined once nothing more is read as a request. */
  #framer: Framer | undefined;
  /** Reads in the framer's place where the first line is SpamAssassin's; undefined once its one request is read [PNP-10]. */
  #spamd: SpamdReader | undefined;
  /** Words the answers, in the dialect that is spoken. */
  #encode = encodeResponse;
  /** No request has come. */
  #isFresh = true;
  #state: 'open' | 'finishing' | 'ended' | 'closed' = 'open';
  /** The client has sent its last byte. */
  #halfClosed = false;
  /** When the clock was last read. */
  #clock: number;
  #receivedAt: number;
  readonly #openedAt: number;
  /** Since when the client owes the rest of a request. */
  #partialSince: number | undefined;

  constructor(stream: Duplex, peer: Peer, host: ConnectionHost) {
    this.#stream = stream;
    this.#host = host;
    this.#serving = { peer, attendant: host.events.opened(peer, host.limits) };
    this.#framer = new Framer(host.limits);
    this.#announced = host.limits;
    this.#outlet = new Outlet(stream, host.now, () => this.#resume());
    this.#clock = host.now();
    this.#receivedAt = this.#clock;
    this.#openedAt = this.#clock;
    stream.on('data', (chunk: Buffer) => this.#read(chunk));
    stream.on('end', () => this.#readEnd());
    // A stream that failed closes; there is nobody left to tell.
    stream.on('error', () => stream.destroy());
    stream.on('close', () => this.#closed());
  }

  /** One turn: serves, writes once, reads on [PNP-2.3]. */
  turn(): boolean {
    if (this.#state === 'closed') return false;
    this.#serveTurn();
    this.#outlet.flush(this.#clock);
    this.#takeFrames();
    if (this.#isDone()) {
      this.#state = 'ended';
      this.#outlet.end();
    }
    return this.#needsTurn();
  }

  /** Reads no more requests; ends when those that came are answered. */
  finish(): void {
    if (this.#state !== 'open') return;
    this.#state = 'finishing';
    this.#partialSince = undefined;
    this.#takeFrames();
    this.#wake();
  }

  destroy(): void {
    this.#stream.destroy();
  }

  /** The client has no rights before it proves who it is. */
  get isUnproven(): boolean {
    return this.#serving.peer.unproven !== undefined;
  }

  /** Enforces the time-outs; called every now and then. */
  sweep(now: number): void {
    const { idle_seconds_max, head_seconds_max } = this.#announced;
    const { write_seconds_max, handshake_seconds_max } = this.#host.limits;
    if (
      isOver(this.#outlet.unsentSince, write_seconds_max, now) ||
      isOver(this.#outlet.endedAt, LINGER_SECONDS, now) ||
      (this.isUnproven && isOver(this.#openedAt, handshake_seconds_max, now))
    ) {
      this.destroy();
    } else if (isOver(this.#partialSince, head_seconds_max, now)) {
      this.#fail(brokenFrame('slow-request', `A request comes whole within ${head_seconds_max} s`));
      this.#wake();
    } else if (this.#order.inFlight === 0 && isOver(this.#clock, idle_seconds_max, now)) {
      this.finish();
    }
  }

  #read(chunk: Buffer): void {
    // What comes behind a broken frame, or while the connection ends, is no request.
    if (this.#state !== 'open') return;
    this.#clock = this.#host.now();
    this.#receivedAt = this.#clock;
    this.#framer?.push(chunk);
    this.#spamd?.push(chunk);
    this.#takeFrames();
    this.#wake();
  }

  #readEnd(): void {
    this.#halfClosed = true;
    this.finish();
  }

  /** Takes as many requests as may be in flight, and reads on only where more may come. */
  #takeFrames(): void {
    try {
      if (this.#spamd !== undefined) this.#takeSpamd(this.#spamd);
      while (this.#framer !== undefined && this.#mayTake()) {
        const frame = this.#framer.next();
        if (frame === undefined) {
          this.#owed(this.#framer);
          break;
        }
        this.#partialSince = undefined;
        this.#isFresh = false;
        this.#takeRequest(new Head(frame), frame.head.length + frame.body.length);
      }
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      if (!this.#turnToSpamd()) this.#fail(error);
    }
    const reads = this.#state !== 'open' || this.#mayTake();
    if (reads === this.#stream.isPaused()) reads ? this.#stream.resume() : this.#stream.pause();
  }

  /** No whole frame is left; what is there of one, the client owes the rest of. */
  #owed(framer: Framer): void {
    if (this.#state === 'open') {
      if (framer.partial) this.#partialSince ??= this.#clock;
      return;
    }
    this.#framer = undefined;
    if (this.#halfClosed && framer.partial) {
      throw brokenFrame('truncated', 'The connection was closed for writing amid a request');
    }
  }

  /** What is no frame of PNP may be the other dialect, where it begins the connection. True where it is, and was read on. */
  #turnToSpamd(): boolean {
    const held = this.#isFresh ? this.#framer?.held : undefined;
    const reader = held && SpamdReader.from(held, this.#announced);
    if (reader === undefined) return false;
    this.#framer = undefined;
    this.#spamd = reader;
    this.#encode = (response) => reader.encode(response);
    this.#outlet.encoding = 'latin1';
    this.#takeFrames();
    return true;
  }

  #takeSpamd(reader: SpamdReader): void {
    const request = reader.next(this.#halfClosed, this.#receivedAt);
    const isDue = request === undefined && this.#state === 'open';
    this.#partialSince = isDue ? (this.#partialSince ?? this.#clock) : undefined;
    if (isDue) return;
    this.#spamd = undefined;
    this.#state = 'finishing';
    if (request === undefined) return;
    this.#host.scheduler.admit();
    const exchange = this.#order.open(undefined, request.body.length);
    this.#queue.push({ request, exchange, since: this.#clock });
  }

  /** Strangers ask one thing at a time, so that they cannot fill the queue of all. */
  #mayTake(): boolean {
    const inFlightMax = this.isUnproven ? 1 : this.#announced.in_flight_max;
    return this.#order.inFlight < inFlightMax && this.#order.bytes < HELD_BYTES_MAX && !this.#outlet.blocked;
  }

  #takeRequest(head: Head, bytes: number): void {
    if (head.id !== undefined && this.#order.has(head.id)) {
      throw brokenFrame('id-in-flight', `Id ${head.id} belongs to a request that is not answered yet`);
    }
    const exchange = this.#order.open(head.id, bytes);
    try {
      const request = parseRequest(head, this.#receivedAt);
      this.#host.scheduler.admit();
      this.#queue.push({ request, exchange, since: this.#clock });
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      this.#settle(exchange, undefined, errorResponse(error));
    }
  }

  /** Answers what broke the framing, behind all that came before it; nothing after it is read as a request. */
  #fail(error: RequestError): void {
    this.#framer = undefined;
    this.#spamd = undefined;
    this.#partialSince = undefined;
    if (this.#state === 'open') this.#state = 'finishing';
    this.#host.events.answered(undefined, error.status);
    this.#outlet.add(this.#order.close(this.#encode(errorResponse(error), undefined)));
  }

  #serveTurn(): void {
    const { now, scheduler, limits } = this.#host;
    const began = now();
    this.#clock = began;
    for (let served = 0; served < TURN_REQUESTS_MAX && this.#clock - began < TURN_MS; served += 1) {
      const waiting = this.#outlet.blocked ? undefined : this.#queue.shift();
      if (waiting === undefined) return;
      const { request, exchange } = waiting;
      scheduler.queued -= 1;
      request.overload = this.#clock - waiting.since > limits.shed_ms;
      const answer = serveRequest(request, this.#clock, this.#serving);
      if (answer instanceof Promise) {
        void answer.then((response) => {
          this.#settle(exchange, request.verb, response);
          this.#wake();
        });
      } else {
        this.#settle(exchange, request.verb, answer);
      }
      this.#clock = now();
    }
  }

  #settle(exchange: Exchange, verb: Verb | undefined, response: Response | undefined): void {
    if (response !== undefined) this.#host.events.answered(verb, response.status);
    const answer = response === undefined ? '' : this.#encode(response, exchange.id);
    this.#outlet.add(this.#order.settle(exchange, answer));
    if (response?.closes === true) this.finish();
  }

  /** The client takes answers again. */
  #resume(): void {
    if (this.#state === 'closed') return;
    this.#takeFrames();
    this.#wake();
  }

  #wake(): void {
    if (this.#needsTurn()) this.#host.scheduler.wake(this);
  }

  #needsTurn(): boolean {
    if (this.#state === 'closed') return false;
    return this.#outlet.waiting || (this.#queue.length > 0 && !this.#outlet.blocked) || this.#isDone();
  }

  #isDone(): boolean {
    const answered = this.#order.inFlight === 0 && !this.#outlet.waiting;
    return this.#state === 'finishing' && this.#framer === undefined && answered;
  }

  #closed(): void {
    this.#state = 'closed';
    this.#framer = undefined;
    this.#host.scheduler.queued -= this.#queue.length;
    this.#queue.length = 0;
    this.#host.scheduler.forget(this);
    this.#serving.attendant.closed();
    this.#host.closed(this);
  }
}
