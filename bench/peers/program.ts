import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

export interface Run {
  readonly args: readonly string[];
  /** Lines for its standard input. */
  readonly input?: readonly string[];
  /** Beside this process's own. */
  readonly env?: Readonly<Record<string, string>>;
  /** Exit codes that are no failure. */
  readonly exitCodes?: readonly number[];
  /** Kills it. */
  readonly signal: AbortSignal;
}

/** Characters of what a failed program said. */
const SAID_CHARS_MAX = 500;

/** Runs a program to its end. @returns the lines that it printed. @throws Error with what it said, where it fails or is killed */
export async function run(
  program: string,
  { args, input = [], env, exitCodes = [0], signal }: Run,
): Promise<string[]> {
  signal.throwIfAborted();
  const child = spawn(program, args, { env: { ...process.env, ...env }, signal, killSignal: 'SIGKILL' });
  // Both are told by `close`: one that could not be started or was killed, and one that did not read its input.
  let failure: Error | undefined;
  child.on('error', (error) => {
    failure = error;
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(input.map((line) => `${line}\n`).join(''));
  const [printed, said, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve) => child.once('close', resolve)),
  ]);
  if (failure !== undefined) throw failure;
  if (code === null || !exitCodes.includes(code))
    throw new Error(`${program} ended with ${code}: ${said.trim().slice(-SAID_CHARS_MAX)}`);
  return printed.split('\n').slice(0, -1);
}
