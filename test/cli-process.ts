import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

const MAIN = join(import.meta.dirname, '../src/main.js');

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line as a process of its own, with `input` on its standard input. */
export function runCli(args: readonly string[], input = '', env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  return runCommand(process.execPath, [MAIN, ...args], { input, env });
}

export interface CommandOptions {
  readonly input?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
}

/** Runs any command to its end. */
export async function runCommand(
  command: string,
  args: readonly string[],
  { input = '', env = {}, cwd }: CommandOptions = {},
): Promise<Outcome> {
  const child = spawn(command, args, {
    // Node's test runner forces colours where it runs at a terminal itself.
    env: { ...process.env, FORCE_COLOR: undefined, ...env },
    ...(cwd === undefined ? {} : { cwd }),
  });
  // A command that refuses its arguments ends without having read its input.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  return { code: code as number | null, stdout, stderr };
}
