import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ServerOptions {
  readonly script: string;
  readonly args: readonly string[];
  readonly execArgv?: readonly string[];
  readonly socketPath: string;
  /** File for what the server prints, on both channels. */
  readonly logPath: string;
}

/** Forks a server and waits until its socket takes connections. @throws Error with what it printed, when it ends before. */
export async function startServer(options: ServerOptions): Promise<ChildProcess> {
  const log = openSync(options.logPath, 'w');
  const child = fork(options.script, options.args, {
    execArgv: [...(options.execArgv ?? [])],
    stdio: ['ignore', log, log, 'ipc'],
  });
  closeSync(log);
  await untilListening(child, { ...options, name: options.script });
  return child;
}

export interface Listening extends Pick<ServerOptions, 'socketPath' | 'logPath'> {
  readonly name: string;
}

/** Waits until a child's socket takes connections. @throws Error with what it printed, when it ends before; it is stopped then */
export async function untilListening(
  child: ChildProcess,
  { socketPath, logPath, name }: Listening,
): Promise<void> {
  const deadline = Date.now() + START_MS_MAX;
  while (!(await accepts(socketPath))) {
    if (child.exitCode !== null || child.signalCode !== null || Date.now() > deadline) {
      await stopChild(child);
      throw new Error(`${name} did not start:\n${readFileSync(logPath, 'utf8')}`);
    }
    await sleep(20);
  }
}

/** Ends a child by SIGTERM, and by SIGKILL when it takes too long; resolves when it is gone. */
export async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  const patience = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX);
  child.kill('SIGTERM');
  await gone;
  clearTimeout(patience);
}

const START_MS_MAX = 60_000;
const STOP_MS_MAX = 30_000;

function accepts(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(socketPath);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
