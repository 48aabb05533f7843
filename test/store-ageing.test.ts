import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { openStore } from '../src/store/lmdb/store.ts';
import { STORE_LIMITS, type StoreOptions } from '../src/store/options.ts';
import type { Store } from '../src/store/store.ts';
import {
  lessonOf,
  START,
  serverCounts,
  storeOptions,
  temporaryDirectory,
  userCounts,
} from './store-fixture.ts';
import { until } from './until.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const WORDS = ['jackpot', 'casino', 'bonus'];
const JULIET = 'juliet@capulet.example';
const ROMEO = 'romeo@montague.example';

/** A store whose clock is moved by hand. */
async function storeWithClock(t: TestContext, options: Partial<StoreOptions> = {}) {
  const clock = { now: START };
  const dir = temporaryDirectory(t);
  const open = () => openStore(storeOptions(dir, { now: () => clock.now, checkpointSeconds: 1, ...options }));
  const store = await open();
  t.after(() => store.close());
  return { clock, dir, store, open };
}

interface Taught {
  readonly count: number;
  readonly at: number;
  readonly reporter?: string;
  readonly name?: string;
}

async function teach(store: Store, { count, at, reporter, name = 'text' }: Taught): Promise<void> {
  const user = reporter === undefined ? undefined : store.users.open(reporter, undefined);
  const lessons = Array.from({ length: count }, (_, n) =>
    store.lessons.teach(
      lessonOf(store, {
        label: n % 2 === 0 ? 'spam' : 'ham',
        text: `${name} ${n}`,
        words: [...WORDS, `${name}${n}`],
        at,
        ...(reporter === undefined ? {} : { reporter, user: user! }),
      }),
    ),
  );
  await Promise.all(lessons);
}

describe('lessons that grow old', () => {
  it('leave both tables exactly as if they had never been taught; the operator’s stay', async (t) => {
    const { clock, store } = await storeWithClock(t, { userLessonDays: 120 });
    await teach(store, { count: 40, at: START, name: 'corpus' });
    const without = serverCounts(store, WORDS);
    await teach(store, { count: 30, at: START, reporter: JULIET, name: 'old' });
    clock.now = START + 119 * DAY_MS;
    await teach(store, { count: 10, at: clock.now, reporter: ROMEO, name: 'young' });
    const user = store.users.open(JULIET, undefined);
    assert.equal(userCounts(store, user, WORDS).spamTotal, 15);
    clock.now = START + 121 * DAY_MS;
    await until(() => store.sizes().lessonsAged === 30);
    assert.equal(store.lessons.count, 50);
    assert.deepEqual(userCounts(store, user, WORDS), {
      spam: [0, 0, 0],
      ham: [0, 0, 0],
      spamTotal: 0,
      hamTotal: 0,
    });
    clock.now = START + 238 * DAY_MS;
    await until(() => {
      clock.now += HOUR_MS;
      return store.sizes().lessonsAged === 40;
    });
    assert.ok(clock.now > START + 239 * DAY_MS);
    assert.deepEqual(serverCounts(store, WORDS), without);
  });

  it('leave the disk, too, and a start after that replays nothing of them', async (t) => {
    const { clock, dir, store, open } = await storeWithClock(t, { userLessonDays: 120 });
    await teach(store, { count: 20, at: START, reporter: JULIET });
    const id = Buffer.from(
      lessonOf(store, { label: 'spam', reporter: JULIET, text: 'text 0', words: WORDS }).id,
      'hex',
    );
    await store.close();
    assert.ok(readFileSync(join(dir, 'data.mdb')).includes(id));
    clock.now = START + 121 * DAY_MS;
    const again = await open();
    await until(() => again.sizes().lessonsAged === 20);
    await again.close();
    const last = await open();
    t.after(() => last.close());
    assert.equal(last.lessons.count, 0);
    assert.deepEqual(last.archive.page(0), { lessons: [], next: undefined });
    assert.equal(serverCounts(last, WORDS).spamTotal, 0);
  });

  it('go all the same after the clock was set back', async (t) => {
    const { clock, store } = await storeWithClock(t, { userLessonDays: 120 });
    // Taught before the clock is set: a walk in between would find nothing, and then rest.
    const later = START + 2_000 * DAY_MS;
    await teach(store, { count: 4, at: later - 121 * DAY_MS, reporter: JULIET, name: 'first' });
    clock.now = later;
    await until(() => store.sizes().lessonsAged === 4);
    await teach(store, { count: 4, at: START - 121 * DAY_MS, reporter: JULIET, name: 'second' });
    clock.now = START;
    await until(() => store.sizes().lessonsAged === 8);
  });

  it('go where a user has too many, the oldest first', async (t) => {
    const { clock, store } = await storeWithClock(t, { userLessonsMax: 10 });
    await teach(store, { count: 12, at: START, reporter: JULIET, name: 'first' });
    await teach(store, { count: 6, at: START, reporter: JULIET, name: 'second' });
    await teach(store, { count: 6, at: START, reporter: ROMEO });
    clock.now += DAY_MS;
    await until(() => store.sizes().lessonsAged === 8);
    const forget = async (text: string) =>
      store.lessons.forget(
        lessonOf(store, { label: 'spam', reporter: JULIET, text, words: WORDS }).id,
        clock.now,
      );
    assert.equal(await forget('first 7'), 'unchanged');
    assert.equal(await forget('first 8'), 'removed');
    assert.equal(await forget('second 0'), 'removed');
  });

  it('go where all together take too much room, users’ before the operator’s; a warning where that is not enough', async (t) => {
    const said: string[] = [];
    const log = {
      info: () => undefined,
      error: () => undefined,
      warn: (_: object, message: string) => said.push(message),
    };
    const { clock, store } = await storeWithClock(t, { log });
    await teach(store, { count: 100, at: START, name: 'corpus' });
    const corpus = store.sizes().lessonBytes;
    await teach(store, { count: 200, at: START, reporter: JULIET });
    store.adopt({ ...STORE_LIMITS, lessonsBytesMax: 2 * corpus });
    clock.now += DAY_MS;
    await until(() => store.sizes().lessonBytes <= 2 * corpus);
    assert.ok(store.sizes().lessonsAged > 0 && store.lessons.count > 100, `${store.lessons.count} are left`);
    store.adopt({ ...STORE_LIMITS, lessonsBytesMax: corpus / 2 });
    await until(() => {
      clock.now += HOUR_MS;
      return said.length > 0;
    });
    assert.match(said[0]!, /more room than they may/);
    assert.equal(store.lessons.count, 100);
  });

  it('are looked at in small steps', async (t) => {
    const { store } = await storeWithClock(t);
    await teach(store, { count: 200, at: START, reporter: JULIET });
    const wish = { before: START + 1, of: 'users' } as const;
    let after: number | undefined = 0;
    let steps = 0;
    for (let dropped = 0; after !== undefined; steps++) {
      const step: Awaited<ReturnType<Store['archive']['prune']>> = await store.archive.prune({
        ...wish,
        after,
      });
      assert.ok(step.dropped <= 16);
      after = step.next;
      dropped += step.dropped;
      if (after === undefined) assert.equal(dropped, 200);
    }
    assert.ok(steps >= 13);
  });

  it('stay while their user’s key is being changed', async (t) => {
    const { store } = await storeWithClock(t);
    await teach(store, { count: 4, at: START, reporter: JULIET });
    const change = { bareJID: JULIET, before: undefined, after: Buffer.alloc(32, 1) };
    const changing = store.rekey(change);
    const pruned = await store.archive.prune({ after: 0, before: START + 1, of: 'users' });
    assert.equal(pruned.dropped, 0);
    assert.deepEqual(await changing, { outcome: 'changed', lessons: 4 });
    assert.equal(userCounts(store, store.users.open(JULIET, change.after), WORDS).spamTotal, 2);
  });
});

describe('users without lessons', () => {
  it('are forgotten when they were first seen long ago; who has taught stays', async (t) => {
    const { clock, store } = await storeWithClock(t, { userUnusedDays: 100, userLessonDays: 0 });
    for (let n = 0; n < 40; n++) store.users.open(`u${n}@a.example`, undefined);
    await teach(store, { count: 2, at: START, reporter: JULIET });
    await until(() => store.sizes().users === 41);
    clock.now = START + 101 * DAY_MS;
    store.users.open('young@a.example', undefined);
    await until(() => store.sizes().usersForgotten === 40);
    await until(() => store.sizes().users === 2);
    const user = store.users.open(JULIET, undefined);
    assert.equal(userCounts(store, user, WORDS).spamTotal, 1);
  });

  it('begin anew with another salt, whatever was held ready of them', async (t) => {
    const { clock, store } = await storeWithClock(t, { userUnusedDays: 100 });
    const before = store.users.open(JULIET, undefined);
    const sids = lessonOf(store, { label: 'spam', text: 'x', words: WORDS }).sids;
    const uids = before.tokens(sids);
    await until(() => store.sizes().users === 1);
    clock.now = START + 101 * DAY_MS;
    await until(() => store.sizes().usersForgotten === 1);
    const after = store.users.open(JULIET, undefined);
    assert.notDeepEqual(after.tokens(sids), uids);
    await teach(store, { count: 2, at: clock.now, reporter: JULIET });
    assert.equal(userCounts(store, store.users.open(JULIET, undefined), WORDS).spamTotal, 1);
  });

  it('may come with another key: the first one is forgotten with them', async (t) => {
    const { clock, store } = await storeWithClock(t, { userUnusedDays: 100 });
    store.users.open(JULIET, Buffer.alloc(32, 1));
    assert.equal(store.users.open(JULIET, Buffer.alloc(32, 2)).keyState, 'wrong-key');
    await until(() => store.sizes().users === 1);
    clock.now = START + 101 * DAY_MS;
    await until(() => store.sizes().usersForgotten === 1);
    assert.equal(store.users.open(JULIET, Buffer.alloc(32, 2)).keyState, 'ok');
  });
});
