import { PnpClient, PnpError } from '../../clients/node/pnp-client.ts';
import type { CorpusStanza } from './corpus.ts';
import type { DaemonPlace } from './daemon-client.ts';
import { CliError, EXIT } from './exit.ts';

/** Lessons in flight: enough for the store to write many of them with one flush. */
const IN_FLIGHT_MAX = 512;
const TIMEOUT_MS = 30_000;

/** Sends lessons in a stream and counts what came of them. */
export class Trainer {
  readonly #client: PnpClient;
  #inFlightMax = 1;
  #stanzaBytesMax = 0;
  #inFlight = 0;
  /** Wakes whoever waits for a lesson to be answered. */
  #wake: (() => void) | undefined;
  #failure: PnpError | undefined;
  taught = 0;
  unchanged = 0;
  refused = 0;
  /** What the daemon said to the first lesson that it refused. */
  refusal: string | undefined;

  get answered(): number {
    return this.taught + this.unchanged + this.refused;
  }

  constructor(place: DaemonPlace) {
    const options = { timeoutMs: TIMEOUT_MS, inFlightMax: IN_FLIGHT_MAX };
    this.#client = new PnpClient({ ...place, ...options, requestBytesMax: Number.POSITIVE_INFINITY });
  }

  /** Asks what the daemon allows here. @throws CliError 77 without the right to teach, PnpError */
  async start(): Promise<void> {
    const { rights, limits } = await this.#client.hello();
    if (!rights.includes('learn') || !rights.includes('admin')) {
      throw new CliError(
        EXIT.noPermission,
        "This socket may not teach for all users; name the admin's with --socket.",
      );
    }
    this.#inFlightMax = Math.min(IN_FLIGHT_MAX, limits.get('In-Flight-Max') ?? 1);
    this.#stanzaBytesMax = limits.get('Body-Bytes-Max') ?? Number.POSITIVE_INFINITY;
  }

  /** Sends a lesson; waits only while too many are unanswered. @throws PnpError where going on makes no sense */
  async teach(label: 'spam' | 'ham', { stanza }: CorpusStanza): Promise<void> {
    while (this.#inFlight >= this.#inFlightMax) await this.#oneAnswered();
    if (this.#failure !== undefined) throw this.#failure;
    // The daemon would close the connection over it, and with it all that is in flight.
    if (Buffer.byteLength(stanza) > this.#stanzaBytesMax) {
      this.#refuse(`A message is longer than ${this.#stanzaBytesMax} bytes; leave it out.`);
      return;
    }
    this.#inFlight += 1;
    void this.#tell(label, stanza);
  }

  /** Waits for all answers. @throws PnpError as `teach` */
  async finish(): Promise<void> {
    while (this.#inFlight > 0) await this.#oneAnswered();
    if (this.#failure !== undefined) throw this.#failure;
  }

  close(): void {
    this.#client.close();
  }

  #oneAnswered(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  async #tell(label: 'spam' | 'ham', stanza: string): Promise<void> {
    try {
      const { didSet } = await this.#client.tell({ label, stanza });
      if (didSet) this.taught += 1;
      else this.unchanged += 1;
    } catch (error) {
      if (!(error instanceof PnpError)) throw error;
      this.#count(error);
    } finally {
      this.#inFlight -= 1;
      this.#wake?.();
    }
  }

  /** A lesson that is wrong by itself is counted; a daemon that cannot learn now ends the run. */
  #count(error: PnpError): void {
    if (error.code === 'refused' && error.answer?.status === EXIT.badInput) this.#refuse(error.message);
    else this.#failure ??= error;
  }

  #refuse(why: string): void {
    this.refused += 1;
    this.refusal ??= why;
  }
}
