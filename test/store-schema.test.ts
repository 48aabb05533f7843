import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { open } from 'lmdb';
import { metaKey, SCHEMA } from '../src/store/keys.ts';
import { BINARY } from '../src/store/lmdb/databases.ts';
import { decodeRecord } from '../src/store/lmdb/lesson-record.ts';
import { MIGRATIONS } from '../src/store/lmdb/migrations.ts';
import { openStore } from '../src/store/lmdb/store.ts';
import { storeError } from './store-contract.ts';
import { QUIET, storeOptions, temporaryDirectory } from './store-fixture.ts';
import { type Deed, doInStore, expected, JIDS, observe, StoreModel } from './store-model.ts';

const UNDER_WAY = 0x80000000;

/** Reads the number of the schema, and writes another one where it is told. */
async function schemaOf(dir: string, schema?: number): Promise<number | undefined> {
  const root = open<Buffer, Buffer>({ path: dir, noSubdir: false, maxDbs: 32, ...BINARY });
  const meta = root.openDB<Buffer, Buffer>('meta', BINARY);
  const value = Buffer.alloc(4);
  value.writeUInt32LE(schema ?? 0);
  if (schema !== undefined) await meta.put(metaKey('schema'), value);
  const stored = meta.get(metaKey('schema'))?.readUInt32LE(0);
  await root.close();
  return stored;
}

/** Lessons of users and of the operator, learnt, changed and taken back. */
const DEEDS = Array.from({ length: 900 }, (_, i): Deed => {
  const act = i > 600 && i % 7 === 0 ? 'forget' : i % 3 === 0 ? 'ham' : 'spam';
  return { act, who: (i % (JIDS.length + 1)) - 1, text: i % 600 };
});

/** A store where all of it was done; tables say the same in each schema. */
async function storeOfDeeds(t: TestContext): Promise<string> {
  const dir = temporaryDirectory(t);
  const store = await openStore(storeOptions(dir));
  await Promise.all(DEEDS.map((deed) => doInStore(store, deed)));
  await store.close();
  return dir;
}

async function storeOfSchema1(t: TestContext): Promise<{ dir: string; operators: StoreModel }> {
  const dir = await storeOfDeeds(t);
  const operators = new StoreModel();
  for (const deed of DEEDS) if (deed.who === -1) operators.do(deed);
  await schemaOf(dir, 1);
  return { dir, operators };
}

/** Lessons without fields: a head of 56 bytes that says how many tokens of either kind follow, 8 bytes each. */
async function storeOfSchema2(t: TestContext): Promise<string> {
  const dir = await storeOfDeeds(t);
  const root = open<Buffer, Buffer>({ path: dir, noSubdir: false, maxDbs: 32, ...BINARY });
  const lessons = root.openDB<Buffer, Buffer>('lessons', BINARY);
  const records = [...lessons.getRange()].map(({ key, value }) => ({ key, value: Buffer.from(value) }));
  for (const { key, value } of records) {
    const record = decodeRecord(value);
    if (record.kind === 'undo') continue;
    const { sids, uids } = record.learnt;
    const head = Buffer.from(value.subarray(0, 56));
    head[0] = 1;
    head.writeUInt16LE(sids.length / 8, 34);
    head.writeUInt16LE(uids.length / 8, 36);
    await lessons.put(key, Buffer.concat([head, sids, uids]));
  }
  await root.close();
  await schemaOf(dir, 2);
  return dir;
}

/** Migrates copies of a store and kills each in another transaction, until one ends by itself. */
async function killEverywhere(t: TestContext, dir: string, check: (copy: string) => Promise<void>) {
  let ended = false;
  for (let last = 1; !ended; last += 1) {
    const copy = temporaryDirectory(t);
    cpSync(dir, copy, { recursive: true });
    const before = await schemaOf(copy);
    const child = fork(join(import.meta.dirname, 'migration-child.js'), [copy, String(last)]);
    const [code, signal] = await once(child, 'exit');
    ended = signal === null;
    assert.deepEqual([code, signal], ended ? [0, null] : [null, 'SIGKILL']);
    const left = (await schemaOf(copy)) as number;
    if (last === 1) assert.equal(left, before);
    else if (ended) assert.equal(left, SCHEMA);
    else assert.ok(left > before!, 'an older version must refuse half a store');
    assert.ok(!ended || last > 5, 'it was no work of several transactions');
    await check(copy);
  }
}

describe('a store of an older schema', () => {
  it('has a migration from each schema to the next one', () => {
    const froms = MIGRATIONS.map(({ from }) => from);
    assert.deepEqual(
      froms,
      Array.from({ length: SCHEMA - 1 }, (_, i) => i + 1),
    );
  });

  it('keeps what the operator taught, retires the rest, and says so once', async (t) => {
    const { dir, operators } = await storeOfSchema1(t);
    const warnings: unknown[] = [];
    const log = { ...QUIET, warn: (fields: object, message: string) => warnings.push([fields, message]) };
    const store = await openStore(storeOptions(dir, { log }));
    assert.deepEqual(observe(store), expected(operators));
    const deed: Deed = { act: 'ham', who: 0, text: 5 };
    operators.do(deed);
    assert.equal(await doInStore(store, deed), 'set');
    assert.deepEqual(observe(store), expected(operators));
    await store.close();
    assert.equal(await schemaOf(dir), SCHEMA);
    const again = await openStore(storeOptions(dir, { log }));
    assert.deepEqual(observe(again), expected(operators));
    await again.close();
    assert.equal(warnings.length, MIGRATIONS.length);
    const [[fields, message]] = warnings as [[{ lessons_retired: number }, string]];
    assert.match(message, /had schema 1: what the operator has taught is kept/);
    assert.ok(fields.lessons_retired > 300, String(fields.lessons_retired));
  });

  it('ends the same, killed in any transaction of its migration', { timeout: 120_000 }, async (t) => {
    const { dir, operators } = await storeOfSchema1(t);
    await killEverywhere(t, dir, async (copy) => {
      const store = await openStore(storeOptions(copy));
      assert.deepEqual(observe(store), expected(operators));
      await store.close();
    });
  });

  it('is left as it is where the secret is another one', async (t) => {
    const { dir, operators } = await storeOfSchema1(t);
    const other = storeOptions(dir, { secret: Buffer.alloc(32, 8) });
    await assert.rejects(openStore(other), storeError('wrong-secret'));
    assert.equal(await schemaOf(dir), 1);
    const store = await openStore(storeOptions(dir));
    assert.deepEqual(observe(store), expected(operators));
    await store.close();
  });

  it('is refused amid the migration of a newer version', async (t) => {
    const dir = temporaryDirectory(t);
    await (await openStore(storeOptions(dir))).close();
    await schemaOf(dir, SCHEMA + 1 + UNDER_WAY);
    await assert.rejects(
      openStore(storeOptions(dir)),
      storeError('newer-schema', /run the version that wrote it/),
    );
  });
});

describe('a store of schema 2', () => {
  it('keeps all of it, killed in any transaction of its migration', { timeout: 120_000 }, async (t) => {
    const dir = await storeOfSchema2(t);
    await killEverywhere(t, dir, async (copy) => {
      const model = new StoreModel();
      for (const deed of DEEDS) model.do(deed);
      const store = await openStore(storeOptions(copy));
      assert.deepEqual(observe(store), expected(model));
      const undoings = DEEDS.map((deed): Deed => ({ ...deed, act: 'forget' }));
      const done = await Promise.all(undoings.map((deed) => doInStore(store, deed)));
      assert.deepEqual(
        done,
        undoings.map((deed) => model.do(deed)),
      );
      assert.deepEqual(observe(store), expected(new StoreModel()));
      await store.close();
    });
  });
});
