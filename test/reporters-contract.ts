import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { STORE_LIMITS, type StoreBounds } from '../src/store/options.ts';
import type { Store } from '../src/store/store.ts';
import {
  lessonId,
  lessonOf,
  type OpenStore,
  type Said,
  START,
  serverCounts,
  storeOptions,
  temporaryDirectory,
  UNCAPPED,
  userCounts,
} from './store-fixture.ts';

const WORDS = ['cheap', 'casino', 'bonus'];
const DAY = 86_400_000;
const ROMEO = 'romeo@montague.example';
const JULIET = 'juliet@capulet.example';
const KEY = Buffer.alloc(32, 1);

/** What one may add: 3 lessons a day, 5 in all, each whole. */
const CAPPED = { reporterLessonsPerDay: 3, reporterLessonsWhole: 1e9, reporterLessonsMax: 5 } as const;

/** What every backend of the store makes of one who reports much. */
export function reportersContract(openStore: OpenStore): void {
  const open = async (t: TestContext, dir: string, caps: Partial<StoreBounds>): Promise<Store> => {
    const store = await openStore(storeOptions(dir, caps));
    t.after(() => store.close());
    return store;
  };
  const report = (store: Store, number: number, said: Partial<Said> = {}) =>
    lessonOf(store, { label: 'spam', reporter: ROMEO, text: `${number}`, words: WORDS, ...said });
  const totals = (store: Store) => serverCounts(store, []).spamTotal;

  it('adds no more than a day has room for, and the next day goes on, up to its room in all', async (t) => {
    const dir = temporaryDirectory(t);
    const store = await openStore(storeOptions(dir, CAPPED));
    for (let i = 0; i < 9; i++) await store.lessons.teach(report(store, i));
    assert.equal(totals(store), 3);
    await store.close();
    const again = await open(t, dir, CAPPED);
    await again.lessons.teach(report(again, 10));
    assert.equal(totals(again), 3, 'the day goes on after a restart');
    for (let i = 20; i < 29; i++) await again.lessons.teach(report(again, i, { at: START + DAY }));
    assert.equal(totals(again), 5);
    for (let i = 30; i < 39; i++)
      await again.lessons.teach(report(again, i, { label: 'ham', at: START + DAY }));
    assert.equal(
      serverCounts(again, []).hamTotal,
      1,
      'of the day there was one left, and ham has room of its own',
    );
  });

  it('goes by other caps as soon as it is told', async (t) => {
    const store = await open(t, temporaryDirectory(t), CAPPED);
    for (let i = 0; i < 9; i++) await store.lessons.teach(report(store, i));
    store.adopt({ ...STORE_LIMITS, ...CAPPED, reporterLessonsPerDay: 4 });
    for (let i = 10; i < 19; i++) await store.lessons.teach(report(store, i));
    assert.equal(totals(store), 4);
  });

  it('counts so many lessons whole, and the more there are beyond, the less the next one', async (t) => {
    const store = await open(t, temporaryDirectory(t), { ...UNCAPPED, reporterLessonsWhole: 2 });
    const steps: number[] = [];
    for (let i = 0; i < 5; i++) {
      const before = totals(store);
      await store.lessons.teach(report(store, i));
      steps.push(totals(store) - before);
    }
    const ideal = [1, 1, 1, 2 / 3, 2 / (3 + 2 / 3)];
    for (const [i, step] of steps.entries()) assert.ok(Math.abs(step - ideal[i]!) < 0.01, `${steps}`);
  });

  it('takes all of what the operator says, and none of it from anybody', async (t) => {
    const store = await open(t, temporaryDirectory(t), CAPPED);
    for (let i = 0; i < 9; i++) await store.lessons.teach(report(store, i, { reporter: undefined }));
    await store.lessons.teach(report(store, 10));
    assert.equal(totals(store), 10);
  });

  it('gives back the room in all, and not that of the day, when a lesson is taken back', async (t) => {
    const store = await open(t, temporaryDirectory(t), CAPPED);
    for (let i = 0; i < 5; i++)
      await store.lessons.teach(report(store, i, { at: START + (i < 3 ? 0 : DAY) }));
    assert.equal(totals(store), 5);
    const id = lessonId(store, { reporter: ROMEO, text: '4' });
    assert.equal(await store.lessons.forget(id, START + DAY), 'removed');
    await store.lessons.teach(report(store, 10, { at: START + DAY }));
    assert.equal(totals(store), 5);
    for (let round = 0; round < 9; round++) {
      await store.lessons.teach(report(store, 20, { at: START + 2 * DAY }));
      await store.lessons.forget(lessonId(store, { reporter: ROMEO, text: '20' }), START + 2 * DAY);
    }
    assert.equal(totals(store), 5, 'and what counted nothing takes nothing with it');
  });

  it('undoes what a lesson weighed, whatever the next one would weigh', async (t) => {
    const store = await open(t, temporaryDirectory(t), { ...UNCAPPED, reporterLessonsWhole: 1 });
    for (let i = 0; i < 6; i++) await store.lessons.teach(report(store, i, { weight: 0.3 + i / 10 }));
    for (const i of [3, 0, 5, 1, 4, 2])
      await store.lessons.forget(lessonId(store, { reporter: ROMEO, text: `${i}` }), START);
    assert.equal(totals(store), 0);
  });

  it("weighs in the server's table alone: to its user a lesson is whole", async (t) => {
    const store = await open(t, temporaryDirectory(t), CAPPED);
    const user = store.users.open(ROMEO, KEY);
    for (let i = 0; i < 9; i++)
      await store.lessons.teach(report(store, i, { user, weight: i === 0 ? 0.25 : 0 }));
    assert.equal(totals(store), 0.25);
    assert.deepEqual(userCounts(store, user, WORDS).spam, [9, 9, 9]);
    assert.equal(userCounts(store, user, WORDS).spamTotal, 9);
  });

  it('makes no token one of two reporters by a lesson that weighs nothing', async (t) => {
    const store = await open(t, temporaryDirectory(t), UNCAPPED);
    await store.lessons.teach(report(store, 1));
    await store.lessons.teach(report(store, 1, { reporter: JULIET, weight: 0 }));
    assert.deepEqual(serverCounts(store, WORDS).spam, [0, 0, 0]);
  });

  it('leaves out what a lesson withholds, now, after opening again and when it is undone', async (t) => {
    const dir = temporaryDirectory(t);
    const store = await openStore(storeOptions(dir));
    const user = store.users.open(ROMEO, KEY);
    await store.lessons.teach(report(store, 0, { reporter: undefined }));
    await store.lessons.teach(report(store, 1, { user, withheld: [0, 2] }));
    assert.deepEqual(serverCounts(store, WORDS).spam, [1, 2, 1]);
    assert.deepEqual(userCounts(store, user, WORDS).spam, [1, 1, 1]);
    await store.close();
    const again = await open(t, dir, UNCAPPED);
    assert.deepEqual(serverCounts(again, WORDS).spam, [1, 2, 1]);
    await again.lessons.forget(lessonId(again, { reporter: ROMEO, text: '1' }), START);
    assert.deepEqual(serverCounts(again, WORDS).spam, [1, 1, 1]);
  });

  it('remembers the last lessons of a reporter that are in force', async (t) => {
    const dir = temporaryDirectory(t);
    const store = await openStore(storeOptions(dir));
    for (let i = 0; i < 12; i++)
      await store.lessons.teach(report(store, i, { label: i % 2 === 0 ? 'spam' : 'ham', weight: i / 16 }));
    await store.lessons.forget(lessonId(store, { reporter: ROMEO, text: '10' }), START);
    const id = store.ids.id('user', ROMEO);
    const weights = (of: Store) => of.lessons.lastOf(id).map(({ weight }) => weight / 16);
    assert.deepEqual(weights(store), [11, 9, 8, 7, 6, 5, 4]);
    const [last] = store.lessons.lastOf(id);
    assert.equal(last?.label, 'ham');
    assert.equal(last?.sids.length, WORDS.length * 16);
    assert.deepEqual(store.lessons.lastOf(store.ids.id('user', JULIET)), []);
    await store.close();
    assert.deepEqual(weights(await open(t, dir, UNCAPPED)), [11, 9, 8, 7, 6, 5, 4]);
  });

  it('counts each of many lessons sent at once', async (t) => {
    const store = await open(t, temporaryDirectory(t), CAPPED);
    await Promise.all(Array.from({ length: 20 }, (_, i) => store.lessons.teach(report(store, i))));
    assert.equal(totals(store), 3);
  });
}
