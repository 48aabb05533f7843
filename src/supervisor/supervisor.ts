import type { Logger } from 'pino';
import { InheritedSockets } from './inherited-sockets.ts';
import { Notifier } from './notifier.ts';
import { takeVariables } from './variables.ts';

/** The status is looked at this often, and told where it has changed. */
const STATUS_MS = 10_000;
/** While a long start goes on, it is told this often that it may take this much longer. */
const STARTING_MS = 5_000;
const STARTING_EXTRA_MS = 60_000;
/** The longest interval of a timer in Node. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/**
 * The daemon's side of what systemd asks of a service with `Type=notify`: sd_notify(3). Where nobody supervises (no
 * `NOTIFY_SOCKET`), nothing is started and every call does nothing. No call waits, and none fails.
 */
export class Supervisor {
  /** What listeners may take over. */
  readonly sockets: InheritedSockets;
  readonly #notifier: Notifier | undefined;
  readonly #watchdogMs: number | undefined;
  readonly #timers: NodeJS.Timeout[] = [];
  #status: () => string = () => '';
  #told = '';
  #startingToldAt = Number.NEGATIVE_INFINITY;
  /** From `ready` to `stopping`: the READY that ends a reload would otherwise begin or go on with what it does not mean. */
  #isServing = false;

  /** To be made while the process is small. @throws StartError the inherited sockets are of no use. */
  constructor(log: Logger, env: NodeJS.ProcessEnv = process.env) {
    const { notifySocket, watchdogMs, descriptors } = takeVariables(env, process.pid);
    this.sockets = new InheritedSockets(descriptors);
    this.#notifier = notifySocket === undefined ? undefined : new Notifier(notifySocket, log);
    this.#watchdogMs = watchdogMs;
  }

  /** The start goes on. Costs next to nothing, so a long loop may call it at every step. */
  starting(): void {
    const now = performance.now();
    if (now - this.#startingToldAt < STARTING_MS) return;
    this.#startingToldAt = now;
    this.#tell({ EXTEND_TIMEOUT_USEC: STARTING_EXTRA_MS * 1_000, STATUS: 'Opening the store' });
  }

  /** It serves. From now on the watchdog is fed by the event loop, and `status`, one line, is told when it changes. */
  ready(status: () => string): void {
    this.#status = status;
    this.#isServing = true;
    this.#tellReady();
    if (this.#notifier === undefined) return;
    this.#every(STATUS_MS, () => this.#tellStatus());
    if (this.#watchdogMs !== undefined) this.#every(this.#watchdogMs / 2, () => this.#tell({ WATCHDOG: 1 }));
  }

  /** A reload begins; `reloaded` must follow, whether it succeeds or not. Told while it serves. */
  reloading(): void {
    if (!this.#isServing) return;
    // Microseconds of CLOCK_MONOTONIC, as systemd counts them.
    this.#tell({ RELOADING: 1, MONOTONIC_USEC: `${process.hrtime.bigint() / 1_000n}` });
  }

  reloaded(): void {
    if (this.#isServing) this.#tellReady();
  }

  /** The stop begins, and takes at most `msMax`. The watchdog is fed until `close`. */
  stopping(msMax: number): void {
    this.#status = () => this.#told;
    this.#isServing = false;
    this.#tell({ STOPPING: 1, STATUS: 'Stopping', EXTEND_TIMEOUT_USEC: msMax * 1_000 });
  }

  /** The last thing of a stop. */
  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#notifier?.close();
  }

  #tellReady(): void {
    this.#told = this.#status();
    this.#tell({ READY: 1, STATUS: this.#told });
  }

  #tellStatus(): void {
    const status = this.#status();
    if (status === this.#told) return;
    this.#told = status;
    this.#tell({ STATUS: status });
  }

  #tell(assignments: Readonly<Record<string, string | number>>): void {
    this.#notifier?.send(assignments);
  }

  #every(ms: number, act: () => void): void {
    this.#timers.push(setInterval(act, Math.min(ms, TIMER_MS_MAX)).unref());
  }
}
