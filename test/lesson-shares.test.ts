import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { it, type TestContext } from 'node:test';
import type { Archive, Pruned } from '../src/store/archive.ts';
import { openStore } from '../src/store/lmdb/store.ts';
import type { LessonLabel, Store } from '../src/store/store.ts';
import { tokenSet } from '../src/store/token-set.ts';
import {
  hostCounts,
  lessonId,
  lessonOf,
  START,
  serverCounts,
  storeOptions,
  temporaryDirectory,
} from './store-fixture.ts';

const WORDS = ['cheap', 'casino', 'bonus', 'click'];
const ROMEO = 'romeo@montague.example';
const BENVOLIO = 'benvolio@montague.example';
const KEY = Buffer.alloc(32, 1);
const DAY = 86_400_000;
const OTHER = Buffer.alloc(32, 2);

interface Share {
  readonly label: LessonLabel;
  readonly reporter: string;
  readonly text: string;
  readonly weight: number;
  readonly withheld: readonly number[];
  readonly ofHost: { readonly weight: number; readonly withheld: readonly number[] };
}

/** Each table takes something else of each lesson. */
const SHARES: readonly Share[] = [
  { label: 'spam', reporter: ROMEO, text: 'a', weight: 1, withheld: [], ofHost: { weight: 1, withheld: [] } },
  {
    label: 'spam',
    reporter: BENVOLIO,
    text: 'b',
    weight: 0.25,
    withheld: [0, 2],
    ofHost: { weight: 0.75, withheld: [1] },
  },
  {
    label: 'ham',
    reporter: BENVOLIO,
    text: 'c',
    weight: 0,
    withheld: [3],
    ofHost: { weight: 0.5, withheld: [] },
  },
];
const OF_ALL = { spam: [0, 1.25, 0, 1.25], ham: [0, 0, 0, 0], spamTotal: 1.25, hamTotal: 0 };
const OF_HOST = {
  spam: [1.75, 1, 1.75, 1.75],
  ham: [0.5, 0.5, 0.5, 0.5],
  spamTotal: 1.75,
  hamTotal: 0.5,
};
const NOTHING = { spam: [0, 0, 0, 0], ham: [0, 0, 0, 0], spamTotal: 0, hamTotal: 0 };

async function opened(t: TestContext, dir: string): Promise<Store> {
  const store = await openStore(storeOptions(dir));
  t.after(() => store.close());
  return store;
}

async function taught(t: TestContext, dir = temporaryDirectory(t)): Promise<Store> {
  const store = await opened(t, dir);
  for (const { ofHost, ...share } of SHARES) {
    const user = store.users.open(share.reporter, KEY);
    const host = { id: user.host, weight: ofHost.weight, withheld: tokenSet(ofHost.withheld) };
    await store.lessons.teach(lessonOf(store, { ...share, words: WORDS, user, host }));
  }
  return store;
}

function assertTaught(store: Store): void {
  assert.deepEqual(serverCounts(store, WORDS), OF_ALL);
  const { host } = store.users.open(ROMEO, KEY);
  // In the table of all two words are Romeo's alone; in the host's all of them are of both.
  assert.deepEqual(hostCounts(store, host, WORDS), OF_HOST);
}

async function assertUndone(store: Store): Promise<void> {
  const { host } = store.users.open(ROMEO, KEY);
  for (const share of SHARES)
    assert.equal(await store.lessons.forget(lessonId(store, share), START), 'removed');
  assert.deepEqual(serverCounts(store, WORDS), NOTHING);
  assert.equal(hostCounts(store, host, WORDS), undefined);
  assert.equal(store.sizes().serverTokens, 0, 'no row is left of either');
  assert.equal(store.sizes().hosts, 0);
}

it('gives each table its share of a lesson, and takes exactly that back', async (t) => {
  const store = await taught(t);
  assertTaught(store);
  await assertUndone(store);
});

it('knows the shares after a kill, and can still take them back', async (t) => {
  const dir = temporaryDirectory(t);
  await taught(t, dir);
  const copy = temporaryDirectory(t);
  cpSync(dir, copy, { recursive: true, filter: (path) => !/owner\..*/.test(path) });
  const store = await opened(t, copy);
  assertTaught(store);
  await assertUndone(store);
});

it('knows the shares after a checkpoint, and can still take them back', async (t) => {
  const dir = temporaryDirectory(t);
  await (await taught(t, dir)).close();
  const store = await opened(t, dir);
  assertTaught(store);
  await assertUndone(store);
});

it("knows the shares after a change of a user's key, and can still take them back", async (t) => {
  const store = await taught(t);
  const { outcome } = await store.rekey({ bareJID: BENVOLIO, before: KEY, after: OTHER });
  assert.equal(outcome, 'changed');
  assertTaught(store);
  assert.equal(
    store.lessons.lastOf(store.ids.id('user', BENVOLIO)).length,
    2,
    'whose lessons they are is known',
  );
  await assertUndone(store);
});

/** In pages, which end when their time is over. */
function dumped({ archive }: Store): Buffer[] {
  const lessons: Buffer[] = [];
  for (let after: number | undefined = 0; after !== undefined; ) {
    const page: ReturnType<Archive['page']> = archive.page(after);
    lessons.push(...page.lessons);
    after = page.next;
  }
  return lessons;
}

it('puts the shares back from a dump, and can still take them back', async (t) => {
  const from = await taught(t);
  const lessons = dumped(from);
  assert.equal(lessons.length, SHARES.length);
  const store = await opened(t, temporaryDirectory(t));
  for (const piece of lessons) assert.equal(await store.archive.restore(piece), 'restored');
  assertTaught(store);
  const shares = (of: Store) => of.lessons.lastOf(of.ids.id('user', BENVOLIO));
  assert.deepEqual(shares(store), shares(from), 'and what a reporter has said is remembered');
  await assertUndone(store);
});

it("gives a host's table no more of one reporter than that of all has room for", async (t) => {
  const caps = { reporterLessonsPerDay: 3, reporterLessonsWhole: 1e9, reporterLessonsMax: 5 } as const;
  const store = await openStore(storeOptions(temporaryDirectory(t), caps));
  t.after(() => store.close());
  const user = store.users.open(ROMEO, KEY);
  const host = { id: user.host, weight: 1, withheld: tokenSet([]) };
  const teach = async (number: number) => {
    const said = { label: 'spam', reporter: ROMEO, text: `${number}`, words: WORDS, weight: 0 } as const;
    await store.lessons.teach(
      lessonOf(store, { ...said, user, host, at: START + Math.floor(number / 9) * DAY }),
    );
  };
  const ofHost = () => hostCounts(store, user.host, [])?.spamTotal;
  for (let number = 0; number < 9; number++) await teach(number);
  assert.equal(ofHost(), 3, 'of a day');
  for (let number = 9; number < 18; number++) await teach(number);
  assert.equal(ofHost(), 5, 'in all');
  assert.equal(serverCounts(store, []).spamTotal, 0);
  await store.lessons.forget(lessonId(store, { reporter: ROMEO, text: '0' }), START);
  await teach(18);
  assert.equal(ofHost(), 5, 'there is room again');
});

it('takes the shares of lessons that grow too old out of each table', async (t) => {
  const store = await taught(t);
  const { host } = store.users.open(ROMEO, KEY);
  let dropped = 0;
  for (let after: number | undefined = 0; after !== undefined; ) {
    const step: Pruned = await store.archive.prune({ after, before: START + 1, of: 'users' });
    dropped += step.dropped;
    after = step.next;
  }
  assert.equal(dropped, SHARES.length);
  assert.deepEqual(serverCounts(store, WORDS), NOTHING);
  assert.equal(hostCounts(store, host, WORDS), undefined);
});
