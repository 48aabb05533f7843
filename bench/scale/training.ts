import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { stopChild } from '../child.ts';
import { startDaemon } from '../daemon.ts';
import { createMessages } from '../generator.ts';
import { median } from '../measure.ts';
import { createPhraseBank } from '../phrases.ts';
import { SMALL } from './stores.ts';

/** So many that what a start costs is a small part. */
const MESSAGES = 100_000;
const MAIN = path.join(import.meta.dirname, '../../src/main.js');
const POLL_MS = 20;

/** What `providence train` makes of a corpus: medians. */
export interface TrainingCost {
  readonly per_s: number;
  /** Processor time a message, of the busiest thread of the process that has the store, and of all threads of all processes. */
  readonly busiest_us: number;
  readonly all_us: number;
}

export interface TrainingCosts {
  readonly store: TrainingCost;
  readonly wire: TrainingCost;
}

/** Trains an empty store, by turns by itself and through a daemon. */
export async function trainingCosts(
  rounds: number,
  progress: (text: string) => void,
): Promise<TrainingCosts> {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'providence-bench-'));
  const runs = { store: [] as TrainingCost[], wire: [] as TrainingCost[] };
  try {
    writeFileSync(path.join(directory, 'corpus.tsv'), corpus());
    for (let round = 0; round < rounds; round++) {
      progress(`training, round ${round + 1} of ${rounds}`);
      runs.store.push(await train(directory, false));
      runs.wire.push(await train(directory, true));
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
  return { store: medians(runs.store), wire: medians(runs.wire) };
}

function corpus(): string {
  const messages = createMessages(createPhraseBank(SMALL.seed, 20_000), SMALL.seed, 1);
  const rows = Array.from({ length: MESSAGES }, () => {
    const { spam, text: words } = messages.fresh();
    return `${spam ? 'spam' : 'ham'}\tund\t${words.replaceAll(/[\\\t\n]/g, ' ')}\n`;
  });
  return rows.join('');
}

async function train(directory: string, isServed: boolean): Promise<TrainingCost> {
  rmSync(path.join(directory, 'store'), { recursive: true, force: true });
  const options = { ...SMALL, directory, socketPath: path.join(directory, 'pnp.sock'), cpuProf: undefined };
  const daemon = await startDaemon(options);
  if (!isServed) await stopChild(daemon);
  const before = isServed ? threadsOf(daemon.pid!) : new Map<string, number>();
  const args = [
    'train',
    path.join(directory, 'corpus.tsv'),
    '--config',
    path.join(directory, 'providence.toml'),
  ];
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const said = Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  const own = await watched(child.pid!, said);
  const [stdout, stderr] = await said;
  const served = isServed ? threadsOf(daemon.pid!) : new Map<string, number>();
  if (isServed) await stopChild(daemon);
  const [, count, perSecond] = /^Taught (\d+), .*\((\d+)\/s\)/m.exec(stdout) ?? [];
  if (count === undefined) throw new Error(`training failed: ${stderr}`);
  const daemons = [...served].map(([thread, ns]) => ns - (before.get(thread) ?? 0));
  const owners = isServed ? daemons : [...own.values()];
  return {
    per_s: Number(perSecond),
    busiest_us: Math.max(...owners) / 1e3 / Number(count),
    all_us: [...own.values(), ...daemons].reduce((sum, ns) => sum + ns, 0) / 1e3 / Number(count),
  };
}

/** What each thread of a process had used when it was last seen. */
async function watched(pid: number, end: Promise<unknown>): Promise<Map<string, number>> {
  const threads = new Map<string, number>();
  let isOver = false;
  void end.finally(() => {
    isOver = true;
  });
  while (!isOver) {
    for (const [thread, ns] of threadsOf(pid)) threads.set(thread, ns);
    await sleep(POLL_MS);
  }
  return threads;
}

/** Processor time of each thread in nanoseconds; none of a process that is gone. */
function threadsOf(pid: number): Map<string, number> {
  try {
    const tasks = `/proc/${pid}/task`;
    return new Map(
      readdirSync(tasks).map((thread) => [
        thread,
        Number.parseInt(readFileSync(`${tasks}/${thread}/schedstat`, 'latin1'), 10),
      ]),
    );
  } catch {
    return new Map();
  }
}

function medians(runs: readonly TrainingCost[]): TrainingCost {
  const of = (figure: keyof TrainingCost) => median(runs.map((run) => run[figure]));
  return { per_s: of('per_s'), busiest_us: of('busiest_us'), all_us: of('all_us') };
}
