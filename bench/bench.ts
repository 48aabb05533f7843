import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { STATUS } from '../src/errors.ts';
import { startServer, stopChild } from './child.ts';
import { startDaemon } from './daemon.ts';
import type { LoadOrder, LoadResult, LoadSetup } from './load.ts';
import { rssAnonMb } from './measure.ts';
import { type BenchOptions, readOptions, USAGE } from './options.ts';
import { bars, type Report, renderTable, surroundings } from './report.ts';
import { copySeededStore } from './seed.ts';
import { measureStep, type Plan, type Results } from './steps.ts';
import { phrasesMax, type Shares } from './tables.ts';

async function main(): Promise<void> {
  const options = optionsOrUsage();
  if (options === undefined) return;
  const directory = mkdtempSync(path.join(os.tmpdir(), 'providence-bench-'));
  const children: ChildProcess[] = [];
  try {
    const known = await copySeededStore(options, directory, progress);
    // Their end fails the run under way, and what follows cleans up.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        for (const child of children) child.kill();
      });
    }
    const report = await bench({ ...options, directory, known }, children);
    console.log(options.json ? JSON.stringify(report) : renderTable(report));
  } finally {
    await Promise.all(children.map(stopChild));
    rmSync(directory, { recursive: true });
  }
}

/** Undefined where there is nothing to measure: help was asked for, or an option is wrong. */
function optionsOrUsage(): BenchOptions | undefined {
  try {
    const options = readOptions(process.argv.slice(2));
    if (options === undefined) console.log(USAGE);
    return options;
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    process.exitCode = STATUS.EX_USAGE;
    return undefined;
  }
}

interface BenchInput extends BenchOptions {
  /** Holds the filled store; sockets and logs are put there. */
  readonly directory: string;
  /** Shares of the messages' tokens that the store knows. */
  readonly known: Shares;
}

/** Runs the steps asked for. What it forks it puts into `children`, for the caller to end. */
async function bench(options: BenchInput, children: ChildProcess[]): Promise<Report> {
  const { directory, known } = options;
  progress('starting the daemon');
  const daemonSocket = path.join(directory, 'pnp.sock');
  const daemon = await startDaemon({ ...options, socketPath: daemonSocket });
  children.push(daemon);
  const load = forkLoad({ seed: options.seed, users: options.users, phrasesMax: phrasesMax(options) });
  children.push(load);

  progress('warming up');
  const toDaemon = { socketPath: daemonSocket, serverPid: daemon.pid! };
  const warm = await runLoad(load, { ...toDaemon, ...WARM_UP });
  const toEcho = { socketPath: path.join(directory, 'echo.sock'), serverPid: 0 };
  const echo = await startServer({
    script: path.join(import.meta.dirname, 'echo.js'),
    args: [toEcho.socketPath, String(warm.answerBytes)],
    socketPath: toEcho.socketPath,
    logPath: path.join(directory, 'echo.log'),
  });
  children.push(echo);
  const targets = { daemon: toDaemon, echo: { ...toEcho, serverPid: echo.pid! } };
  const plan: Plan = { ...options, load: (target, order) => runLoad(load, { ...targets[target], ...order }) };
  const results: Results = {};
  for (const name of options.only) {
    progress(name);
    results[name] = await measureStep(name, plan, results);
  }
  progress('');
  const { serverTokens, userTokens, users, seed } = options;
  return {
    ...results,
    bars: bars(results),
    verdicts_pct: percentages(warm.verdicts),
    known_tokens_pct: { server: known.server * 100, user: known.user * 100 },
    rss_anon_mb: rssAnonMb(daemon.pid!),
    store: { server_tokens: serverTokens, user_tokens: userTokens, users },
    seed,
    ...surroundings(),
  };
}

/** Long enough that the daemon's code is compiled and its caches have settled. */
const WARM_UP = {
  verb: 'CHECK',
  traffic: 'mix',
  pace: { inFlight: 64 },
  warmup: 30_000,
  count: 2000,
} as const;

function forkLoad(setup: LoadSetup): ChildProcess {
  return fork(path.join(import.meta.dirname, 'load.js'), [JSON.stringify(setup)]);
}

/** One run. @throws Error where the generator ends over it. */
function runLoad(load: ChildProcess, order: LoadOrder): Promise<LoadResult> {
  return new Promise((resolve, reject) => {
    const fail = (): void => reject(new Error('the load generator ended; what it said stands above'));
    load.once('exit', fail);
    load.once('message', (result) => {
      load.off('exit', fail);
      resolve(result as LoadResult);
    });
    load.send(order);
  });
}

function percentages(counts: Readonly<Record<string, number>>): Record<string, number> {
  const sum = Object.values(counts).reduce((total, count) => total + count, 0);
  return Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, (100 * count) / sum]));
}

/** What goes on, on one line of the terminal that is written over. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
}

await main();
