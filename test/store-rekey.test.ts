import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { PAST_KEYS_MAX } from '../src/store/lmdb/past-keys.ts';
import { REKEYED_LESSONS_MAX } from '../src/store/lmdb/rekeying.ts';
import { openStore } from '../src/store/lmdb/store.ts';
import { STORE_LIMITS, type StoreOptions } from '../src/store/options.ts';
import type { LessonLabel, Store, Trace, User } from '../src/store/store.ts';
import { NO_FINGERPRINT } from '../src/text/fingerprint.ts';
import { storeError } from './store-contract.ts';
import {
  type Counts,
  lessonId,
  lessonOf,
  START,
  serverCounts,
  storeOptions,
  temporaryDirectory,
  userCounts,
} from './store-fixture.ts';
import { WORDS, wordsOf } from './store-model.ts';

const ROMEO = 'romeo@montague.example';
const JULIET = 'juliet@capulet.example';
const KEY = Buffer.alloc(32, 1);
const OTHER = Buffer.alloc(32, 2);
const DAY = 86_400_000;

type Key = Buffer | undefined;

async function opened(t: TestContext, options: Partial<StoreOptions> = {}, dir = temporaryDirectory(t)) {
  const store = await openStore(storeOptions(dir, options));
  t.after(() => store.close());
  return store;
}

/** Teaches text number `text`, five words of the model's. */
function teach(store: Store, jid: string, key: Key, label: LessonLabel, text: number): Promise<string> {
  const user = store.users.open(jid, key);
  const said = { label, reporter: jid, text: `text ${text}`, words: wordsOf(text), user };
  return store.lessons.teach(lessonOf(store, said));
}

function forget(store: Store, jid: string, text: number): Promise<string> {
  return store.lessons.forget(lessonId(store, { reporter: jid, text: `text ${text}` }), START);
}

async function change(store: Store, jid: string, before: Key, after: Key): Promise<string> {
  return (await store.rekey({ bareJID: jid, before, after })).outcome;
}

/** What the user's table says under a key; undefined: it is the wrong one. */
function seen(store: Store, jid: string, key: Key): Counts | undefined {
  const user = store.users.open(jid, key);
  return user.keyState === 'ok' ? userCounts(store, user, WORDS) : undefined;
}

function traceOf(total: number): Trace {
  const ids = { textId: '1'.repeat(32), senderId: '2'.repeat(32) };
  const tokens = { sids: Buffer.alloc(64), slots: new Uint32Array(0), fingerprint: NO_FINGERPRINT };
  return { at: START, verdict: 'ham', total, ...ids, ...tokens, scores: new Float32Array(4) };
}

function leave(store: Store, user: User, total: number): string {
  return store.traces.append(traceOf(total), user);
}

/** What a power cut would leave; the copy is opened. */
async function afterPowerCut(t: TestContext, dir: string): Promise<Store> {
  const copy = temporaryDirectory(t);
  cpSync(dir, copy, { recursive: true, filter: (path) => !/owner\..*/.test(path) });
  return opened(t, {}, copy);
}

describe("a change of a user's key", () => {
  it('takes table, lessons and traces along, from the own key to a given one and back', async (t) => {
    const dir = temporaryDirectory(t);
    const store = await opened(t, {}, dir);
    for (let text = 0; text < 12; text++)
      await teach(store, ROMEO, undefined, text % 3 ? 'spam' : 'ham', text);
    await teach(store, JULIET, undefined, 'spam', 3);
    await forget(store, ROMEO, 4);
    const expected = seen(store, ROMEO, undefined);
    const server = serverCounts(store, WORDS);
    const traces = [leave(store, store.users.open(ROMEO, undefined), 0)];
    const keys: Key[] = [undefined, KEY, OTHER, undefined, KEY];
    for (const [i, after] of keys.slice(1).entries()) {
      const before = keys[i];
      assert.deepEqual(await store.rekey({ bareJID: ROMEO, before, after }), {
        outcome: 'changed',
        lessons: 11,
      });
      assert.equal(seen(store, ROMEO, before), undefined, 'the key before');
      traces.push(leave(store, store.users.open(ROMEO, after), i + 1));
      for (const each of [store, await afterPowerCut(t, dir)]) {
        assert.deepEqual(seen(each, ROMEO, after), expected);
        assert.deepEqual(serverCounts(each, WORDS), server);
        assert.notEqual(seen(each, JULIET, undefined), undefined);
      }
      const user = store.users.open(ROMEO, after);
      assert.deepEqual(
        traces.map((id) => store.traces.read(id, user)?.total),
        traces.map((_, total) => total),
      );
    }
    for (let text = 0; text < 12; text++) await forget(store, ROMEO, text);
    const nothing = { spam: WORDS.map(() => 0), ham: WORDS.map(() => 0), spamTotal: 0, hamTotal: 0 };
    for (const each of [store, await afterPowerCut(t, dir)])
      assert.deepEqual(seen(each, ROMEO, KEY), nothing, 'undone exactly, with the token ids of now');
  });

  it('keeps traces over a restart', async (t) => {
    const dir = temporaryDirectory(t);
    const store = await openStore(storeOptions(dir));
    const id = leave(store, store.users.open(ROMEO, undefined), 7);
    assert.equal(await change(store, ROMEO, undefined, KEY), 'changed');
    await store.close();
    const again = await opened(t, {}, dir);
    assert.equal(again.traces.read(id, again.users.open(ROMEO, KEY))?.total, 7);
    assert.equal(again.traces.read(id, again.users.open(ROMEO, undefined)), undefined);
    assert.equal(again.traces.read(id, again.users.open(JULIET, KEY)), undefined);
  });

  it('opens the traces of the last keys only, and none that are past', async (t) => {
    const clock = { now: START };
    const store = await opened(t, { now: () => clock.now });
    const keyOf = (i: number) => Buffer.alloc(32, 10 + i);
    const ids: string[] = [];
    for (let i = 0; i <= PAST_KEYS_MAX + 1; i++) {
      ids.push(leave(store, store.users.open(ROMEO, keyOf(i)), i));
      assert.equal(await change(store, ROMEO, keyOf(i), keyOf(i + 1)), 'changed');
    }
    const user = store.users.open(ROMEO, keyOf(PAST_KEYS_MAX + 2));
    const left = ids.map((id) => store.traces.read(id, user)?.total);
    assert.deepEqual(left, [undefined, undefined, ...ids.slice(2).map((_, i) => i + 2)]);
    clock.now += STORE_LIMITS.tracesDays * DAY;
    assert.equal(store.facts.get('user', user.id, 'past-keys', '', clock.now), undefined);
  });

  it('changes nothing where the key before is wrong, and nothing where it is told twice', async (t) => {
    const store = await opened(t);
    await teach(store, ROMEO, KEY, 'spam', 1);
    const expected = seen(store, ROMEO, KEY);
    for (const before of [undefined, OTHER])
      assert.equal(await change(store, ROMEO, before, Buffer.alloc(32, 3)), 'wrong-key');
    assert.deepEqual(seen(store, ROMEO, KEY), expected);
    assert.equal(await change(store, ROMEO, KEY, KEY), 'unchanged');
    assert.equal(await change(store, ROMEO, KEY, OTHER), 'changed');
    assert.equal(await change(store, ROMEO, KEY, OTHER), 'unchanged', 'told twice');
    assert.equal(await change(store, ROMEO, undefined, OTHER), 'unchanged', 'by whoever knows it');
    assert.deepEqual(seen(store, ROMEO, OTHER), expected);
  });

  it('gives an unknown user the new key', async (t) => {
    const dir = temporaryDirectory(t);
    const store = await opened(t, {}, dir);
    assert.equal(await change(store, 'nurse@capulet.example', undefined, KEY), 'changed');
    const again = await afterPowerCut(t, dir);
    assert.deepEqual(
      [KEY, undefined].map((key) => again.users.open('nurse@capulet.example', key).keyState),
      ['ok', 'wrong-key'],
    );
  });

  it('serves all that is asked for at once, each user in its order', async (t) => {
    const store = await opened(t, { checkpointSeconds: 0.3 });
    const jids = Array.from({ length: 300 }, (_, i) => `user${i}@capulet.example`);
    await Promise.all(
      jids.flatMap((jid, i) => [0, 1].map((n) => teach(store, jid, undefined, 'spam', i + n))),
    );
    const before = jids.map((jid) => seen(store, jid, undefined));
    const done = await Promise.all([
      ...jids.map((jid) => change(store, jid, undefined, KEY)),
      ...jids.map((jid) => change(store, jid, KEY, OTHER)),
    ]);
    assert.deepEqual(new Set(done), new Set(['changed']));
    assert.deepEqual(
      jids.map((jid) => seen(store, jid, OTHER)),
      before,
    );
  });

  it('refuses lessons of the user meanwhile, and takes those of others', async (t) => {
    const store = await opened(t);
    const user = store.users.open(ROMEO, KEY);
    await teach(store, ROMEO, KEY, 'spam', 1);
    const changing = change(store, ROMEO, KEY, OTHER);
    assert.equal(store.users.isChanging(user.id), true);
    await assert.rejects(teach(store, ROMEO, KEY, 'ham', 2), storeError('rekeying'));
    await assert.rejects(forget(store, ROMEO, 1), storeError('rekeying'));
    assert.equal(await teach(store, JULIET, KEY, 'ham', 2), 'set');
    assert.equal(await changing, 'changed');
    assert.equal(store.users.isChanging(user.id), false);
    // Who was let in by the key before teaches nobody's table any more: it is asked for anew with each request.
    assert.equal(store.users.open(ROMEO, KEY).keyState, 'wrong-key');
    assert.equal(user.id, store.users.open(ROMEO, OTHER).id);
    assert.equal(await teach(store, ROMEO, OTHER, 'ham', 2), 'set');
    assert.equal(seen(store, ROMEO, OTHER)?.hamTotal, 1);
  });

  it('holds under any order of lessons, changes and checkpoints', { timeout: 60_000 }, async (t) => {
    const dir = temporaryDirectory(t);
    const store = await opened(t, { checkpointSeconds: 0.3 }, dir);
    const plain = await opened(t);
    let key: Key;
    for (let round = 0; round < 24; round++) {
      const texts = Array.from({ length: 25 }, (_, i) => (round * 25 + i) % 83);
      for (const [each, under] of [
        [store, key],
        [plain, undefined],
      ] as const)
        await Promise.all(
          texts.map((text, i) =>
            (i + round) % 4 === 3
              ? forget(each, ROMEO, text)
              : teach(each, ROMEO, under, (i * round) % 2 ? 'ham' : 'spam', text),
          ),
        );
      const next = round % 5 === 4 ? undefined : Buffer.alloc(32, round + 1);
      const changing = change(store, ROMEO, key, next);
      if (round % 3 === 0) await setTimeout(30);
      assert.equal(await changing, 'changed');
      key = next;
      assert.deepEqual(seen(store, ROMEO, key), seen(plain, ROMEO, undefined));
      if (round % 4 === 0)
        assert.deepEqual(seen(await afterPowerCut(t, dir), ROMEO, key), seen(plain, ROMEO, undefined));
    }
  });

  it('refuses more lessons than one transaction may hold', { timeout: 120_000 }, async (t) => {
    const store = await opened(t, { sync: false });
    const words = (i: number) => [`word ${i % 50}`];
    const user = store.users.open(ROMEO, KEY);
    const lesson = (i: number) =>
      store.lessons.teach(
        lessonOf(store, { label: 'spam', reporter: ROMEO, text: `${i}`, words: words(i), user }),
      );
    await Promise.all(Array.from({ length: REKEYED_LESSONS_MAX + 1 }, (_, i) => lesson(i)));
    const asked = { bareJID: ROMEO, before: KEY, after: OTHER };
    assert.deepEqual(await store.rekey(asked), {
      outcome: 'too-many-lessons',
      lessons: REKEYED_LESSONS_MAX + 1,
    });
    await store.lessons.forget(lessonId(store, { reporter: ROMEO, text: '0' }), START);
    assert.deepEqual(await store.rekey(asked), { outcome: 'changed', lessons: REKEYED_LESSONS_MAX });
    assert.equal(
      userCounts(store, store.users.open(ROMEO, OTHER), ['word 1']).spam[0],
      REKEYED_LESSONS_MAX / 50,
    );
  });

  it('leaves the old key or the new one, whole, after kill -9 amid it', { timeout: 120_000 }, async (t) => {
    const dir = temporaryDirectory(t);
    const lessons = 300;
    const first = await openStore(storeOptions(dir));
    for (let text = 0; text < lessons; text++)
      await teach(first, ROMEO, undefined, text % 2 ? 'ham' : 'spam', text);
    const expected = seen(first, ROMEO, undefined);
    const trace = leave(first, first.users.open(ROMEO, undefined), 5);
    await first.close();
    const left = new Set<string>();
    for (let round = 0; round < 12; round++) {
      const copy = temporaryDirectory(t);
      cpSync(dir, copy, { recursive: true });
      await killAmid(copy, round * 4);
      const store = await opened(t, {}, copy);
      const keys = [undefined, KEY].filter((key) => seen(store, ROMEO, key) !== undefined);
      assert.equal(keys.length, 1);
      left.add(keys[0] === undefined ? 'old' : 'new');
      assert.deepEqual(seen(store, ROMEO, keys[0]), expected);
      assert.equal(store.traces.read(trace, store.users.open(ROMEO, keys[0]))?.total, 5);
      const texts = Array.from({ length: lessons }, (_, text) => text);
      const undone = await Promise.all(texts.map((text) => forget(store, ROMEO, text)));
      assert.deepEqual(new Set(undone), new Set(['removed']));
      assert.equal(
        seen(store, ROMEO, keys[0])?.spam.every((count) => count === 0),
        true,
      );
    }
    t.diagnostic([...left].join(', '));
  });
});

/** Has a process of its own change the key, and kills it so many milliseconds after it was told to. */
async function killAmid(dir: string, milliseconds: number): Promise<void> {
  const child = fork(join(import.meta.dirname, 'rekey-child.js'), [dir]);
  await once(child, 'message');
  const exited = once(child, 'exit');
  child.send({ bareJID: ROMEO, after: KEY.toString('base64') });
  await setTimeout(milliseconds);
  child.kill('SIGKILL');
  await exited;
}
