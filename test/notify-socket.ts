import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';

/**
 * Receives datagrams on a Unix socket, which Node cannot: a line in hexadecimal for each. `recv` drops the descriptor that
 * comes with `BARRIER=1`, which tells systemd-notify that its messages were read.
 */
const RECEIVER = `
use Socket; $| = 1;
socket(S, AF_UNIX, SOCK_DGRAM, 0) or die $!;
bind(S, pack_sockaddr_un($ARGV[0])) or die $!;
print "ready\\n";
while (defined recv(S, my $b, 65536, 0)) { print unpack("H*", $b), "\\n" }`;

export interface Message {
  readonly at: number;
  /** Assignments by name. */
  readonly values: Readonly<Record<string, string>>;
}

/** What a service manager hears: the receiving end of `NOTIFY_SOCKET`. */
export class NotifySocket {
  readonly messages: Message[] = [];
  readonly path: string;
  readonly #child: ChildProcess;
  readonly #arrivals = new EventEmitter();

  constructor(path: string, child: ChildProcess) {
    this.path = path;
    this.#child = child;
  }

  static async open(path: string): Promise<NotifySocket> {
    const child = spawn('perl', ['-e', RECEIVER, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    const socket = new NotifySocket(path, child);
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
    await once(lines, 'line');
    lines.on('line', (line) => socket.#arrived(Buffer.from(line, 'hex').toString()));
    return socket;
  }

  /** Messages that set `name`, so far. */
  all(name: string): readonly Message[] {
    return this.messages.filter(({ values }) => name in values);
  }

  /** The message that sets `name` for the `count`th time; waits for it. */
  async heard(name: string, count = 1): Promise<Message> {
    while (this.all(name).length < count) {
      await once(this.#arrivals, 'message', { signal: AbortSignal.timeout(20_000) });
    }
    return this.all(name)[count - 1] as Message;
  }

  async close(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.kill();
    await ended;
    rmSync(this.path, { force: true });
  }

  #arrived(text: string): void {
    if (text === 'BARRIER=1') return;
    const assignments = text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const [name = '', ...value] = line.split('=');
        return [name, value.join('=')];
      });
    this.messages.push({ at: performance.now(), values: Object.fromEntries(assignments) });
    this.#arrivals.emit('message');
  }
}
