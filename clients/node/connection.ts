import type { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import { type Address, openSocket, placeOf } from './address.ts';
import type { Answer } from './answer.ts';
import { type AnswerLimits, AnswerParser } from './answer-parser.ts';
import { Backoff } from './backoff.ts';
import type { Call } from './call.ts';
import { PnpError, refused } from './pnp-error.ts';
import { encodeHead, encodeRequest } from './request.ts';

/** What AUTH sends first on each connection. */
export interface AuthOptions {
  readonly credential: string;
  readonly secret: string | Uint8Array;
}

export interface ConnectionOptions {
  readonly address: Address;
  readonly auth: AuthOptions | undefined;
  readonly connectTimeoutMs: number;
  readonly inFlightMax: number;
  readonly queueMax: number;
  readonly limits: Partial<AnswerLimits>;
  /** For the jitter of the back-off: 0 … 1. */
  readonly random: () => number;
}

/** `Id` of AUTH: no call has it, since theirs are numbers without a hyphen. */
const AUTH_ID = 'auth-0';
/** Calls that ran out of time one after the other, with no byte from the daemon between: the connection is given up. */
const SILENT_TIMEOUTS_MAX = 8;

/**
 * One connection with its queue. It connects when there is something to send, and after a failure not before its
 * back-off is over. A call that was given up keeps its place in flight until its answer has come and been dropped.
 */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #backoff: Backoff;
  /** Calls not yet sent; settled ones are skipped when their turn comes. */
  #queue: Call[] = [];
  /** Calls sent and not yet answered, by `Id`. */
  readonly #inFlight = new Map<string, Call>();
  #socket: Socket | undefined;
  #connected = false;
  #parser = new AnswerParser();
  #flushPlanned = false;
  #retry: NodeJS.Timeout | undefined;
  #idLast = 0;
  #silentTimeouts = 0;
  #ending: (() => void) | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#backoff = new Backoff(options.random, () => performance.now());
  }

  /** Calls that wait or are in flight: what the pool balances. */
  get load(): number {
    return this.#queue.length + this.#inFlight.size;
  }

  /** Takes a call; it is settled here, whatever happens. */
  send(call: Call): void {
    if (this.#queue.length >= this.#options.queueMax) this.#dropSettled();
    if (this.#queue.length >= this.#options.queueMax) {
      call.reject(
        new PnpError('queue-full', `${this.#options.queueMax} calls wait already; try again later.`),
      );
      return;
    }
    if (this.#socket === undefined && this.#backoff.waitMs() >= call.leftMs()) {
      call.reject(unreachable(this.#options.address, this.#backoff.cause));
      return;
    }
    this.#queue.push(call);
    if (this.#socket === undefined) this.#connectSoon();
    else if (this.#connected) this.#planFlush();
  }

  /** A call of this connection ran out of time. */
  timedOut(): void {
    this.#silentTimeouts += 1;
    if (this.#silentTimeouts < SILENT_TIMEOUTS_MAX || !this.#connected) return;
    this.#drop(
      new PnpError('disconnected', 'The daemon has not answered for too long; the connection was given up.'),
    );
  }

  /** Sends what waits, then half-closes; settles when everything is answered and the daemon has closed. */
  end(): Promise<void> {
    if (this.#socket === undefined && this.#queue.length === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#ending = resolve;
      if (this.#connected) this.#planFlush();
    });
  }

  /** Closes at once; what is not answered is rejected. */
  close(): void {
    this.#drop(new PnpError('closed', 'The client was closed before the answer came.'));
  }

  #connectSoon(): void {
    if (this.#retry !== undefined) return;
    const wait = this.#backoff.waitMs();
    if (wait <= 0) {
      this.#connect();
      return;
    }
    this.#retry = setTimeout(() => this.#connect(), wait);
  }

  #connect(): void {
    this.#retry = undefined;
    const { address, auth, connectTimeoutMs, limits } = this.#options;
    const [socket, connected] = openSocket(address);
    socket.setTimeout(connectTimeoutMs);
    this.#socket = socket;
    this.#parser = new AnswerParser(limits);
    this.#silentTimeouts = 0;
    let cause: Error | undefined;
    socket.on(connected, () => {
      if (auth === undefined) this.#ready();
      else socket.write(authRequest(auth));
    });
    socket.on('timeout', () => socket.destroy(new Error(`no connection within ${connectTimeoutMs} ms`)));
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('drain', () => this.#planFlush());
    socket.on('error', (error) => {
      cause = error;
    });
    socket.on('close', () => {
      if (this.#socket === socket) this.#lost(cause);
    });
  }

  /** Calls may go out. */
  #ready(): void {
    this.#socket?.setTimeout(0);
    this.#connected = true;
    this.#backoff.reset();
    this.#planFlush();
  }

  #lost(cause: Error | undefined): void {
    // The daemon may close an idle connection as it likes: no reason to stay away.
    if (this.load > 0 || cause !== undefined) this.#backoff.fail(cause);
    if (!this.#connected) this.#drop(unreachable(this.#options.address, cause));
    else
      this.#drop(
        new PnpError('disconnected', 'The daemon closed the connection before it answered.', { cause }),
      );
  }

  /** Lets go of the socket and of every call with it. */
  #drop(error: PnpError): void {
    const calls = [...this.#inFlight.values(), ...this.#queue];
    this.#inFlight.clear();
    this.#queue = [];
    const socket = this.#socket;
    this.#socket = undefined;
    this.#connected = false;
    clearTimeout(this.#retry);
    this.#retry = undefined;
    socket?.destroy();
    for (const call of calls) call.reject(error);
    this.#ending?.();
  }

  #planFlush(): void {
    if (this.#flushPlanned) return;
    this.#flushPlanned = true;
    setImmediate(() => {
      this.#flushPlanned = false;
      if (this.#connected) this.#flush();
    });
  }

  /** Writes all that may go now in one piece: bounded by what is in flight and by what the daemon has read. */
  #flush(): void {
    const socket = this.#socket!;
    let sent = 0;
    let text = '';
    socket.cork();
    while (sent < this.#queue.length && this.#inFlight.size < this.#options.inFlightMax) {
      if (socket.writableNeedDrain) break;
      const call = this.#queue[sent]!;
      sent += 1;
      if (call.settled) continue;
      text += this.#startCall(call);
      if (typeof call.body === 'string') {
        text += call.body;
      } else {
        socket.write(text);
        socket.write(call.body);
        text = '';
      }
    }
    if (text !== '') socket.write(text);
    socket.uncork();
    this.#queue = sent === this.#queue.length ? [] : this.#queue.slice(sent);
    if (this.#ending !== undefined && this.#queue.length === 0) socket.end();
  }

  #startCall(call: Call): string {
    this.#idLast = (this.#idLast + 1) % Number.MAX_SAFE_INTEGER;
    const id = this.#idLast.toString(36);
    this.#inFlight.set(id, call);
    const deadlineMs =
      call.deadlineMs === undefined ? undefined : Math.max(1, Math.ceil(call.deadlineLeftMs()));
    return encodeHead({ verb: call.verb, id, deadlineMs }, call.lines, call.bodyBytes);
  }

  #receive(chunk: Buffer): void {
    this.#silentTimeouts = 0;
    try {
      for (const answer of this.#parser.push(chunk)) this.#settle(answer);
    } catch (error) {
      if (!(error instanceof PnpError)) throw error;
      this.#backoff.fail(error);
      this.#drop(error);
      return;
    }
    if (this.#queue.length > 0) this.#planFlush();
  }

  /** @throws PnpError where the answer is to none of the calls: then no later one can be trusted either */
  #settle(answer: Answer): void {
    const id = answer.headers.get('Id');
    if (id === AUTH_ID && !this.#connected) {
      if (answer.status !== 0) throw refused(answer);
      this.#ready();
      return;
    }
    const call = id === undefined ? undefined : this.#inFlight.get(id);
    if (id !== undefined && call !== undefined) {
      this.#inFlight.delete(id);
      call.resolve(answer);
      return;
    }
    const said = answer.headers.get('Error') ?? answer.name;
    throw new PnpError('protocol', `The daemon gave up the connection: ${answer.status} ${said}.`, {
      answer,
    });
  }

  #dropSettled(): void {
    this.#queue = this.#queue.filter((call) => !call.settled);
  }
}

function authRequest({ credential, secret }: AuthOptions): Buffer {
  return encodeRequest({ verb: 'AUTH', id: AUTH_ID, headers: { Credential: credential }, body: secret });
}

function unreachable(address: Address, cause: Error | undefined): PnpError {
  const why = cause === undefined ? '' : ` (${cause.message})`;
  return new PnpError('unreachable', `No daemon answers at ${placeOf(address)}${why}; is it running?`, {
    cause,
  });
}
