import { write, writeSync } from 'node:fs';

/** Characters of lines that are not yet written; beyond it lines are lost, not memory and not verdicts. */
export const UNWRITTEN_MAX = 1_048_576;
/** How long a full pipe is left alone. */
const RETRY_MS = 100;

/**
 * Lines to a file descriptor, in the background and in order. What cannot be written (a terminal that was closed, a full
 * disk, a pipe that nobody reads) is lost and counted, and the daemon goes on. pino's own destination ends the process there,
 * and at that end tries for ever.
 */
export class LogDestination {
  readonly #fd: number;
  #waiting: string[] = [];
  #unwritten = 0;
  #isWriting = false;
  #lost = 0;

  constructor(fd: number) {
    this.#fd = fd;
    process.once('exit', () => this.#lastAttempt());
  }

  /** One line, with its end. */
  write(line: string): void {
    if (this.#unwritten + line.length > UNWRITTEN_MAX) this.#lost += 1;
    else this.#queue(line);
  }

  #queue(line: string): void {
    this.#waiting.push(line);
    this.#unwritten += line.length;
    if (!this.#isWriting) this.#writeNext();
  }

  #writeNext(): void {
    if (this.#waiting.length === 0) return;
    const lines = this.#waiting;
    const text = lines.join('');
    this.#waiting = [];
    this.#isWriting = true;
    this.#writeAll(Buffer.from(text), (error) => {
      this.#isWriting = false;
      this.#unwritten -= text.length;
      if (error !== null) this.#lost += lines.length;
      else this.#tellLost();
      this.#writeNext();
    });
  }

  #writeAll(bytes: Buffer, done: (error: Error | null) => void): void {
    write(this.#fd, bytes, (error, written) => {
      if (error?.code === 'EAGAIN') setTimeout(() => this.#writeAll(bytes, done), RETRY_MS);
      else if (error === null && written < bytes.length) this.#writeAll(bytes.subarray(written), done);
      else done(error);
    });
  }

  #tellLost(): void {
    if (this.#lost === 0) return;
    const fields = { level: 40, time: new Date().toISOString(), lines: this.#lost };
    this.#lost = 0;
    this.#queue(`${JSON.stringify({ ...fields, msg: 'lines of the log were lost' })}\n`);
  }

  #lastAttempt(): void {
    try {
      writeSync(this.#fd, this.#waiting.join(''));
    } catch {
      // Nobody is left to be told.
    }
  }
}
