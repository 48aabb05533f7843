import { refusal } from '../pnp/refusal.ts';

/** A round over all that are ready ends after this time, so that sockets are looked at in between. */
const ROUND_MS = 2;

/** Something that has work to do, a slice at a time. */
export interface Worker {
  /** Does one slice. True where there is more to do. */
  turn(): boolean;
}

/**
 * Gives turns to connections, one after the other and each a bounded one, so that none starves the others [PNP-2.3]. It
 * counts what waits over all of them.
 */
export class Scheduler {
  /** Requests that wait for their turn, over all connections. */
  queued = 0;
  /** Beyond it they are refused. */
  queuedMax: number;
  readonly #now: () => number;
  /** In the order in which they became ready. */
  readonly #ready = new Set<Worker>();
  #awake = false;

  constructor(queuedMax: number, now: () => number) {
    this.queuedMax = queuedMax;
    this.#now = now;
  }

  /** Counts one more request that waits. @throws RequestError `queue-full` */
  admit(): void {
    if (this.queued >= this.queuedMax) {
      throw refusal(
        'queue-full',
        'The daemon has more requests than it can queue; deliver, and ask again later',
      );
    }
    this.queued += 1;
  }

  /** Asks for a turn; once is enough. */
  wake(worker: Worker): void {
    this.#ready.add(worker);
    if (this.#awake) return;
    this.#awake = true;
    setImmediate(() => this.#round());
  }

  forget(worker: Worker): void {
    this.#ready.delete(worker);
  }

  #round(): void {
    const until = this.#now() + ROUND_MS;
    let turns = this.#ready.size;
    for (const worker of this.#ready) {
      this.#ready.delete(worker);
      if (worker.turn()) this.#ready.add(worker);
      turns -= 1;
      if (turns === 0 || this.#now() >= until) break;
    }
    this.#awake = this.#ready.size > 0;
    if (this.#awake) setImmediate(() => this.#round());
  }
}
