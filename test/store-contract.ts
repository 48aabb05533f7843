import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import { StoreError } from '../src/errors.ts';
import { STORE_LIMITS } from '../src/store/options.ts';
import type { LessonLabel, Store, Trace } from '../src/store/store.ts';
import { extractFeatures } from '../src/text/extract.ts';
import { NO_FINGERPRINT } from '../src/text/fingerprint.ts';
import { hostsContract } from './hosts-contract.ts';
import { reportersContract } from './reporters-contract.ts';
import {
  hashesOf,
  lessonId,
  lessonOf,
  type OpenStore,
  type Said,
  START,
  serverCounts,
  storeOptions,
  temporaryDirectory,
  userCounts,
} from './store-fixture.ts';
import { type Deed, doInStore, expected, JIDS, observe, StoreModel } from './store-model.ts';

const WORDS = ['cheap', 'casino', 'bonus'];
const DAY = 86_400_000;
const ROMEO = 'romeo@montague.example';
const JULIET = 'juliet@capulet.example';
const KEY = Buffer.alloc(32, 1);
const OTHER_KEY = Buffer.alloc(32, 2);

/** What every backend of the store has to do. */
export function storeContract(backend: string, openStore: OpenStore): void {
  describe(`${backend}: lessons`, () => lessons(openStore));
  describe(`${backend}: tables against a model`, () => tables(openStore));
  describe(`${backend}: the server's table`, () => server(openStore));
  describe(`${backend}: reporters`, () => reportersContract(openStore));
  describe(`${backend}: virtual hosts`, () => hostsContract(openStore));
  describe(`${backend}: users`, () => users(openStore));
  describe(`${backend}: traces`, () => traces(openStore));
  describe(`${backend}: reported texts`, () => reported(openStore));
  describe(`${backend}: facts`, () => facts(openStore));
  describe(`${backend}: ids and closing`, () => idsAndClosing(openStore));
}

/** A store over a directory of its own, closed after the test. */
async function opened(t: TestContext, openStore: OpenStore, dir = temporaryDirectory(t)): Promise<Store> {
  const store = await openStore(storeOptions(dir));
  t.after(() => store.close());
  return store;
}

function lessons(openStore: OpenStore): void {
  const said: Said = { label: 'spam', reporter: JULIET, text: 'Casino!', words: WORDS };
  const cases: { name: string; steps: [LessonLabel | 'forget', string][]; left: number }[] = [
    { name: 'teaches a lesson', steps: [['spam', 'set']], left: 1 },
    {
      name: 'teaches the same lesson once',
      steps: [
        ['spam', 'set'],
        ['spam', 'unchanged'],
      ],
      left: 1,
    },
    {
      name: 'replaces a lesson by its opposite',
      steps: [
        ['spam', 'set'],
        ['ham', 'replaced'],
        ['ham', 'unchanged'],
      ],
      left: 1,
    },
    {
      name: 'forgets a lesson',
      steps: [
        ['spam', 'set'],
        ['forget', 'removed'],
        ['forget', 'unchanged'],
      ],
      left: 0,
    },
    { name: 'has nothing to forget where nothing was taught', steps: [['forget', 'unchanged']], left: 0 },
    {
      name: 'teaches again what was forgotten',
      steps: [
        ['spam', 'set'],
        ['forget', 'removed'],
        ['spam', 'set'],
      ],
      left: 1,
    },
  ];
  for (const { name, steps, left } of cases)
    it(name, async (t) => {
      const store = await opened(t, openStore);
      for (const [act, outcome] of steps) {
        const done =
          act === 'forget'
            ? store.lessons.forget(lessonId(store, said), START)
            : store.lessons.teach(lessonOf(store, { ...said, label: act }));
        assert.equal(await done, outcome);
      }
      assert.equal(store.lessons.count, left);
    });

  it('teaches a lesson once that is sent many times at once', async (t) => {
    const store = await opened(t, openStore);
    const lesson = lessonOf(store, { ...said, user: store.users.open(JULIET, undefined) });
    const done = await Promise.all(Array.from({ length: 20 }, () => store.lessons.teach(lesson)));
    assert.deepEqual(done.sort(), ['set', ...Array<string>(19).fill('unchanged')]);
    assert.deepEqual(userCounts(store, store.users.open(JULIET, undefined), WORDS).spam, [1, 1, 1]);
  });

  it('does what is sent at once about one lesson in its order', async (t) => {
    const store = await opened(t, openStore);
    const lesson = lessonOf(store, said);
    const done = await Promise.all([
      store.lessons.teach(lesson),
      store.lessons.teach({ ...lesson, label: 'ham' }),
      store.lessons.forget(lesson.id, START),
      store.lessons.teach(lesson),
    ]);
    assert.deepEqual(done, ['set', 'replaced', 'removed', 'set']);
    assert.equal(serverCounts(store, WORDS).spamTotal, 1);
  });

  it('forgets up to the day of the limit, and not beyond', async (t) => {
    const store = await opened(t, openStore);
    await store.lessons.teach(lessonOf(store, said));
    const id = lessonId(store, said);
    assert.equal(await store.lessons.forget(id, START + 90 * DAY + 1), 'too-old');
    assert.equal(await store.lessons.forget(id, START + 90 * DAY), 'removed');
  });

  it('goes by another limit as soon as it is told', async (t) => {
    const store = await opened(t, openStore);
    await store.lessons.teach(lessonOf(store, said));
    const id = lessonId(store, said);
    store.adopt({ ...STORE_LIMITS, undoDays: 3 });
    assert.equal(await store.lessons.forget(id, START + 3 * DAY + 1), 'too-old');
    store.adopt({ ...STORE_LIMITS, undoDays: 100 });
    assert.equal(await store.lessons.forget(id, START + 100 * DAY), 'removed');
  });

  it('has a lesson in memory when it is answered', async (t) => {
    const store = await opened(t, openStore);
    const before = store.server.generation;
    await store.lessons.teach(lessonOf(store, { label: 'spam', text: 'by the operator', words: WORDS }));
    assert.ok(store.server.generation > before);
    assert.deepEqual(serverCounts(store, WORDS).spam, [1, 1, 1]);
  });
}

const DEED: fc.Arbitrary<Deed> = fc.record({
  act: fc.constantFrom('spam', 'ham', 'forget'),
  who: fc.integer({ min: -1, max: JIDS.length - 1 }),
  text: fc.integer({ min: 0, max: 11 }),
});

function tables(openStore: OpenStore): void {
  it('tells what a model of plain maps tells, now and after opening again', async (t) => {
    await fc.assert(
      fc.asyncProperty(fc.array(DEED, { maxLength: 60 }), async (deeds) => {
        const dir = temporaryDirectory(t);
        const model = new StoreModel();
        const store = await openStore(storeOptions(dir));
        for (const deed of deeds) assert.equal(await doInStore(store, deed), model.do(deed));
        assert.deepEqual(observe(store), expected(model));
        await store.close();
        const again = await openStore(storeOptions(dir));
        assert.deepEqual(observe(again), expected(model));
        await again.close();
      }),
      { numRuns: 25, seed: 1 },
    );
  });

  it('is the same after a lesson and its undoing', async (t) => {
    const store = await opened(t, openStore);
    await doInStore(store, { act: 'ham', who: 0, text: 3 });
    await doInStore(store, { act: 'spam', who: 1, text: 3 });
    const before = observe(store);
    for (const act of ['spam', 'ham'] as const) {
      for (let who = -1; who < JIDS.length; who++) await doInStore(store, { act, who, text: 4 });
      for (let who = JIDS.length - 1; who >= -1; who--)
        await doInStore(store, { act: 'forget', who, text: 4 });
      assert.deepEqual(observe(store), before);
    }
  });

  it('does not depend on the order of lessons', async (t) => {
    const deeds: Deed[] = Array.from({ length: 30 }, (_, i) => ({
      act: i % 3 === 0 ? 'ham' : 'spam',
      who: (i % 4) - 1,
      text: i,
    }));
    const store = await opened(t, openStore);
    for (const deed of deeds) await doInStore(store, deed);
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(deeds, { minLength: deeds.length }), async (shuffled) => {
        const other = await openStore(storeOptions(temporaryDirectory(t)));
        await Promise.all(shuffled.map((deed) => doInStore(other, deed)));
        assert.deepEqual(observe(other), observe(store));
        await other.close();
      }),
      { numRuns: 5, seed: 2 },
    );
  });
}

function server(openStore: OpenStore): void {
  const cases: { name: string; reporters: (string | undefined)[]; spam: number }[] = [
    { name: 'keeps silent about a token of one reporter', reporters: [ROMEO], spam: 0 },
    { name: 'counts a token of two reporters', reporters: [ROMEO, JULIET], spam: 2 },
    { name: 'counts a token of the operator', reporters: [undefined], spam: 1 },
    { name: 'counts a token of the operator and a user', reporters: [ROMEO, undefined], spam: 2 },
  ];
  for (const { name, reporters, spam } of cases)
    it(name, async (t) => {
      const store = await opened(t, openStore);
      for (const reporter of reporters)
        await store.lessons.teach(lessonOf(store, { label: 'spam', reporter, text: 'a', words: WORDS }));
      assert.deepEqual(serverCounts(store, WORDS).spam, Array(3).fill(spam));
    });

  it('keeps silent about what one reporter says many times', async (t) => {
    const store = await opened(t, openStore);
    for (let i = 0; i < 20; i++)
      await store.lessons.teach(
        lessonOf(store, { label: 'spam', reporter: ROMEO, text: `${i}`, words: WORDS }),
      );
    assert.deepEqual(serverCounts(store, WORDS), {
      spam: [0, 0, 0],
      ham: [0, 0, 0],
      spamTotal: 20,
      hamTotal: 0,
    });
  });

  it('falls silent again when the second reporter takes it back', async (t) => {
    const store = await opened(t, openStore);
    const romeo: Said = { label: 'spam', reporter: ROMEO, text: 'a', words: WORDS };
    await store.lessons.teach(lessonOf(store, romeo));
    await store.lessons.teach(lessonOf(store, { ...romeo, reporter: JULIET }));
    await store.lessons.forget(lessonId(store, romeo), START);
    assert.deepEqual(serverCounts(store, WORDS).spam, [0, 0, 0]);
  });
}

function users(openStore: OpenStore): void {
  const states: { name: string; first: Buffer | undefined; later: Buffer | undefined; state: string }[] = [
    { name: 'knows a user without a key again', first: undefined, later: undefined, state: 'ok' },
    { name: 'knows a user by the key', first: KEY, later: Buffer.from(KEY), state: 'ok' },
    { name: 'refuses another key', first: KEY, later: OTHER_KEY, state: 'wrong-key' },
    { name: 'refuses no key after a key', first: KEY, later: undefined, state: 'wrong-key' },
    { name: 'refuses a key after none', first: undefined, later: KEY, state: 'wrong-key' },
  ];
  for (const { name, first, later, state } of states)
    it(`${name}, at once and after opening again`, async (t) => {
      const dir = temporaryDirectory(t);
      const store = await openStore(storeOptions(dir));
      assert.equal(store.users.open(ROMEO, first).keyState, 'ok');
      assert.equal(store.users.open(ROMEO, later).keyState, state);
      assert.equal(store.users.open(ROMEO, first).keyState, 'ok');
      await store.close();
      const again = await opened(t, openStore, dir);
      assert.equal(again.users.open(ROMEO, later).keyState, state);
    });

  it('gives a wrong key nothing to read, and teaches the server alone', async (t) => {
    const store = await opened(t, openStore);
    const right = store.users.open(ROMEO, KEY);
    await store.lessons.teach(lessonOf(store, { label: 'spam', text: 'a', words: WORDS, user: right }));
    const wrong = store.users.open(ROMEO, OTHER_KEY);
    await store.lessons.teach(lessonOf(store, { label: 'spam', text: 'b', words: WORDS, user: wrong }));
    assert.deepEqual(userCounts(store, right, WORDS).spam, [1, 1, 1]);
    assert.deepEqual(serverCounts(store, WORDS).spam, [2, 2, 2]);
    const into = {
      count: 9,
      spam: new Uint32Array(3).fill(9),
      ham: new Uint32Array(3).fill(9),
      spamTotal: 9,
      hamTotal: 9,
      scripts: new Uint8Array(3).fill(9),
      spamByScript: new Float64Array(16).fill(9),
      hamByScript: new Float64Array(16).fill(9),
    };
    wrong.lookup(right.tokens(store.ids.serverTokens(hashesOf(WORDS))), 3, into);
    assert.deepEqual([...into.spam, ...into.ham, into.spamTotal, into.count], [0, 0, 0, 0, 0, 0, 0, 3]);
    assert.deepEqual(new Set([...into.scripts, ...into.spamByScript, ...into.hamByScript]), new Set([0]));
  });

  it('keeps users apart: ids, tokens, tables and generations', async (t) => {
    const store = await opened(t, openStore);
    const romeo = store.users.open(ROMEO, KEY);
    const juliet = store.users.open(JULIET, KEY.subarray(0, 32));
    const nurse = store.users.open('nurse@capulet.example', undefined);
    assert.equal(new Set([romeo.id, juliet.id, nurse.id]).size, 3);
    const sids = store.ids.serverTokens(hashesOf(WORDS));
    assert.notDeepEqual(romeo.tokens(sids), nurse.tokens(sids));
    assert.notDeepEqual(romeo.tokens(sids), sids);
    await store.lessons.teach(lessonOf(store, { label: 'ham', text: 'a', words: WORDS, user: romeo }));
    assert.deepEqual(
      [romeo.generation, juliet.generation, nurse.generation],
      [store.server.generation, 0, 0],
    );
    assert.deepEqual(userCounts(store, juliet, WORDS).ham, [0, 0, 0]);
    assert.deepEqual(userCounts(store, romeo, ['cheap', 'unheard', 'bonus']).ham, [1, 0, 1]);
  });

  it('derives other tokens without a key under another secret', async (t) => {
    const tokens = async (secret: Buffer): Promise<Buffer> => {
      const store = await openStore(storeOptions(temporaryDirectory(t), { secret }));
      t.after(() => store.close());
      return store.users.open(ROMEO, undefined).tokens(Buffer.alloc(48, 1));
    };
    assert.notDeepEqual(await tokens(Buffer.alloc(32, 8)), await tokens(Buffer.alloc(32, 9)));
  });
}

function traces(openStore: OpenStore): void {
  const traceOf = (store: Store, at = START): Trace => ({
    at,
    verdict: 'spam',
    total: 7.25,
    textId: store.ids.text('Casino!'),
    senderId: store.ids.id('jid', 'bot@spam.example'),
    scores: Float32Array.of(0.5, Number.NaN, -0.25, 0),
    sids: store.ids.serverTokens(hashesOf(WORDS), Uint8Array.of(0, 15, 9)),
    slots: Uint32Array.of(1, 0xabcdef, 0xffffff, 7),
    fingerprint: extractFeatures('Casino! Cheap bonus, claim it today').fingerprint,
  });
  /** Of a token id the first 8 of 16 bytes are kept, and the script behind them. */
  const kept = (trace: Trace): Trace => {
    const cut = (ids: Buffer) => Buffer.from(ids.map((byte, i) => (i % 16 < 9 ? byte : 0)));
    return { ...trace, sids: cut(trace.sids) };
  };

  it('reads a trace back at once and after opening again', async (t) => {
    const dir = temporaryDirectory(t);
    const store = await openStore(storeOptions(dir));
    const user = store.users.open(ROMEO, KEY);
    const trace = traceOf(store);
    const id = store.traces.append(trace, user);
    const nobodys = store.traces.append(traceOf(store), undefined);
    assert.match(id, /^[0-9A-HJKMNP-TV-Z]{26}$/);
    assert.deepEqual(store.traces.read(id, user), kept(trace));
    await store.close();
    const again = await opened(t, openStore, dir);
    assert.deepEqual(again.traces.read(id, again.users.open(ROMEO, KEY)), kept(trace));
    assert.equal(again.traces.read(nobodys, undefined)?.verdict, 'spam');
  });

  it('keeps a trace without a fingerprint', async (t) => {
    const store = await opened(t, openStore);
    const trace = { ...traceOf(store), fingerprint: NO_FINGERPRINT };
    assert.deepEqual(store.traces.read(store.traces.append(trace, undefined), undefined), kept(trace));
  });

  it('believes traces no longer than it is told', async (t) => {
    const store = await opened(t, openStore);
    const id = store.traces.append(traceOf(store, START - 3 * DAY), undefined);
    assert.ok(store.traces.read(id, undefined));
    store.adopt({ ...STORE_LIMITS, tracesDays: 2 });
    assert.equal(store.traces.read(id, undefined), undefined);
  });

  it('gives a trace to nobody but its user', async (t) => {
    const store = await opened(t, openStore);
    const romeo = store.users.open(ROMEO, KEY);
    const wrong = store.users.open(ROMEO, OTHER_KEY);
    // Two users with the same key are still two users.
    const juliet = store.users.open(JULIET, KEY);
    const wrongJuliet = store.users.open(JULIET, OTHER_KEY);
    const readers = [romeo, wrong, juliet, wrongJuliet, undefined];
    for (const owner of readers) {
      const id = store.traces.append(traceOf(store), owner);
      const seen = readers.filter((reader) => store.traces.read(id, reader) !== undefined);
      assert.deepEqual(seen, [owner]);
    }
  });

  it('knows a trace by its whole id only', async (t) => {
    const store = await opened(t, openStore);
    const id = store.traces.append(traceOf(store), undefined);
    for (let i = 0; i < id.length; i++) {
      const changed = `${id.slice(0, i)}${id[i] === '1' ? '2' : '1'}${id.slice(i + 1)}`;
      assert.equal(store.traces.read(changed, undefined), undefined, changed);
    }
    for (const bad of [
      '',
      'x',
      `${id}0`,
      id.slice(1),
      id.toLowerCase(),
      '\u00e9'.repeat(26),
      `8${id.slice(1)}`,
    ])
      assert.equal(store.traces.read(bad, undefined), undefined, bad);
  });

  it('keeps many traces apart, in ids sorted by time', async (t) => {
    const store = await opened(t, openStore);
    const ids = Array.from({ length: 1000 }, (_, i) =>
      store.traces.append({ ...traceOf(store, START + i), total: i }, undefined),
    );
    assert.deepEqual([...ids].sort(), ids);
    assert.deepEqual(
      ids.map((id) => store.traces.read(id, undefined)?.total),
      ids.map((_, i) => i),
    );
  });

  it('does not read a trace that is past its days', async (t) => {
    let now = START;
    const store = await openStore({ ...storeOptions(temporaryDirectory(t)), now: () => now });
    t.after(() => store.close());
    const id = store.traces.append(traceOf(store), undefined);
    now += 7 * DAY;
    assert.notEqual(store.traces.read(id, undefined), undefined);
    now += 1;
    assert.equal(store.traces.read(id, undefined), undefined);
  });
}

function reported(openStore: OpenStore): void {
  const text = 'Cheap casino bonus, claim it today before it is gone for good';
  const said = (label: LessonLabel, reporter: string | undefined, at = START): Said => ({
    label,
    reporter,
    text,
    words: WORDS,
    at,
  });
  const look = (store: Store, jid: string, now = START) => {
    const userId = store.ids.id('user', jid);
    const { fingerprint, senderId } = lessonOf(store, said('spam', jid));
    const { own, others } = store.reported.look({ fingerprint, userId, senderId }, now);
    return { own, others };
  };
  const spam = { own: 'spam', others: 0 };
  const unknown = { own: undefined, others: 0 };

  it('are known as soon as a lesson is answered, and after opening again', async (t) => {
    const dir = temporaryDirectory(t);
    const store = await openStore(storeOptions(dir));
    await store.lessons.teach(lessonOf(store, said('spam', JULIET)));
    assert.deepEqual(look(store, JULIET), spam);
    assert.deepEqual(look(store, ROMEO), { own: undefined, others: 1 });
    assert.equal(store.sizes().reportedTexts, 1);
    await store.close();
    const again = await opened(t, openStore, dir);
    assert.deepEqual(look(again, JULIET), spam);
  });

  it('follow their lesson: another label, and its end, also after opening again', async (t) => {
    const dir = temporaryDirectory(t);
    let store = await openStore(storeOptions(dir));
    const reopen = async () => {
      await store.close();
      store = await openStore(storeOptions(dir));
    };
    t.after(() => store.close());
    await store.lessons.teach(lessonOf(store, said('spam', JULIET)));
    await store.lessons.teach(lessonOf(store, said('ham', JULIET)));
    for (const doing of [() => undefined, reopen]) {
      await doing();
      assert.deepEqual(look(store, JULIET), { own: 'ham', others: 0 });
      assert.deepEqual(look(store, ROMEO), { own: undefined, others: -1 });
    }
    await store.lessons.forget(lessonId(store, said('ham', JULIET)), START);
    for (const doing of [() => undefined, reopen]) {
      await doing();
      assert.deepEqual(look(store, JULIET), unknown);
      assert.equal(store.sizes().reportedTexts, 0);
    }
  });

  it('are past after their days, and believed anew when they are said anew', async (t) => {
    const dir = temporaryDirectory(t);
    const store = await openStore(storeOptions(dir));
    await store.lessons.teach(lessonOf(store, said('spam', JULIET)));
    assert.deepEqual(look(store, JULIET, START + 30 * DAY), spam);
    assert.deepEqual(look(store, JULIET, START + 30 * DAY + 1), unknown);
    const later = lessonOf(store, said('spam', JULIET, START + 40 * DAY));
    assert.equal(await store.lessons.teach(later), 'unchanged');
    assert.deepEqual(look(store, JULIET, START + 60 * DAY), spam);
    store.adopt({ ...STORE_LIMITS, reportedDays: 2 });
    assert.deepEqual(look(store, JULIET, START + 60 * DAY), unknown);
    await store.close();
    const again = await openStore(storeOptions(dir, { now: () => START + 60 * DAY }));
    t.after(() => again.close());
    assert.deepEqual(look(again, JULIET, START + 60 * DAY), spam);
  });

  it('are not what the operator taught, nor what gives way to a user', async (t) => {
    const store = await opened(t, openStore);
    await store.lessons.teach(lessonOf(store, said('spam', undefined)));
    assert.deepEqual(look(store, JULIET), unknown);
    await store.lessons.teach({ ...lessonOf(store, said('ham', JULIET)), yields: true });
    assert.deepEqual(look(store, JULIET), unknown);
    await store.lessons.teach(lessonOf(store, said('spam', ROMEO)));
    await store.lessons.teach({ ...lessonOf(store, said('ham', ROMEO)), yields: true });
    assert.deepEqual(look(store, ROMEO), spam);
  });

  it('end with a lesson of the other label, be it without a fingerprint', async (t) => {
    const store = await opened(t, openStore);
    const without = (label: LessonLabel) => ({
      ...lessonOf(store, said(label, JULIET)),
      fingerprint: NO_FINGERPRINT,
    });
    await store.lessons.teach(lessonOf(store, said('spam', JULIET)));
    assert.equal(await store.lessons.teach(without('spam')), 'unchanged');
    assert.deepEqual(look(store, JULIET), spam);
    assert.equal(await store.lessons.teach(without('ham')), 'replaced');
    assert.deepEqual(look(store, JULIET), unknown);
  });

  it('of few words need a sender', async (t) => {
    const store = await opened(t, openStore);
    const { fingerprint } = extractFeatures('hi');
    const userId = store.ids.id('user', JULIET);
    for (const senderId of ['', store.ids.id('jid', 'bot@spam.example')]) {
      const lesson = { ...lessonOf(store, said('spam', JULIET)), fingerprint, senderId };
      await store.lessons.teach({ ...lesson, id: store.ids.id('text', `lesson ${senderId}`) });
      const { own } = store.reported.look({ fingerprint, userId, senderId }, START);
      assert.equal(own, senderId === '' ? undefined : 'spam');
    }
  });

  it('are remembered up to a number, the latest of them also after opening again', async (t) => {
    const dir = temporaryDirectory(t);
    const options = storeOptions(dir, { reportedTextsMax: 16 });
    const store = await openStore(options);
    const jids = Array.from({ length: 40 }, (_, i) => `user${i}@capulet.example`);
    for (const jid of jids) await store.lessons.teach(lessonOf(store, said('spam', jid)));
    const known = (from: Store) => jids.map((jid) => look(from, jid).own === 'spam');
    const latest = jids.map((_, i) => i >= 24);
    assert.deepEqual(known(store), latest);
    await store.close();
    const again = await openStore(options);
    assert.deepEqual(known(again), latest);
    assert.equal(again.lessons.count, 40);
    await again.close();
  });

  it('push out no others where one is told again and again, and end the last word all the same', async (t) => {
    const dir = temporaryDirectory(t);
    const store = await openStore(storeOptions(dir, { reportedTextsMax: 16 }));
    t.after(() => store.close());
    for (const jid of [JULIET, ROMEO]) await store.lessons.teach(lessonOf(store, said('spam', jid)));
    for (let hour = 1; hour <= 20; hour += 1)
      await store.lessons.teach(lessonOf(store, said('spam', ROMEO, START + hour * 3_600_000)));
    assert.equal(look(store, JULIET, START + DAY).own, 'spam');
    const copy = { ...said('ham', ROMEO, START + DAY), text: text.toUpperCase() };
    await store.lessons.teach(lessonOf(store, copy));
    assert.equal(look(store, ROMEO, START + DAY).own, 'ham');
    await store.lessons.teach(lessonOf(store, said('spam', ROMEO, START + DAY + 1)));
    assert.equal(look(store, ROMEO, START + DAY + 1).own, 'spam');
  });

  it('and active users are known after opening again', async (t) => {
    const dir = temporaryDirectory(t);
    const store = await openStore(storeOptions(dir));
    assert.equal(store.users.active(START), 0);
    for (let i = 0; i < 10; i += 1)
      store.users.open(`user${i}@capulet.example`, i % 2 === 0 ? KEY : undefined);
    const active = store.users.active(START);
    assert.ok(active >= 9 && active <= 10, `${active}`);
    await store.close();
    const again = await openStore(storeOptions(dir, { now: () => START + 30 * DAY }));
    t.after(() => again.close());
    assert.equal(again.users.active(START + 29 * DAY), active);
    assert.notEqual(again.users.find('user0@capulet.example', KEY), undefined);
    assert.equal(again.users.active(START + 30 * DAY), 0, 'nor does a mere look at a user count');
  });
}

function facts(openStore: OpenStore): void {
  const HOUR = 3_600_000;
  it('gives a fact under its stamp until it expires', async (t) => {
    const store = await opened(t, openStore);
    const id = store.ids.id('domain', 'spam.example');
    store.facts.set('domain', id, 'tls', 's1', { score: 0.5, reason: 'x' }, START + HOUR);
    const get = (subject: 'domain' | 'jid', fact: string, stamp: string, now: number) =>
      store.facts.get(subject, id, fact, stamp, now);
    assert.deepEqual(get('domain', 'tls', 's1', START), { score: 0.5, reason: 'x' });
    assert.equal(get('domain', 'tls', 's2', START), undefined);
    assert.equal(get('domain', 'dns', 's1', START), undefined);
    assert.equal(get('jid', 'tls', 's1', START), undefined);
    assert.equal(get('domain', 'tls', 's1', START + HOUR), undefined);
    store.facts.set('domain', id, 'tls', 's2', 'newer', START + HOUR);
    assert.equal(get('domain', 'tls', 's1', START), undefined);
    assert.equal(get('domain', 'tls', 's2', START), 'newer');
  });

  it('has facts after opening again, those of texts as well', async (t) => {
    const dir = temporaryDirectory(t);
    const store = await openStore(storeOptions(dir));
    const jid = store.ids.id('jid', 'bot@spam.example');
    const text = store.ids.text('Casino!');
    store.facts.set('jid', jid, 'a', 's', [1, 'two', null], START + HOUR);
    store.facts.set('jid', jid, 'b', 's', 2, START + 2 * HOUR);
    store.facts.set('text', text, 'a', 's', 3, START + HOUR);
    await store.close();
    const again = await opened(t, openStore, dir);
    assert.deepEqual(again.facts.get('jid', jid, 'a', 's', START), [1, 'two', null]);
    assert.equal(again.facts.get('jid', jid, 'b', 's', START + HOUR), 2);
    assert.equal(again.facts.get('text', text, 'a', 's', START), 3);
  });

  it('holds a bounded number of facts of one subject, and drops what is past first', async (t) => {
    const store = await opened(t, openStore);
    const id = store.ids.id('jid', 'bot@spam.example');
    for (let i = 0; i < 100; i++) store.facts.set('jid', id, `f${i}`, 's', i, START + HOUR + i);
    const left = Array.from({ length: 100 }, (_, i) => store.facts.get('jid', id, `f${i}`, 's', START));
    assert.deepEqual(left, [
      ...Array<undefined>(36).fill(undefined),
      ...Array.from({ length: 64 }, (_, i) => i + 36),
    ]);
  });
}

function idsAndClosing(openStore: OpenStore): void {
  it('gives the same id for the same value, and another for another kind or secret', async (t) => {
    const dir = temporaryDirectory(t);
    const store = await openStore(storeOptions(dir));
    const ids = [
      store.ids.id('jid', ROMEO),
      store.ids.id('user', ROMEO),
      store.ids.id('jid', JULIET),
      store.ids.text(ROMEO),
      store.ids.lesson(ROMEO, '', ''),
      store.ids.lesson('', ROMEO, ''),
    ];
    for (const id of ids) assert.match(id, /^[0-9a-f]{32}$/);
    assert.equal(new Set(ids).size, ids.length);
    assert.equal(store.ids.id('jid', ROMEO), ids[0]);
    await store.close();
    const again = await opened(t, openStore, dir);
    assert.equal(again.ids.id('jid', ROMEO), ids[0]);
    const other = await openStore(storeOptions(temporaryDirectory(t), { secret: Buffer.alloc(32, 9) }));
    t.after(() => other.close());
    assert.notEqual(other.ids.id('jid', ROMEO), ids[0]);
  });

  it('closes twice, with lessons under way, and keeps what it answered', async (t) => {
    const dir = temporaryDirectory(t);
    const store = await openStore(storeOptions(dir));
    const deeds: Deed[] = Array.from({ length: 50 }, (_, i) => ({ act: 'spam', who: i % 3, text: i }));
    const answered = Promise.allSettled(deeds.map((deed) => doInStore(store, deed)));
    await Promise.all([store.close(), store.close()]);
    const outcomes = await answered;
    const model = new StoreModel();
    for (const [i, outcome] of outcomes.entries()) if (outcome.status === 'fulfilled') model.do(deeds[i]!);
    const again = await opened(t, openStore, dir);
    assert.deepEqual(observe(again), expected(model));
  });

  it('tells its sizes', async (t) => {
    const store = await opened(t, openStore);
    await store.lessons.teach(lessonOf(store, { label: 'spam', reporter: ROMEO, text: 'a', words: WORDS }));
    const { serverTokens, serverTokensMax, lessons: count, fileBytes, writesPending } = store.sizes();
    assert.deepEqual({ serverTokens, count, writesPending }, { serverTokens: 3, count: 1, writesPending: 0 });
    assert.ok(serverTokensMax >= 9000 && fileBytes > 0);
    assert.equal(store.state, 'ok');
  });
}

/** For tests that expect the store to refuse. */
export function storeError(code: string, pattern = /./): (error: unknown) => boolean {
  return (error) => error instanceof StoreError && error.code === code && pattern.test(error.message);
}
