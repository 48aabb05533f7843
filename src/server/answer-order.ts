import type { Request } from '../pnp/request.ts';

/** Beyond this much in requests under way, a connection reads nothing more. */
export const HELD_BYTES_MAX = 1_048_576;

/** One request in flight, from its frame to its answer. */
export interface Exchange {
  readonly id: string | undefined;
  /** What the request takes in memory until it is answered. */
  readonly bytes: number;
  /** The answer as it goes on the wire; '' for a SKIP, undefined while there is none. */
  answer: string | undefined;
}

/** A request that waits for its turn. */
export interface Waiting {
  readonly request: Request & { overload: boolean };
  readonly exchange: Exchange;
  readonly since: number;
}

/**
 * What of a connection is in flight, and in which order answers may leave: at once where the request has an `Id`, in the
 * order of the requests among those without one [PNP-2.3].
 */
export class AnswerOrder {
  /** Requests whose answer has not left. */
  inFlight = 0;
  /** What they take in memory. */
  bytes = 0;
  readonly #ids = new Set<string>();
  /** Requests without `Id`, oldest first. */
  readonly #ordered: Exchange[] = [];
  /** What is said when all else is answered. */
  #last: string | undefined;

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  /** Takes a request into flight. */
  open(id: string | undefined, bytes: number): Exchange {
    const exchange: Exchange = { id, bytes, answer: undefined };
    this.inFlight += 1;
    this.bytes += bytes;
    if (id === undefined) this.#ordered.push(exchange);
    else this.#ids.add(id);
    return exchange;
  }

  /** Settles a request. Returns what may leave now: its answer, with those held back behind it, or ''. */
  settle(exchange: Exchange, answer: string): string {
    return this.#leaving(exchange, answer) + this.#takeLast();
  }

  /** Takes the connection's last word, which waits for every answer still due, with an `Id` or without [PNP-2.4]. */
  close(answer: string): string {
    this.#last = answer;
    this.inFlight += 1;
    return this.#takeLast();
  }

  #takeLast(): string {
    if (this.#last === undefined || this.inFlight > 1) return '';
    const last = this.#last;
    this.#last = undefined;
    this.inFlight = 0;
    return last;
  }

  #leaving(exchange: Exchange, answer: string): string {
    this.bytes -= exchange.bytes;
    if (exchange.id !== undefined) {
      this.#ids.delete(exchange.id);
      this.inFlight -= 1;
      return answer;
    }
    exchange.answer = answer;
    let leaving = '';
    while (this.#ordered[0]?.answer !== undefined) {
      leaving += this.#ordered.shift()?.answer;
      this.inFlight -= 1;
    }
    return leaving;
  }
}
