import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { StoreError } from '../src/errors.ts';
import { lockDirectory } from '../src/store/lmdb/process-lock.ts';
import { until } from './until.ts';

const CHILD = join(import.meta.dirname, 'lock-child.js');
const skip = spawnSync('strace', ['-V']).status === 0 ? false : 'strace is not installed';
/** How long the slow one takes to begin to rename, and to go on. */
const SLOW_US = 1_000_000;

/** proc(5) stat, field 22. */
function startOf(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

describe("the lock of a store's directory", () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'pv-lock-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  const leaveLock = (owner: string) => writeFileSync(join(dir, 'owner.pid'), `${owner}\n`);
  const refused = (error: unknown) => error instanceof StoreError && error.code === 'locked';

  it('keeps a second owner out until it is released, and leaves nothing behind', async () => {
    const release = await lockDirectory(dir);
    await assert.rejects(lockDirectory(dir), refused);
    release();
    assert.deepEqual(readdirSync(dir), []);
    (await lockDirectory(dir))();
  });

  it('keeps off another living process', async () => {
    leaveLock(`${process.ppid} ${startOf(process.ppid)}`);
    await assert.rejects(lockDirectory(dir), refused);
  });

  it('takes over from a process that is gone, and from a pid that is somebody else by now', async () => {
    leaveLock('4194303 1');
    (await lockDirectory(dir))();
    leaveLock(`${process.ppid} 1`);
    (await lockDirectory(dir))();
  });

  it('keeps off a process of another container, whose pid says nothing here, until it is gone', async () => {
    const release = await lockDirectory(dir);
    const [, , beacon] = readFileSync(join(dir, 'owner.pid'), 'utf8').trim().split(' ');
    for (const owner of ['4194303 1', `${process.pid} 1`]) {
      leaveLock(`${owner} ${beacon}`);
      await assert.rejects(lockDirectory(dir), /of another container, there \d+; stop that process/);
    }
    release();
    leaveLock(`${process.pid} 1 ${beacon}`);
    (await lockDirectory(dir))();
    assert.deepEqual(readdirSync(dir), []);
  });

  it('looks for no beacon outside of the directory', async () => {
    const elsewhere = await lockDirectory(dir);
    const [, , beacon] = readFileSync(join(dir, 'owner.pid'), 'utf8').trim().split(' ');
    const inside = join(dir, 'inside');
    mkdirSync(inside);
    writeFileSync(join(inside, 'owner.pid'), `1 1 ../${beacon}\n`);
    (await lockDirectory(inside))();
    assert.ok(existsSync(join(dir, String(beacon))));
    elsewhere();
  });

  it('works in a directory whose name is longer than the path of a socket may be', async () => {
    const long = join(dir, 'a'.repeat(150));
    mkdirSync(long);
    const release = await lockDirectory(long);
    assert.equal(readdirSync(long).length, 2);
    await assert.rejects(lockDirectory(long), refused);
    release();
    assert.deepEqual(readdirSync(long), []);
  });

  it('lets one of many in that find the same dead lock', async () => {
    leaveLock('4194303 1 owner.0123456789abcdef.sock');
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => lockDirectory(dir)));
    const taken = results.filter((result) => result.status === 'fulfilled');
    assert.equal(taken.length, 1);
    for (const { value } of taken) value();
    assert.deepEqual(readdirSync(dir), []);
  });

  it('lets one in where another one was slow to remove the same dead lock', { skip }, async (t) => {
    leaveLock('4194303 1 owner.0123456789abcdef.sock');
    const log = join(dir, 'strace.log');
    const delay = `delay_enter=${SLOW_US}:delay_exit=${SLOW_US}`;
    const traced = ['strace', '-f', '-qq', '-o', log, '-e', 'trace=rename', '-e', `inject=rename:${delay}`];
    const logged = async (text: string) => {
      while (!(existsSync(log) && readFileSync(log, 'utf8').includes(text))) await sleep(10);
    };
    const starters: ChildProcess[] = [];
    const answers: Promise<string>[] = [];
    t.after(() => {
      for (const { pid, exitCode } of starters)
        if (exitCode === null) process.kill(-(pid as number), 'SIGKILL');
    });
    const start = (...under: string[]) => {
      const [command = '', ...args] = [...under, process.execPath, CHILD, dir];
      // A group of its own, since a killed strace lets go what it traces.
      const child = spawn(command, args, { detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
      starters.push(child);
      const ended = once(child, 'exit');
      answers.push(
        once(child.stdout as Readable, 'data').then(async ([line]) => {
          if (String(line) !== 'taken\n') await ended;
          return String(line);
        }),
      );
    };
    start(...traced);
    await logged('rename(');
    start();
    await logged('(DELAYED)');
    start();
    const said = (await Promise.all(answers)).sort();
    assert.match(said.shift() ?? '', /^The store in .* is in use by process/);
    assert.match(said.shift() ?? '', /^The store in .* is in use by process/);
    assert.deepEqual(said, ['taken\n']);
  });

  it('takes over from a killed process that nobody reaps', async () => {
    // It ends when the shell, which would reap it, is a shell no more.
    const parent = spawn('sh', ['-c', 'sleep 1 & echo $!; exec sleep 30'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString());
    await until(() => /\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8')));
    leaveLock(`${pid} ${startOf(pid)}`);
    (await lockDirectory(dir))();
    parent.kill();
    await once(parent, 'exit');
  });
});
