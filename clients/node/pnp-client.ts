import { Buffer } from 'node:buffer';
import { type Address, checkAddress } from './address.ts';
import type { Answer } from './answer.ts';
import type { AnswerLimits } from './answer-parser.ts';
import { Call, type CallOptions } from './call.ts';
import { type AuthOptions, Connection } from './connection.ts';
import { factHeaders, type StanzaFacts } from './facts.ts';
import { type Hello, readHello } from './hello.ts';
import { type Lesson, lessonHeaders, readTaught, type Taught } from './lesson.ts';
import { type Observation, observationHeaders } from './observation.ts';
import { PnpError, refused } from './pnp-error.ts';
import { type Reloaded, readReloaded } from './reload.ts';
import { encodeHeaders, type RequestHeaders } from './request.ts';
import { readTokens, type TokensSeen } from './tokens.ts';
import { type KeyChange, keyChangeHeaders, type Rekeyed, readRekeyed } from './user-key.ts';
import { type Action, readSymbols, readVerdict, type UnitOpinion, type Verdict } from './verdict.ts';

export type { Address, TLSOptions } from './address.ts';
export { type Answer, AnswerHeaders } from './answer.ts';
export { ANSWER_LIMITS, type AnswerLimits, AnswerParser } from './answer-parser.ts';
export type { CallOptions } from './call.ts';
export type { AuthOptions } from './connection.ts';
export { FACT_WORDS, type StanzaFacts } from './facts.ts';
export type { Hello } from './hello.ts';
export type { Lesson, Taught } from './lesson.ts';
export { EVENT_WORDS, type Observation } from './observation.ts';
export { PnpError, type PnpErrorCode } from './pnp-error.ts';
export type { Reloaded } from './reload.ts';
export { encodeRequest, type RequestHeaders, type WireRequest } from './request.ts';
export type { TextSeen, TokenSeen, TokensSeen } from './tokens.ts';
export type { KeyChange, Rekeyed } from './user-key.ts';
export {
  type Action,
  readSymbols,
  readVerdict,
  type UnitOpinion,
  type Verdict,
  type VerdictName,
} from './verdict.ts';

export type PnpClientOptions = Address & {
  /** Sent as AUTH before all calls of each connection; where it fails, they are rejected as `refused`. */
  readonly auth?: AuthOptions | undefined;
  /** Connections of the pool; 1 is enough for a daemon on the same machine. */
  readonly connections?: number;
  /** A call without a deadline of its own is given up after this many milliseconds. Also bounds connecting. */
  readonly timeoutMs?: number;
  /** Requests in flight on one connection; more wait in its queue. Keep it at or below the daemon's `In-Flight-Max`. */
  readonly inFlightMax?: number;
  /** Longest body of a call; the daemon closes the connection over one beyond its `Body-Bytes-Max`, and all calls go with it. */
  readonly requestBytesMax?: number;
  /** Calls that may wait on one connection; one more is rejected as `queue-full`. */
  readonly queueMax?: number;
  readonly limits?: Partial<AnswerLimits>;
  readonly random?: () => number;
};

/** What to do with a stanza; never an error. */
export type Decision =
  | { readonly action: Action; readonly failedOpen: false; readonly verdict: Verdict }
  | { readonly action: 'deliver'; readonly failedOpen: true; readonly reason: string };

const DEFAULTS = {
  connections: 1,
  timeoutMs: 1_000,
  inFlightMax: 64,
  requestBytesMax: 262_144,
  queueMax: 4_096,
};

/** A client of the daemon. It connects with the first call, and again after a failure; every call ends in time. */
export class PnpClient {
  readonly #pool: Connection[] = [];
  readonly #timeoutMs: number;
  readonly #requestBytesMax: number;
  #closed = false;

  /** @throws PnpError `bad-request` where `tls` or `auth` cannot be used */
  constructor(options: PnpClientOptions) {
    const { connections, timeoutMs, inFlightMax, requestBytesMax, queueMax } = { ...DEFAULTS, ...options };
    const { auth, limits = {}, random = Math.random } = options;
    const address =
      'path' in options
        ? { path: options.path }
        : { host: options.host, port: options.port, tls: options.tls };
    // What is wrong with them would be found on a connection, where nobody could catch it.
    checkAddress(address, auth !== undefined);
    if (auth !== undefined) encodeHeaders('AUTH', { Credential: auth.credential });
    this.#timeoutMs = timeoutMs;
    this.#requestBytesMax = requestBytesMax;
    for (let index = 0; index < connections; index += 1) {
      const shared = { address, auth, connectTimeoutMs: timeoutMs, inFlightMax, queueMax, limits, random };
      this.#pool.push(new Connection(shared));
    }
  }

  /** One request, one answer, whatever its status. @throws PnpError (as a rejection) with any code but `refused` */
  async call(
    verb: string,
    headers: RequestHeaders = {},
    body: string | Uint8Array = '',
    options: CallOptions = {},
  ): Promise<Answer> {
    if (verb === 'SKIP')
      throw new PnpError('bad-request', 'The call was not sent: SKIP has no answer to wait for.');
    if (this.#closed) throw new PnpError('closed', 'The client is closed; make a new one.');
    const bodyBytes = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
    if (bodyBytes > this.#requestBytesMax) {
      const why = `its body is longer than ${this.#requestBytesMax} bytes`;
      throw new PnpError('bad-request', `The call was not sent: ${why}.`);
    }
    const connection = this.#leastLoaded();
    const call = new Call({
      verb,
      lines: encodeHeaders(verb, headers),
      body,
      bodyBytes,
      timeoutMs: this.#timeoutMs,
      deadlineMs: options.deadlineMs,
      signal: options.signal,
      onTimeout: () => connection.timedOut(),
    });
    connection.send(call);
    return call.answer;
  }

  /** @throws PnpError as all methods below: as `call`, and `refused` where the status is not 0 */
  async hello(options?: CallOptions): Promise<Hello> {
    return readHello(accepted(await this.call('HELLO', {}, '', options)));
  }

  /** Settles when the daemon answers. */
  async ping(options?: CallOptions): Promise<void> {
    accepted(await this.call('PING', {}, '', options));
  }

  /** Judges a stanza. */
  async check(stanza: string | Uint8Array, facts: StanzaFacts = {}, options?: CallOptions): Promise<Verdict> {
    return readVerdict(accepted(await this.call('CHECK', factHeaders(facts), stanza, options)));
  }

  /** Judges a stanza and takes the verdict apart for programs. */
  async symbols(
    stanza: string | Uint8Array,
    facts: StanzaFacts = {},
    options?: CallOptions,
  ): Promise<Verdict & { readonly symbols: readonly UnitOpinion[] }> {
    const answer = accepted(await this.call('SYMBOLS', factHeaders(facts), stanza, options));
    return { ...readVerdict(answer), symbols: readSymbols(answer) };
  }

  /** Judges a stanza and takes the verdict apart for people: `text` has lines of at most 80 columns or so. */
  async report(
    stanza: string | Uint8Array,
    facts: StanzaFacts = {},
    options?: CallOptions,
  ): Promise<Verdict & { readonly text: string }> {
    const answer = accepted(await this.call('REPORT', factHeaders(facts), stanza, options));
    return { ...readVerdict(answer), text: lines(answer) };
  }

  /** Teaches, or forgets; settles when it is durable. */
  async tell(lesson: Lesson, options?: CallOptions): Promise<Taught> {
    return readTaught(accepted(await this.call('TELL', lessonHeaders(lesson), lesson.stanza, options)));
  }

  /** Tells what the server saw; settles when what is made of it is durable. */
  async observe(observation: Observation, options?: CallOptions): Promise<Taught> {
    const headers = observationHeaders(observation);
    return readTaught(accepted(await this.call('OBSERVE', headers, observation.stanza, options)));
  }

  /** Changes a user's key; settles when all that is held under it has gone along. Needs the right `users`. */
  async rekey(change: KeyChange, options?: CallOptions): Promise<Rekeyed> {
    return readRekeyed(accepted(await this.call('REKEY', keyChangeHeaders(change), '', options)));
  }

  /** The daemon's counters, by the names of its metrics with their labels. Needs the right `admin`. */
  async stats(options?: CallOptions): Promise<ReadonlyMap<string, number>> {
    const answer = accepted(await this.call('STATS', {}, '', options));
    const counters = new Map<string, number>();
    for (const line of lines(answer).split('\n')) {
      const space = line.lastIndexOf(' ');
      if (space > 0) counters.set(line.slice(0, space), Number(line.slice(space + 1)));
    }
    return counters;
  }

  /** What the tables know of each token of a stanza, text by text. Needs the right `admin`. */
  async tokens(
    stanza: string | Uint8Array,
    facts: StanzaFacts = {},
    options?: CallOptions,
  ): Promise<TokensSeen> {
    return readTokens(accepted(await this.call('TOKENS', factHeaders(facts), stanza, options)));
  }

  /** Has the daemon read its configuration again. Needs the right `admin`; refused with 78 where it cannot be used. */
  async reload(options?: CallOptions): Promise<Reloaded> {
    return readReloaded(accepted(await this.call('RELOAD', {}, '', options)));
  }

  /** As `check`, but never rejects: whatever fails, the stanza is to be delivered. */
  async checkOrDeliver(
    stanza: string | Uint8Array,
    facts: StanzaFacts = {},
    options?: CallOptions,
  ): Promise<Decision> {
    try {
      const verdict = await this.check(stanza, facts, options);
      return { action: verdict.action, failedOpen: false, verdict };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return { action: 'deliver', failedOpen: true, reason };
    }
  }

  /** Takes no more calls, waits for the answers to those it has, half-closes; gives up after `timeoutMs`. */
  async end(): Promise<void> {
    this.#closed = true;
    const timer = setTimeout(() => this.close(), this.#timeoutMs);
    await Promise.all(this.#pool.map((connection) => connection.end()));
    clearTimeout(timer);
  }

  /** Closes at once; calls without an answer are rejected as `closed`. */
  close(): void {
    this.#closed = true;
    for (const connection of this.#pool) connection.close();
  }

  #leastLoaded(): Connection {
    let least = this.#pool[0]!;
    for (const connection of this.#pool) if (connection.load < least.load) least = connection;
    return least;
  }
}

function accepted(answer: Answer): Answer {
  if (answer.status === 0) return answer;
  throw refused(answer);
}

/** A text body with plain line ends. */
function lines(answer: Answer): string {
  return answer.body.toString('utf8').replaceAll('\r\n', '\n');
}
