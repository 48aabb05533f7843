import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const MAIN = join(import.meta.dirname, '../src/main.js');
/** The secret of the credential `capulet`, as the specification and the conformance files have it. */
export const CAPULET_SECRET = '0123456789abcdef0123456789abcdef';
/** A daemon that has not said where it listens by then does not come. */
const START_MS_MAX = 20_000;

export interface DaemonOptions {
  /** More TOML, added to the test's own. */
  readonly config?: string;
  /** TOML of `credentials` and `listen.tcp`, in place of the test's own. */
  readonly access?: string;
  /** Where store, sockets and secret lie; default: a fresh directory, removed at the end. */
  readonly dir?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** A program to run the daemon under, e.g. `['strace', '-f', …]`. */
  readonly wrapper?: readonly string[];
  readonly nodeOptions?: readonly string[];
  /** Begin with the shipped starter table. Default: without, since what it says changes with each build of it. */
  readonly starter?: boolean;
  /** Given the process as soon as there is one, to end it should its starter end before it is ready. */
  readonly spawned?: (child: ChildProcess) => void;
}

export interface DaemonProcess {
  readonly dir: string;
  readonly unixPath: string;
  readonly adminPath: string;
  /** Of the first TCP listener. */
  readonly tcpPort: number;
  /** Of all TCP listeners, in the order of the configuration. */
  readonly tcpPorts: readonly number[];
  readonly httpPort: number;
  readonly pid: number;
  readonly child: ChildProcess;
  /** All that it wrote to standard error, its log, so far. */
  log(): string;
  /** SIGTERM, and waits for the end. Resolves with the exit code. */
  stop(): Promise<number | null>;
  /** kill −9, and waits for the end; the directory stays for a restart. */
  kill(): Promise<void>;
}

/** Starts the real daemon on a directory of its own: Unix sockets there, TCP and HTTP on free ports of loopback. */
export async function startDaemon(options: DaemonOptions = {}): Promise<DaemonProcess> {
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), 'pv-'));
  const config = join(dir, 'providence.toml');
  writeFileSync(config, `${configOf(dir, options.access ?? ACCESS)}\n${options.config ?? ''}`);
  const [command, ...args] = [
    ...(options.wrapper ?? []),
    process.execPath,
    ...(options.nodeOptions ?? []),
    MAIN,
    'serve',
    '--config',
    config,
  ];
  const child = spawn(command as string, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PROVIDENCE_BAYES__STARTER__STRENGTH: options.starter === true ? '1' : '0',
      ...process.env,
      CAPULET_SECRET,
      ...options.env,
    },
  });
  options.spawned?.(child);
  let log = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    log += chunk;
  });
  const ports = await startLines(child, () => log);
  const ended = once(child, 'exit');
  const clean = () => {
    if (options.dir === undefined) rmSync(dir, { recursive: true, force: true });
  };
  return {
    dir,
    unixPath: join(dir, 'p.sock'),
    adminPath: join(dir, 'a.sock'),
    ...ports,
    pid: child.pid as number,
    child,
    log: () => log,
    stop: async () => {
      child.kill('SIGTERM');
      const [code] = await ended;
      clean();
      return code as number | null;
    },
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

const ACCESS = `
credentials = [
  { name = "capulet", secret = "environment:CAPULET_SECRET", rights = ["check", "learn"], domains = ["capulet.example"] },
]
listen.tcp = [{ port = 0 }]`;

function configOf(dir: string, access: string): string {
  return `${access}
listen.unix = [
  { path = "${dir}/p.sock" },
  { path = "${dir}/a.sock", mode = "600", rights = ["check", "learn", "users", "admin"] },
]
http.port = 0
store.directory = "${dir}/store"
store.secret_file = "${dir}/secret"`;
}

/** Reads the lines that `serve` prints until it is ready: they name the ports. */
async function startLines(
  child: ChildProcess,
  log: () => string,
): Promise<Pick<DaemonProcess, 'tcpPort' | 'tcpPorts' | 'httpPort'>> {
  const tcpPorts: number[] = [];
  let httpPort = 0;
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), START_MS_MAX);
    child.once('exit', () => reject(new Error(`the daemon did not start:\n${log()}`)));
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      const [, tcpPort] = /^PNP on [\d.]+:(\d+)/.exec(line) ?? [];
      if (tcpPort !== undefined) tcpPorts.push(Number(tcpPort));
      httpPort ||= Number(/Metrics on http:\/\/127\.0\.0\.1:(\d+)/.exec(line)?.[1] ?? 0);
      if (!line.startsWith('Ready.')) return;
      clearTimeout(timer);
      resolve();
    });
  });
  return { tcpPort: tcpPorts[0] ?? 0, tcpPorts, httpPort };
}
