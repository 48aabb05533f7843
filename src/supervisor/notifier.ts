import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import type { Logger } from 'pino';

/**
 * A line is one message, its assignments parted by tabs. Signals to the whole group are not for it: it ends when the daemon
 * closes the pipe or is gone. A message that fails is not the last one.
 */
const SCRIPT = `
trap '' HUP INT TERM
command -v systemd-notify >/dev/null || exit 127
IFS='\t'
set -f
while read -r message; do
  systemd-notify $message
done`;
const NOT_INSTALLED = 127;
/** Once the pipe is full and this much waits, a helper is not written to: its messages would come too late to be true. */
const WAITING_BYTES_MAX = 4_096;
const VALUE_CHARS_MAX = 200;
const COMPLAINT_CHARS_MAX = 200;

/**
 * Sends sd_notify(3) messages. Node has no Unix datagram sockets, so a shell does it by `systemd-notify`. It is started once,
 * while this process is small: `spawn` stops a large one for 10 ms (docs/decisions/0071-notify-by-a-helper.md).
 */
export class Notifier {
  readonly #helper: ChildProcess;
  readonly #pipe: Socket;
  #closed = false;

  constructor(socket: string, log: Logger) {
    // Nothing else of the environment: it may hold secrets.
    const env = { NOTIFY_SOCKET: socket, PATH: process.env['PATH'] };
    this.#helper = spawn('/bin/sh', ['-c', SCRIPT, 'providence-notify'], {
      cwd: '/',
      env,
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    this.#pipe = this.#helper.stdin as Socket;
    this.#watch(log);
    // The daemon ends without waiting for it.
    this.#helper.unref();
    for (const pipe of [this.#pipe, this.#helper.stderr as Socket]) pipe.unref();
  }

  /** One message of assignments like `STATUS=…`; control characters become spaces, long values are cut. Never waits. */
  send(assignments: Readonly<Record<string, string | number>>): void {
    if (this.#closed || this.#pipe.writableLength > WAITING_BYTES_MAX) return;
    const words = Object.entries(assignments).map(([name, value]) => `${name}=${printable(`${value}`)}`);
    this.#pipe.write(`${words.join('\t')}\n`);
  }

  /** What was sent is still delivered. */
  close(): void {
    this.#closed = true;
    this.#pipe.end();
  }

  #watch(log: Logger): void {
    const gone = (reason: string) => {
      if (!this.#closed) log.warn({ reason }, 'the supervisor is told nothing any more');
      this.#closed = true;
    };
    this.#helper.once('error', (error) => gone(error.message));
    this.#helper.once('exit', (code, signal) =>
      gone(
        code === NOT_INSTALLED ? 'systemd-notify is not installed' : `the helper ended: ${signal ?? code}`,
      ),
    );
    // That nobody reads shows in the exit as well.
    this.#pipe.on('error', () => undefined);
    const complaints = this.#helper.stderr as Socket;
    complaints.once('data', (chunk: Buffer) => {
      const said = printable(chunk.toString().trim()).slice(0, COMPLAINT_CHARS_MAX);
      log.warn({ said }, 'the supervisor could not be told something');
      complaints.resume();
    });
  }
}

function printable(value: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what would end a message
  return value.slice(0, VALUE_CHARS_MAX).replace(/[\u0000-\u001f\u007f]/g, ' ');
}
