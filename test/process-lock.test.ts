import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { StoreError } from '../src/errors.ts';
import { lockDirectory } from '../src/store/lmdb/process-lock.ts';

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

  it('keeps a second owner out until it is released', () => {
    const release = lockDirectory(dir);
    assert.throws(() => lockDirectory(dir), refused);
    release();
    lockDirectory(dir)();
  });

  it('keeps off another living process', () => {
    leaveLock(`${process.ppid} ${startOf(process.ppid)}`);
    assert.throws(() => lockDirectory(dir), refused);
  });

  it('takes over from a process that is gone, and from a pid that is somebody else by now', () => {
    leaveLock('4194303 1');
    lockDirectory(dir)();
    leaveLock(`${process.ppid} 1`);
    lockDirectory(dir)();
  });

  it('takes over from a killed process that nobody reaps', async () => {
    const parent = spawn('sh', ['-c', 'sleep 0 & echo $!; exec sleep 30'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString());
    while (!/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))) await new Promise(setImmediate);
    leaveLock(`${pid} ${startOf(pid)}`);
    lockDirectory(dir)();
    parent.kill();
    await once(parent, 'exit');
  });
});
