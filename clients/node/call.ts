import type { Answer } from './answer.ts';
import { PnpError } from './pnp-error.ts';

/** What a call of `PnpClient.call` may say beside verb, headers and body. */
export interface CallOptions {
  /** Sent as `Deadline`; the call is given up shortly after it. Without it the client's `timeoutMs` holds. */
  readonly deadlineMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** How much later than its deadline a call is given up: time for the daemon's own answer (79) to arrive. */
const GRACE_MS = 100;

interface CallInput extends CallOptions {
  readonly verb: string;
  readonly lines: string;
  readonly body: string | Uint8Array;
  readonly bodyBytes: number;
  readonly timeoutMs: number;
  /** Told when the call runs out of time. */
  readonly onTimeout: () => void;
}

/** A call between its start and its one outcome; later outcomes are ignored. */
export class Call {
  readonly verb: string;
  readonly lines: string;
  readonly body: string | Uint8Array;
  readonly bodyBytes: number;
  readonly deadlineMs: number | undefined;
  readonly answer: Promise<Answer>;
  settled = false;
  readonly #startedAt = performance.now();
  readonly #limitMs: number;
  readonly #timer: NodeJS.Timeout;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = () => this.reject(aborted(this.#signal));
  #resolve!: (answer: Answer) => void;
  #reject!: (error: PnpError) => void;

  constructor(input: CallInput) {
    this.verb = input.verb;
    this.lines = input.lines;
    this.body = input.body;
    this.bodyBytes = input.bodyBytes;
    this.deadlineMs = input.deadlineMs;
    this.#limitMs = input.deadlineMs === undefined ? input.timeoutMs : input.deadlineMs + GRACE_MS;
    this.#signal = input.signal;
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#timer = setTimeout(() => {
      this.reject(new PnpError('timeout', `No answer to ${this.verb} within ${this.#limitMs} ms.`));
      input.onTimeout();
    }, this.#limitMs);
    this.#signal?.addEventListener('abort', this.#onAbort, { once: true });
    if (this.#signal?.aborted) this.#onAbort();
  }

  /** Milliseconds until the call is given up. */
  leftMs(): number {
    return this.#limitMs - (performance.now() - this.#startedAt);
  }

  /** Milliseconds until the deadline. Only with `deadlineMs`. */
  deadlineLeftMs(): number {
    return this.deadlineMs! - (performance.now() - this.#startedAt);
  }

  resolve(answer: Answer): void {
    if (!this.#settle()) return;
    this.#resolve(answer);
  }

  reject(error: PnpError): void {
    if (!this.#settle()) return;
    this.#reject(error);
  }

  #settle(): boolean {
    if (this.settled) return false;
    this.settled = true;
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener('abort', this.#onAbort);
    return true;
  }
}

function aborted(signal: AbortSignal | undefined): PnpError {
  return new PnpError('aborted', 'The call was aborted.', { cause: signal?.reason });
}
