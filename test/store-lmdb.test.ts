import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { Worker } from 'node:worker_threads';
import { ActiveUsers } from '../src/store/active-users.ts';
import { BlockCipher, deriveDaemonKeys } from '../src/store/crypto.ts';
import { DerivedIds } from '../src/store/keyed-ids.ts';
import { metaKey, SCHEMA } from '../src/store/keys.ts';
import { openEnvironment } from '../src/store/lmdb/environment.ts';
import { NO_FIELDS } from '../src/store/lmdb/lesson-fields.ts';
import { LMDBReported, type ReportedChange } from '../src/store/lmdb/reported.ts';
import { openStore } from '../src/store/lmdb/store.ts';
import { LMDBUserTables } from '../src/store/lmdb/user-tables.ts';
import { Writer } from '../src/store/lmdb/writer.ts';
import { loadOrCreateSecret } from '../src/store/secret.ts';
import type { LessonInput, Store } from '../src/store/store.ts';
import { extractFeatures } from '../src/text/extract.ts';
import { storeContract, storeError } from './store-contract.ts';
import {
  lessonId,
  lessonOf,
  QUIET,
  SECRET,
  START,
  storeOptions,
  temporaryDirectory,
  userCounts,
} from './store-fixture.ts';
import { doInStore, JIDS } from './store-model.ts';

storeContract('lmdb', openStore);

const MAP = {
  mapBytesMax: 2 ** 30,
  sync: true,
  fingerprint: deriveDaemonKeys(SECRET).fingerprint,
  log: QUIET,
};

describe("users' tables in LMDB", () => {
  it('are taken to be written a few megabytes at once, and all in the end', async (t) => {
    const environment = await openEnvironment({ ...MAP, dir: temporaryDirectory(t) });
    t.after(() => environment.close());
    const keys = deriveDaemonKeys(SECRET);
    const users = new LMDBUserTables({
      environment,
      ids: new DerivedIds(keys),
      cipher: new BlockCipher(keys.masked),
      secret: SECRET,
      now: () => START,
      userTokensMax: 5000,
      userCacheBytesMax: 2 ** 20,
      active: new ActiveUsers(),
    });
    const head = { label: 'spam', weight: 256, at: START, id: '', reporterTag: 3, scripts: 1 } as const;
    const rest = { ...NO_FIELDS, ...head };
    for (let i = 0; i < 200; i++) {
      const { id } = users.open(`user${i}@example.org`, undefined);
      users.apply({ ...rest, userId: id, uids: randomBytes(8 * 4000) }, i + 1, 1);
    }
    let taken = 0;
    while (users.dirty > 0) {
      const writings = users.take(users.dirty);
      const bytes = writings.reduce((sum, { value }) => sum + value.length, 0);
      assert.ok(writings.length > 0 && bytes < 2 ** 22 + 2 ** 16, `${bytes} bytes`);
      for (const writing of writings) writing.written();
      taken += writings.length;
    }
    assert.equal(taken, 200);
    assert.equal(users.floor, 200);
  });

  it('are read and taught although memory has room for none of them', async (t) => {
    const dir = temporaryDirectory(t);
    const options = storeOptions(dir, { userCacheBytesMax: 300 });
    const jids = Array.from({ length: 20 }, (_, i) => `user${i}@example.org`);
    const words = (jid: string) => ['all', jid];
    const teach = (store: Store, jid: string, text: string) => {
      const user = store.users.open(jid, undefined);
      return store.lessons.teach(
        lessonOf(store, { label: 'spam', reporter: jid, text, words: words(jid), user }),
      );
    };
    const spamOf = (store: Store, jid: string) =>
      userCounts(store, store.users.open(jid, undefined), ['none', ...words(jid), 'other']).spam;
    const first = await openStore(options);
    for (const jid of jids) await teach(first, jid, 'a');
    await first.close();
    const store = await openStore(options);
    t.after(() => store.close());
    const users = jids.map((jid) => store.users.open(jid, undefined));
    for (let round = 0; round < 3; round++)
      for (const jid of jids) assert.deepEqual(spamOf(store, jid), [0, 1, 1, 0]);
    assert.ok(store.sizes().userTablesCached <= 1);
    for (const jid of jids) await teach(store, jid, 'b');
    for (const jid of jids) assert.deepEqual(spamOf(store, jid), [0, 2, 2, 0]);
    assert.deepEqual(
      users.map(({ generation }) => generation),
      jids.map((_, i) => 21 + i),
    );
  });
});

describe('opening a store in LMDB', () => {
  for (const { schema, code } of [
    { schema: SCHEMA + 1, code: 'newer-schema' },
    { schema: 0, code: 'older-schema' },
  ])
    it(`refuses schema ${schema}`, async (t) => {
      const dir = temporaryDirectory(t);
      const environment = await openEnvironment({ dir, ...MAP });
      const value = Buffer.alloc(4);
      value.writeUInt32LE(schema, 0);
      await environment.meta.put(metaKey('schema'), value);
      await environment.root.close();
      await assert.rejects(
        openStore(storeOptions(dir)),
        storeError(code, new RegExp(`schema ${schema}, .*; run the version that wrote it`)),
      );
    });

  it('refuses another secret, and opens with its own after that', async (t) => {
    const dir = temporaryDirectory(t);
    await (await openStore(storeOptions(dir))).close();
    const other = storeOptions(dir, { secret: Buffer.alloc(32, 8) });
    await assert.rejects(openStore(other), storeError('wrong-secret'));
    await (await openStore(storeOptions(dir))).close();
  });

  it('refuses a second opener and names the first', async (t) => {
    const dir = temporaryDirectory(t);
    const store = await openStore(storeOptions(dir));
    await assert.rejects(
      openStore(storeOptions(dir)),
      storeError('locked', new RegExp(`process ${process.pid};`)),
    );
    await store.close();
    await (await openStore(storeOptions(dir))).close();
  });

  const owners = [
    { name: 'a process that is gone', owner: '4194303 1\n' },
    { name: 'a process whose pid is now another one', owner: `${process.pid} 1\n` },
    { name: 'nobody', owner: '' },
    { name: 'something that is no pid', owner: '-1 x y z\n' },
  ];
  for (const { name, owner } of owners)
    it(`takes over the lock of ${name}`, async (t) => {
      const dir = temporaryDirectory(t);
      writeFileSync(join(dir, 'owner.pid'), owner);
      const store = await openStore(storeOptions(dir));
      assert.match(readFileSync(join(dir, 'owner.pid'), 'utf8'), new RegExp(`^${process.pid} `));
      await store.close();
      assert.deepEqual(readdirSync(dir).sort(), ['data.mdb', 'lock.mdb']);
    });

  it('says what is wrong with a directory that cannot be used', async (t) => {
    const dir = temporaryDirectory(t);
    writeFileSync(join(dir, 'file'), '');
    const path = join(dir, 'file', 'store');
    await assert.rejects(openStore(storeOptions(path)), storeError('unusable', /check the directory/));
  });

  // mkdirSync, recursive, would never come back from here (src/directory.ts).
  for (const path of ['/proc/no/such', '/proc/self'])
    it(`refuses ${path}, where nothing can be made`, async () => {
      await assert.rejects(
        openStore(storeOptions(path)),
        storeError('unusable', /ENOENT.*check the directory/),
      );
    });

  for (const file of ['data.mdb', 'owner.pid'])
    it(`refuses a directory where ${file} is a directory, too`, async (t) => {
      const dir = temporaryDirectory(t);
      mkdirSync(join(dir, file));
      await assert.rejects(
        openStore(storeOptions(dir)),
        storeError('unusable', /EISDIR.*check the directory/),
      );
    });

  it('leaves the mode of a directory that is there alone: it may be named by mistake', async (t) => {
    const dir = temporaryDirectory(t);
    chmodSync(dir, 0o755);
    await (await openStore(storeOptions(dir))).close();
    assert.equal(statSync(dir).mode & 0o777, 0o755);
  });

  for (const { name, bytes } of [
    { name: 'no database', bytes: Buffer.alloc(65_536, 'x') },
    { name: 'cut short', bytes: Buffer.alloc(100) },
  ])
    it(`says so where the file is ${name}, and lets go of the lock`, async (t) => {
      const dir = temporaryDirectory(t);
      writeFileSync(join(dir, 'data.mdb'), bytes);
      await assert.rejects(openStore(storeOptions(dir)), storeError('unusable', /damaged or no database/));
      assert.ok(!existsSync(join(dir, 'owner.pid')));
    });

  it('opens over an empty file, as a start that was cut off leaves it', async (t) => {
    const dir = temporaryDirectory(t);
    writeFileSync(join(dir, 'data.mdb'), '');
    await (await openStore(storeOptions(dir))).close();
  });

  it('keeps its files to its owner', async (t) => {
    const dir = join(temporaryDirectory(t), 'new', 'store');
    const store = await openStore(storeOptions(dir));
    assert.equal(statSync(dir).mode & 0o777, 0o700);
    for (const file of readdirSync(dir)) assert.equal(statSync(join(dir, file)).mode & 0o777, 0o600, file);
    await store.close();
  });
});

describe('reported texts in LMDB', () => {
  const DAY = 86_400_000;
  const TEXT = 'one and the same text that everybody reports on this very day';

  /** Over an environment of their own, with a clock that the test turns. */
  async function reportedIn(t: TestContext, reportedTextsMax: number) {
    const dir = temporaryDirectory(t);
    const clock = { now: START };
    const now = () => clock.now;
    const environment = await openEnvironment({ ...MAP, dir });
    const writer = new Writer({ environment, dir, log: QUIET, now });
    t.after(async () => {
      await writer.close();
      await environment.close();
    });
    const keys = deriveDaemonKeys(SECRET);
    const ids = new DerivedIds(keys);
    const bounds = { reportedDays: 30 };
    const parts = { environment, writer, ids, key: keys.reported, now, bounds };
    const reported = new LMDBReported({ ...parts, reportedTextsMax });
    const lessonOf = (user: number): LessonInput => ({
      label: 'spam',
      id: ids.id('user', `lesson ${user}`),
      reporterId: ids.id('user', `user${user}`),
      user: undefined,
      sids: Buffer.alloc(0),
      uids: Buffer.alloc(0),
      slots: new Uint32Array(0),
      fingerprint: extractFeatures(TEXT).fingerprint,
      senderId: ids.id('jid', 'bot@spam.example'),
      at: clock.now,
    });
    const change = async (made: ReportedChange) => {
      await writer.commit(() => made.put());
      made.apply();
    };
    const sweep = async () => {
      for (let step = 0; step < 10; step += 1) reported.step();
      await reported.settled();
    };
    const records = () => [...environment.reported.getRange({})].map(({ value }) => Buffer.from(value));
    return { clock, reported, lessonOf, change, sweep, records };
  }

  it('leave the disk in steps, when they are past and when there are too many', async (t) => {
    const { clock, reported, lessonOf, change, sweep, records } = await reportedIn(t, 100);
    for (let user = 0; user < 180; user += 1) await change(reported.keep(lessonOf(user)));
    assert.equal(records().length, 180);
    await sweep();
    assert.equal(records().length, 180 - 64);
    await sweep();
    assert.equal(records().length, 100);
    assert.equal(reported.count, 100);
    clock.now += 30 * DAY;
    await sweep();
    assert.equal(records().length, 100);
    clock.now += 1;
    await sweep();
    assert.equal(records().length, 36);
    await sweep();
    await sweep();
    assert.equal(records().length, 0);
    assert.equal(reported.count, 0);
  });

  it('leave the disk with their lesson, and are written anew in the place of it', async (t) => {
    const { reported, lessonOf, change, records } = await reportedIn(t, 100);
    for (const user of [1, 2, 1]) await change(reported.keep(lessonOf(user)));
    assert.equal(records().length, 2);
    await change(reported.drop(lessonOf(1).id));
    assert.equal(records().length, 1);
    await change(reported.drop(lessonOf(1).id));
    assert.equal(records().length, 1);
  });

  it('do not show that two are of one text: no 16 bytes are alike', async (t) => {
    const { reported, lessonOf, change, records } = await reportedIn(t, 100);
    for (let user = 0; user < 50; user += 1) await change(reported.keep(lessonOf(user)));
    const blocks = records().flatMap((record) =>
      Array.from({ length: 6 }, (_, i) => record.toString('hex', 24 + 16 * i, 40 + 16 * i)),
    );
    assert.equal(blocks.length, 300);
    assert.equal(new Set(blocks).size, blocks.length);
  });
});

describe('what lies on disk', () => {
  it('holds no word, no JID and no text in clear', async (t) => {
    const dir = temporaryDirectory(t);
    const store = await openStore(storeOptions(dir));
    const words = ['unmistakable', 'cryptocasino'];
    const jid = 'longlocalpart@capulet.example';
    const user = store.users.open(jid, undefined);
    const said = { reporter: jid, text: words.join(' '), words };
    await store.lessons.teach(lessonOf(store, { ...said, label: 'spam', user }));
    await store.lessons.teach(lessonOf(store, { ...said, label: 'ham', user }));
    const { sids, fingerprint } = lessonOf(store, { ...said, label: 'ham', user });
    const ids = { textId: store.ids.text(said.text), senderId: store.ids.id('jid', jid) };
    store.traces.append(
      {
        at: START,
        verdict: 'ham',
        total: 0,
        ...ids,
        scores: new Float32Array(4),
        sids,
        slots: new Uint32Array(0),
        fingerprint,
      },
      user,
    );
    store.facts.set('jid', ids.senderId, 'karma.jid', 's', 1, START + 1000);
    await store.close();
    const bytes = readFileSync(join(dir, 'data.mdb'));
    for (const secret of [...words, 'longlocalpart', 'capulet', said.text])
      for (const encoding of ['utf8', 'utf16le'] as const)
        assert.equal(bytes.indexOf(Buffer.from(secret, encoding)), -1, secret);
    for (const part of [fingerprint.subarray(1, 3), fingerprint.subarray(8, 10)])
      assert.equal(bytes.indexOf(Buffer.from(Uint32Array.from(part).buffer)), -1);
    // The same search does find what is there.
    assert.notEqual(bytes.indexOf('karma.jid'), -1);
  });

  it('holds no lesson that was forgotten, once the tables are written', async (t) => {
    const dir = temporaryDirectory(t);
    const store = await openStore(storeOptions(dir));
    const deeds = (act: 'spam' | 'forget', count: number) =>
      Promise.all(Array.from({ length: count }, (_, text) => doInStore(store, { act, who: text % 3, text })));
    await deeds('spam', 600);
    await deeds('forget', 599);
    await store.close();
    const environment = await openEnvironment({ dir, ...MAP });
    const records = [...environment.lessons.getRange({})].map(({ value }) => Buffer.from(value));
    assert.equal(records.length, 1);
    assert.equal(
      records[0]!.toString('hex', 16, 32),
      lessonId(store, { reporter: JIDS[599 % 3], text: 'text 599' }),
    );
    await environment.root.close();
  });
});

describe('the secret', () => {
  it('is made once, for its owner only', (t) => {
    const path = join(temporaryDirectory(t), 'etc', 'secret');
    const secret = loadOrCreateSecret(path);
    assert.equal(secret.length, 32);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.deepEqual(loadOrCreateSecret(path), secret);
  });

  it('is refused where others may read it', (t) => {
    const path = join(temporaryDirectory(t), 'secret');
    loadOrCreateSecret(path);
    chmodSync(path, 0o640);
    assert.throws(() => loadOrCreateSecret(path), /chmod 600/);
  });

  for (const bytes of [0, 31, 33])
    it(`is refused with ${bytes} bytes`, (t) => {
      const path = join(temporaryDirectory(t), 'secret');
      writeFileSync(path, Buffer.alloc(bytes), { mode: 0o600 });
      assert.throws(() => loadOrCreateSecret(path), new RegExp(`has ${bytes} bytes instead of 32`));
    });

  it('is refused where its directory cannot be made', () => {
    assert.throws(() => loadOrCreateSecret('/proc/no/secret'), /ENOENT.*check the path/);
  });

  it('is one for all that make it at once, be their process ids the same', { timeout: 20_000 }, async (t) => {
    const dir = temporaryDirectory(t);
    const secret = new URL('../src/store/secret.js', import.meta.url).href;
    const code = `
      const { parentPort, workerData } = require('node:worker_threads');
      import(workerData.secret).then(({ loadOrCreateSecret }) =>
        parentPort.once('message', (path) => parentPort.postMessage(loadOrCreateSecret(path).toString('hex'))));
    `;
    const workers = Array.from({ length: 4 }, () => new Worker(code, { eval: true, workerData: { secret } }));
    const answers = workers.map((worker) => once(worker, 'message'));
    for (const worker of workers) worker.postMessage(join(dir, 'secret'));
    const secrets = new Set((await Promise.all(answers)).flat());
    assert.deepEqual([...secrets], [readFileSync(join(dir, 'secret')).toString('hex')]);
    assert.deepEqual(readdirSync(dir), ['secret']);
  });

  it('is refused at once where it is a pipe', (t) => {
    const path = join(temporaryDirectory(t), 'secret');
    execFileSync('mkfifo', ['-m', '600', path]);
    assert.throws(() => loadOrCreateSecret(path), /is no file/);
  });

  it('is refused where it is no file', (t) => {
    const path = join(temporaryDirectory(t), 'secret');
    mkdirSync(path, { mode: 0o700 });
    assert.throws(() => loadOrCreateSecret(path), /is no file/);
  });
});
