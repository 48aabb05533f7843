import assert from 'node:assert/strict';
import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  constants,
  cpSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statfsSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { open } from 'lmdb';
import { openStore } from '../src/store/lmdb/store.ts';
import { loadOrCreateSecret } from '../src/store/secret.ts';
import type { LessonLabel, Store } from '../src/store/store.ts';
import { storeError } from './store-contract.ts';
import {
  lessonId,
  lessonOf,
  QUIET,
  START,
  serverCounts,
  storeOptions,
  temporaryDirectory,
  userCounts,
} from './store-fixture.ts';
import { type Deed, doInStore, expected, JIDS, observe, StoreModel } from './store-model.ts';

/** Deeds about the same few lessons again and again. */
function burst(round: number, count: number): Deed[] {
  return Array.from({ length: count }, (_, i) => ({
    act: (['spam', 'ham', 'spam', 'forget'] as const)[(i + round) % 4]!,
    who: (i % (JIDS.length + 1)) - 1,
    text: i % 97,
  }));
}

/** Of a store in use; its lock and its beacon stay behind. */
function copyStore(dir: string, copy: string): void {
  cpSync(dir, copy, { recursive: true, filter: (path) => !/owner\..*/.test(path) });
}

/** What would be left of a store if the power went now. */
async function afterPowerCut(t: TestContext, dir: string, serverTokensMax = 9000): Promise<unknown> {
  const copy = temporaryDirectory(t);
  copyStore(dir, copy);
  const store = await openStore(storeOptions(copy, { serverTokensMax }));
  const observed = observe(store);
  await store.close();
  return observed;
}

describe('a store that stops without closing', () => {
  it('has every answered lesson, whole, after kill -9 amid a thousand', { timeout: 120_000 }, async (t) => {
    const dir = temporaryDirectory(t);
    const taught: Deed[] = [];
    for (let round = 0; round < 4; round++) {
      const fresh = Array.from({ length: 1000 }, (_, i) =>
        deedOf(round * 1000 + i, i % 3 === 0 ? 'ham' : 'spam'),
      );
      const changed = taught.filter((_, i) => i % 5 === round).map(opposite);
      const deeds = [...fresh, ...changed];
      taught.push(...fresh);
      const answered = await doUntilKilled(dir, deeds, 150 * (round + 1));
      assert.ok(answered.size < deeds.length, 'the kill came too late');

      const left = await lessonsOnDisk(dir);
      const store = await openStore(storeOptions(dir));
      for (const [i, outcome] of answered) {
        const deed = deeds[i]!;
        assert.equal(left.get(idOf(store, deed)), outcome === 'removed' ? undefined : deed.act, outcome);
      }
      const model = new StoreModel();
      for (const deed of taught) {
        const label = left.get(idOf(store, deed));
        if (label !== undefined) model.do({ ...deed, act: label });
      }
      assert.equal(model.lessons, left.size);
      assert.deepEqual(observe(store), expected(model));
      await store.close();
    }
  });

  const slow = [
    { name: "the server's table", serverTokensMax: 9000 },
    { name: "the users' tables", serverTokensMax: 3000 },
  ];
  for (const { name, serverTokensMax } of slow)
    it(`replays what tables on disk do not hold, where ${name} take the most steps`, {
      timeout: 60_000,
    }, async (t) => {
      const dir = temporaryDirectory(t);
      const model = new StoreModel();
      const store = await openStore(storeOptions(dir, { checkpointSeconds: 0.3, serverTokensMax }));
      t.after(() => store.close());
      for (let round = 0; round < 60; round++) {
        for (const deed of burst(round, 60)) model.do(deed);
        await Promise.all(burst(round, 60).map((deed) => doInStore(store, deed)));
        assert.deepEqual(observe(store), expected(model));
        assert.deepEqual(await afterPowerCut(t, dir, serverTokensMax), expected(model));
      }
    });

  it('replays the same log again and again', async (t) => {
    const dir = temporaryDirectory(t);
    const model = new StoreModel();
    const store = await openStore(storeOptions(dir, { checkpointSeconds: 3600 }));
    t.after(() => store.close());
    for (const deed of burst(0, 200)) model.do(deed);
    await Promise.all(burst(0, 200).map((deed) => doInStore(store, deed)));
    const first = await afterPowerCut(t, dir);
    assert.deepEqual(first, expected(model));
    assert.deepEqual(await afterPowerCut(t, dir), first);
  });

  it('replays the lessons of more users than it holds tables in memory', { timeout: 60_000 }, async (t) => {
    const dir = temporaryDirectory(t);
    const jids = Array.from({ length: 1100 }, (_, i) => `user${i}@capulet.example`);
    const words = ['cheap', 'casino'];
    const small = { checkpointSeconds: 3600, userCacheBytesMax: 10_000 };
    const store = await openStore(storeOptions(dir, small));
    t.after(() => store.close());
    const teach = (jid: string, text: string): Promise<unknown> => {
      const user = store.users.open(jid, undefined);
      return store.lessons.teach(lessonOf(store, { label: 'ham', reporter: jid, text, words, user }));
    };
    for (const text of ['first', 'second', 'third']) await Promise.all(jids.map((jid) => teach(jid, text)));
    await Promise.all(
      jids.map((reporter) => store.lessons.forget(lessonId(store, { reporter, text: 'second' }), START)),
    );
    const copy = temporaryDirectory(t);
    copyStore(dir, copy);
    const again = await openStore(storeOptions(copy, small));
    for (const jid of jids)
      assert.deepEqual(userCounts(again, again.users.open(jid, undefined), words).ham, [2, 2], jid);
    assert.equal(again.lessons.count, 2 * jids.length);
    await again.close();
  });

  it('keeps its counts when the table gets another size', async (t) => {
    const dir = temporaryDirectory(t);
    const model = new StoreModel();
    const store = await openStore(storeOptions(dir, { checkpointSeconds: 3600 }));
    for (const deed of burst(0, 200)) model.do(deed);
    await Promise.all(burst(0, 200).map((deed) => doInStore(store, deed)));
    await store.close();
    for (const serverTokensMax of [40_000, 3000, 9000]) {
      const resized = await openStore(storeOptions(dir, { serverTokensMax }));
      assert.deepEqual(observe(resized), expected(model));
      assert.deepEqual(await afterPowerCut(t, dir), expected(model));
      await resized.close();
    }
  });
});

function deedOf(text: number, act: LessonLabel): Deed {
  return { act, who: (text % (JIDS.length + 1)) - 1, text };
}

/** Something else about the same lesson. */
function opposite(deed: Deed): Deed {
  return { ...deed, act: deed.text % 2 === 0 ? 'forget' : deed.act === 'ham' ? 'spam' : 'ham' };
}

function idOf(store: Store, { who, text }: Deed): string {
  return lessonId(store, { reporter: JIDS[who], text: `text ${text}` });
}

/** Sends all deeds at once to a process of its own, kills it after so many answers; returns the answers by deed. */
async function doUntilKilled(
  dir: string,
  deeds: readonly Deed[],
  answers: number,
): Promise<Map<number, string>> {
  const child = fork(join(import.meta.dirname, 'store-child.js'), [dir]);
  await once(child, 'message');
  const answered = new Map<number, string>();
  const exited = once(child, 'exit');
  child.on('message', ({ i, outcome }: { i: number; outcome: string }) => {
    answered.set(i, outcome);
    if (answered.size === answers) child.kill('SIGKILL');
  });
  child.send([...deeds]);
  await exited;
  return answered;
}

/** Labels of the live lessons by id, read without any of the store's code. */
async function lessonsOnDisk(dir: string): Promise<Map<string, LessonLabel>> {
  const BINARY = { encoding: 'binary', keyEncoding: 'binary' } as const;
  const root = open<Buffer, Buffer>({
    path: dir,
    noSubdir: false,
    overlappingSync: false,
    maxDbs: 32,
    ...BINARY,
  });
  const ids = root.openDB<Buffer, Buffer>('lesson_ids', BINARY);
  const lessons = root.openDB<Buffer, Buffer>('lessons', BINARY);
  const labels = new Map<string, LessonLabel>();
  for (const { key, value } of ids.getRange({})) {
    const record = lessons.get(Buffer.from(value))!;
    assert.equal(record.toString('hex', 16, 32), Buffer.from(key).toString('hex'));
    labels.set(Buffer.from(key).toString('hex'), record[1] === 1 ? 'spam' : 'ham');
  }
  await root.close();
  return labels;
}

describe('a full disk', () => {
  const bytes = 40 * 2 ** 20;
  it('refuses lessons, goes on reading, and learns again when there is room', {
    timeout: 60_000,
  }, async (t) => {
    const mount = mountSmallDisk(t, bytes);
    if (mount === undefined) return t.skip('a small tmpfs cannot be mounted here');
    const dir = join(mount, 'store');
    const log = { ...QUIET, errors: 0, error: () => void log.errors++ };
    const store = await openStore(storeOptions(dir, { log }));
    const model = new StoreModel();
    const ballast = join(mount, 'ballast');
    const teach = async (from: number, count: number): Promise<number> => {
      const deeds = Array.from({ length: count }, (_, i) => deedOf(from + i, 'spam'));
      const outcomes = await Promise.allSettled(deeds.map((deed) => doInStore(store, deed)));
      for (const [i, outcome] of outcomes.entries()) {
        if (outcome.status === 'fulfilled') model.do(deeds[i]!);
        else assert.ok(storeError('degraded')(outcome.reason));
      }
      return outcomes.filter(({ status }) => status === 'fulfilled').length;
    };

    assert.equal(await teach(0, 100), 100);
    fill(ballast);
    let from = 100;
    while (canWrite(store)) {
      await teach(from, 500);
      from += 500;
    }
    assert.equal(log.errors, 1);
    await assert.rejects(doInStore(store, deedOf(from, 'spam')), storeError('degraded'));
    await assert.rejects(doInStore(store, { act: 'forget', who: -1, text: 0 }), storeError('degraded'));
    assert.deepEqual(observe(store), expected(model));
    assert.deepEqual(await afterPowerCut(t, dir), expected(model));

    rmSync(ballast);
    while (!canWrite(store)) await setTimeout(20);
    assert.equal(await teach(0, 100), 100, 'unchanged');
    assert.equal(await teach(from, 300), 300);
    assert.deepEqual(observe(store), expected(model));
    await store.close();
    const again = await openStore(storeOptions(dir));
    assert.deepEqual(observe(again), expected(model));
    await again.close();
  });

  it('is said at the start', async (t) => {
    const mount = mountSmallDisk(t, bytes);
    if (mount === undefined) return t.skip('a small tmpfs cannot be mounted here');
    writeFileSync(join(mount, 'ballast'), Buffer.alloc(bytes - 65_536));
    await assert.rejects(
      openStore(storeOptions(join(mount, 'store'))),
      storeError('unusable', /disk is full/),
    );
  });

  it("keeps the server's table as it is, and says so where another size was asked for", async (t) => {
    const mount = mountSmallDisk(t, bytes);
    if (mount === undefined) return t.skip('a small tmpfs cannot be mounted here');
    const options = storeOptions(join(mount, 'store'));
    const store = await openStore(options);
    const words = Array.from({ length: 100 }, (_, index) => `word ${index}`);
    await store.lessons.teach(lessonOf(store, { label: 'spam', text: 'a', words }));
    await store.close();
    const { bavail, bsize } = statfsSync(mount);
    writeFileSync(join(mount, 'ballast'), Buffer.alloc(bavail * bsize - 2 ** 22));
    const larger = { ...options, serverTokensMax: 90_000 };
    await assert.rejects(openStore(larger), storeError('unusable', /disk is full/));
    for (const size of [options, larger]) {
      const again = await openStore(size);
      assert.deepEqual(serverCounts(again, words).spam, Array(100).fill(1));
      await again.close();
      rmSync(join(mount, 'ballast'), { force: true });
    }
  });

  it('leaves no part of a secret, which would be taken for the whole', (t) => {
    const mount = mountSmallDisk(t, 65_536);
    if (mount === undefined) return t.skip('a small tmpfs cannot be mounted here');
    fill(join(mount, 'ballast'));
    assert.throws(() => loadOrCreateSecret(join(mount, 'secret')), /ENOSPC/);
    assert.deepEqual(readdirSync(mount), ['ballast']);
    rmSync(join(mount, 'ballast'));
    assert.equal(loadOrCreateSecret(join(mount, 'secret')).length, 32);
    assert.deepEqual(readdirSync(mount), ['secret']);
  });

  it('closes, and loses nothing that was answered', { timeout: 60_000 }, async (t) => {
    const mount = mountSmallDisk(t, bytes);
    if (mount === undefined) return t.skip('a small tmpfs cannot be mounted here');
    const dir = join(mount, 'store');
    const model = new StoreModel();
    const store = await openStore(storeOptions(dir, { checkpointSeconds: 3600 }));
    for (const deed of burst(0, 100)) model.do(deed);
    await Promise.all(burst(0, 100).map((deed) => doInStore(store, deed)));
    fill(join(mount, 'ballast'));
    for (let text = 1000; canWrite(store); text++) {
      const outcome = await doInStore(store, deedOf(text, 'ham')).catch(() => undefined);
      if (outcome !== undefined) model.do(deedOf(text, 'ham'));
    }
    await store.close();
    rmSync(join(mount, 'ballast'));
    const again = await openStore(storeOptions(dir));
    assert.deepEqual(observe(again), expected(model));
    await again.close();
  });
});

describe('a meta page that cannot be written', () => {
  it('refuses the lesson, goes on reading, learns again by itself, and closes', {
    timeout: 30_000,
  }, async (t) => {
    const dir = temporaryDirectory(t);
    const store = await openStore(storeOptions(dir));
    const model = new StoreModel();
    const taught = deedOf(1, 'spam');
    model.do(taught);
    await doInStore(store, taught);
    for (let round = 0; round < 3; round++) {
      takeMetaDescriptor(dir);
      await assert.rejects(doInStore(store, deedOf(100 + round, 'spam')), storeError('degraded'));
      // Nothing of this user is in memory: the answer is read.
      assert.equal(store.users.open(`new${round}@capulet.example`, undefined).keyState, 'ok');
      while (!canWrite(store)) await setTimeout(20);
      const next = deedOf(200 + round, 'ham');
      model.do(next);
      assert.equal(await doInStore(store, next), 'set');
      assert.deepEqual(observe(store), expected(model));
    }
    takeMetaDescriptor(dir);
    await assert.rejects(doInStore(store, deedOf(300, 'spam')), storeError('degraded'));
    await store.close();
    const again = await openStore(storeOptions(dir));
    assert.deepEqual(observe(again), expected(model));
    await again.close();
  });
});

/** Puts something that cannot be written to in the place of LMDB's descriptor for meta pages, the one that syncs by itself. */
function takeMetaDescriptor(dir: string): void {
  const ours = join(dir, 'data.mdb');
  const taken = readdirSync('/proc/self/fd').find((fd) => {
    const link = `/proc/self/fd/${fd}`;
    if (!existsSync(link) || readlinkSync(link) !== ours) return false;
    const flags = /^flags:\s+([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1];
    return (Number.parseInt(flags ?? '', 8) & constants.O_DSYNC) !== 0;
  });
  closeSync(Number(taken));
  const others: number[] = [];
  for (let fd = -1; fd !== Number(taken); others.push(fd)) fd = openSync('/dev/null', 'r');
  for (const fd of others.slice(0, -1)) closeSync(fd);
}

function canWrite(store: Store): boolean {
  return store.state === 'ok';
}

/** Undefined where this user may not mount. */
function mountSmallDisk(t: TestContext, bytes: number): string | undefined {
  const path = mkdtempSync(join(tmpdir(), 'pv-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', path], { stdio: 'ignore' });
  } catch {
    rmSync(path, { recursive: true });
    return undefined;
  }
  t.after(() => {
    execFileSync('umount', ['--lazy', path]);
    rmSync(path, { recursive: true });
  });
  return path;
}

/** Writes until nothing more fits. */
function fill(path: string): void {
  const file = openSync(path, 'w');
  try {
    for (;;) writeSync(file, Buffer.alloc(65_536));
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC');
  } finally {
    closeSync(file);
  }
}
