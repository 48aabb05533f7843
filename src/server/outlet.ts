import type { Duplex } from 'node:stream';

/** Beyond this much that the client has not taken, nothing is served or read for it. */
const UNSENT_BYTES_MAX = 262_144;

/** So long a connection waits for the client to close, too: closing over unread bytes would reset it, answers and all. */
export const LINGER_SECONDS = 2;

/** The way out of a connection: gathers the answers of a turn, writes them at once, and knows what is not taken yet. */
export class Outlet {
  /** The client has not taken enough of what was written. */
  blocked = false;
  /** Since when a write waits for the client to take it. */
  unsentSince: number | undefined;
  /** When the last byte left, after `end`. */
  endedAt: number | undefined;
  /** What the text is sent as; `latin1` where each of its characters is a byte. */
  encoding: 'utf8' | 'latin1' = 'utf8';
  readonly #stream: Duplex;
  readonly #now: () => number;
  /** Called when a blocked outlet has room again. */
  readonly #onRoom: () => void;
  #text = '';

  constructor(stream: Duplex, now: () => number, onRoom: () => void) {
    this.#stream = stream;
    this.#now = now;
    this.#onRoom = onRoom;
  }

  /** Whether answers wait for `flush`. */
  get waiting(): boolean {
    return this.#text !== '';
  }

  add(text: string): void {
    this.#text += text;
  }

  flush(now: number): void {
    if (this.#text === '') return;
    this.unsentSince ??= now;
    this.#stream.write(this.#text, this.encoding, this.#written);
    this.#text = '';
    this.blocked = this.#stream.writableLength > UNSENT_BYTES_MAX;
  }

  end(): void {
    this.#stream.end(() => {
      this.endedAt = this.#now();
    });
  }

  readonly #written = (): void => {
    const unsent = this.#stream.writableLength;
    this.unsentSince = unsent > 0 ? this.#now() : undefined;
    if (!this.blocked || unsent > UNSENT_BYTES_MAX) return;
    this.blocked = false;
    this.#onRoom();
  };
}
