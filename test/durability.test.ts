import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statfsSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { PnpClient } from '../clients/node/pnp-client.ts';
import { type DaemonOptions, type DaemonProcess, startDaemon } from './daemon-process.ts';
import { chat, madeUp } from './stanzas.ts';

const LESSONS = 1_000;
const has = (tool: string) => spawnSync('sh', ['-c', `command -v ${tool}`]).status === 0;

function label(number: number): 'spam' | 'ham' {
  return number % 2 === 0 ? 'spam' : 'ham';
}

function lesson(number: number) {
  return { label: label(number), stanza: chat(madeUp(label(number), number)) };
}

function adminOf(daemon: DaemonProcess): PnpClient {
  return new PnpClient({ path: daemon.adminPath, timeoutMs: 20_000 });
}

async function withDaemon<T>(
  options: DaemonOptions,
  work: (admin: PnpClient, daemon: DaemonProcess) => Promise<T>,
): Promise<T> {
  const daemon = await startDaemon(options);
  const admin = adminOf(daemon);
  try {
    return await work(admin, daemon);
  } finally {
    admin.close();
    await daemon.stop();
  }
}

/** z of probe texts: equal in all only where the tables hold equal counts. */
async function probes(admin: PnpClient): Promise<string[]> {
  const bodies: string[] = [];
  for (let number = 0; number < 60; number += 1) {
    const { answer } = await admin.symbols(chat(madeUp(label(number), number)));
    bodies.push(/^BAYES_SERVER .*$/m.exec(answer.body.toString())?.[0] ?? 'none');
  }
  return bodies;
}

describe('a daemon killed amid 1,000 TELLs', () => {
  it('has every answered lesson after the restart, and counts as an independent replay has', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'pv-kill-'));
    const copy = mkdtempSync(join(tmpdir(), 'pv-copy-'));
    try {
      const answered = await killAmid(dir);
      assert.ok(
        answered.size > 0 && answered.size < LESSONS,
        `${answered.size} answered: the kill came too early or too late`,
      );
      cpSync(dir, copy, { recursive: true, filter: (path) => !path.endsWith('.sock') });
      const present = await withDaemon({ dir: copy }, async (admin) => {
        const kept = new Set<number>();
        for (let number = 0; number < LESSONS; number += 1) {
          const { didRemove } = await admin.tell({ label: 'forget', stanza: lesson(number).stanza });
          if (didRemove) kept.add(number);
        }
        return kept;
      });
      for (const number of answered)
        assert.ok(present.has(number), `lesson ${number} was answered and is gone`);
      const after = await withDaemon({ dir }, probes);
      const replayed = await withDaemon({}, async (admin) => {
        await Promise.all([...present].map((number) => admin.tell(lesson(number))));
        return probes(admin);
      });
      assert.deepEqual(after, replayed);
      assert.ok(
        after.some((line) => line !== 'none'),
        'no probe had an opinion',
      );
    } finally {
      rmSync(dir, { recursive: true });
      rmSync(copy, { recursive: true });
    }
  });

  async function killAmid(dir: string): Promise<Set<number>> {
    const daemon = await startDaemon({ dir });
    const admin = adminOf(daemon);
    const answered = new Set<number>();
    let killed: Promise<void> | undefined;
    const tells = Array.from({ length: LESSONS }, async (_, number) => {
      await admin.tell(lesson(number));
      answered.add(number);
      if (answered.size === LESSONS * 0.4) killed = daemon.kill();
    });
    await Promise.allSettled(tells);
    await killed;
    admin.close();
    return answered;
  }
});

describe('syncing before the answer', { skip: has('strace') ? false : 'strace is not installed' }, () => {
  it('every positive TELL comes after the sync that covers its write', async () => {
    const { answers, unsynced } = await traceTells('store.sync = true');
    assert.ok(answers >= 20);
    assert.equal(unsynced, 0);
  });

  it('and the same look finds the fault where syncing is off', async () => {
    const { answers, unsynced } = await traceTells('store.sync = false');
    assert.ok(answers >= 20);
    assert.ok(unsynced > 0, 'the test cannot see a missing sync');
  });

  /** One TELL at a time under strace: between one answer and the next lie a write to the store, and a sync after it. */
  async function traceTells(config: string): Promise<{ answers: number; unsynced: number }> {
    const dir = mkdtempSync(join(tmpdir(), 'pv-strace-'));
    const log = join(dir, 'strace.log');
    const wrapper = [
      'strace',
      '-f',
      '-D',
      '-q',
      '-y',
      '-s',
      '80',
      '-e',
      'trace=openat,fdatasync,fsync,msync,pwrite64,pwritev,writev,write,sendto,sendmsg',
      '-o',
      log,
    ];
    try {
      // As few checkpoints as can be: their transactions, too, write and sync.
      const quiet = `${config}\nstore.checkpoint_seconds = 3600`;
      await withDaemon({ dir, config: quiet, wrapper }, async (admin) => {
        for (let number = 0; number < 25; number += 1)
          assert.equal((await admin.tell(lesson(number))).didSet, true);
      });
      return syncsBeforeAnswers(await wholeTrace(log));
    } finally {
      rmSync(dir, { recursive: true });
    }
  }

  /** The tracer outlives what it traced by a moment. */
  async function wholeTrace(log: string): Promise<string> {
    const giveUpAt = Date.now() + 10_000;
    while (Date.now() < giveUpAt) {
      const text = readFileSync(log, 'utf8');
      if (text.includes('+++ exited with 0 +++')) return text;
      await setImmediate();
    }
    assert.fail('strace did not finish its log');
  }

  /**
   * A write through a descriptor that was opened with O_DSYNC is its own sync: LMDB writes its meta page so. What was written
   * after a sync may be the next transaction, a checkpoint's, that has begun before the answer left.
   */
  function syncsBeforeAnswers(log: string): { answers: number; unsynced: number } {
    const syncing = new Set([...log.matchAll(/O_DSYNC.* = (\d+)<[^>]*\.mdb>/g)].map(([, fd]) => fd));
    let answers = 0;
    let unsynced = 0;
    let wrote = false;
    let synced = false;
    for (const line of log.split('\n')) {
      const write = /(?:pwrite64|pwritev|writev|write)\((\d+)<[^>]*\.mdb>/.exec(line);
      if (/DidSet: local/.test(line)) {
        answers += 1;
        if (!wrote || !synced) unsynced += 1;
        wrote = false;
        synced = false;
      } else if (write !== null && !syncing.has(write[1])) {
        wrote = true;
      } else if (/(fdatasync|fsync|msync)(\(.*\.mdb| resumed)/.test(line) && /= 0$/.test(line)) {
        synced ||= wrote;
      }
    }
    return { answers, unsynced };
  }
});

describe('a full disk', () => {
  const root = process.getuid?.() === 0;
  it('TELL says 75, nothing is half-learnt, CHECK still answers; with space again it learns again', {
    skip: root ? false : 'a tmpfs needs root',
  }, async () => {
    const dir = mkdtempSync(join(tmpdir(), 'pv-full-'));
    const disk = join(dir, 'disk');
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=40m', 'tmpfs', disk]);
    try {
      await withDaemon({ dir: disk }, async (admin, daemon) => {
        const kept = await fillAndRecover(admin, daemon, disk);
        const replayed = await withDaemon({}, async (fresh) => {
          await Promise.all(kept.map((number) => fresh.tell(lesson(number))));
          return probes(fresh);
        });
        assert.deepEqual(await probes(admin), replayed);
      });
    } finally {
      execFileSync('umount', [disk]);
      rmSync(dir, { recursive: true });
    }
  });

  async function fillAndRecover(admin: PnpClient, daemon: DaemonProcess, disk: string): Promise<number[]> {
    const kept: number[] = [];
    for (let number = 0; number < 60; number += 1) {
      await admin.tell(lesson(number));
      kept.push(number);
    }
    const { bavail, bsize } = statfsSync(disk);
    writeFileSync(join(disk, 'ballast'), Buffer.alloc(bavail * bsize));
    const refused = await tellUntil(admin, 1_000, kept, (status) => status === 75);
    assert.match(refused.headers.get('Error') ?? '', /^store-degraded ; /);
    assert.equal((await admin.check(chat('still there?'))).verdict, 'unsure');
    assert.equal((await fetch(`http://127.0.0.1:${daemon.httpPort}/readyz`)).status, 503);
    unlinkSync(join(disk, 'ballast'));
    await tellUntil(admin, 5_000, kept, (status) => status === 0);
    assert.equal((await fetch(`http://127.0.0.1:${daemon.httpPort}/readyz`)).status, 200);
    return kept;
  }

  /** Teaches lesson after lesson from `first` on until an answer has the wanted status; notes what was learnt. */
  async function tellUntil(
    admin: PnpClient,
    first: number,
    kept: number[],
    wanted: (status: number) => boolean,
  ) {
    const giveUpAt = Date.now() + 30_000;
    for (let number = first; Date.now() < giveUpAt; number += 1) {
      const { label: messageClass, stanza } = lesson(number);
      const answer = await admin.call('TELL', { 'Message-Class': messageClass, Set: 'local' }, stanza);
      if (answer.status === 0) kept.push(number);
      if (wanted(answer.status)) return answer;
      assert.ok(answer.status === 0 || answer.status === 75, `status ${answer.status}`);
    }
    assert.fail('the wanted answer did not come in 30 s');
  }
});
