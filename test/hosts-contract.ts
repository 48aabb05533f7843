import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { STORE_LIMITS } from '../src/store/options.ts';
import type { LessonLabel, Store } from '../src/store/store.ts';
import {
  type Counts,
  hostCounts,
  lessonId,
  lessonOf,
  type OpenStore,
  START,
  serverCounts,
  storeOptions,
  temporaryDirectory,
  UNCAPPED,
} from './store-fixture.ts';

const WORDS = ['cheap', 'casino', 'bonus'];
const HOSTS = { verona: 'capulet.example', mantua: 'apothecary.example' } as const;

/** What every backend of the store keeps of each virtual host. */
export function hostsContract(openStore: OpenStore): void {
  async function opened(t: TestContext, dir = temporaryDirectory(t)): Promise<Store> {
    const store = await openStore(storeOptions(dir));
    t.after(() => store.close());
    return store;
  }
  const jidOf = (name: string, host: keyof typeof HOSTS) => `${name}@${HOSTS[host]}`;
  const lessonBy = (store: Store, jid: string, label: LessonLabel, text: string) => {
    const user = store.users.open(jid, undefined);
    return lessonOf(store, { label, reporter: jid, user, text, words: WORDS, host: user.host });
  };
  const teach = (store: Store, jid: string, label: LessonLabel, text = 'a') =>
    store.lessons.teach(lessonBy(store, jid, label, text));
  const idOf = (store: Store, host: keyof typeof HOSTS) => store.users.open(jidOf('x', host), undefined).host;
  const countsOf = (store: Store, host: keyof typeof HOSTS) => hostCounts(store, idOf(store, host), WORDS);
  /** Two of each host report the same words, as spam in Verona, as ham in Mantua. */
  async function opposed(store: Store): Promise<void> {
    for (const name of ['one', 'two']) {
      await teach(store, jidOf(name, 'verona'), 'spam');
      await teach(store, jidOf(name, 'mantua'), 'ham');
    }
  }
  const all = (spam: number, ham: number): Counts => ({
    spam: [spam, spam, spam],
    ham: [ham, ham, ham],
    spamTotal: spam,
    hamTotal: ham,
  });

  it('counts a lesson for its host and for all', async (t) => {
    const dir = temporaryDirectory(t);
    const store = await openStore(storeOptions(dir));
    await opposed(store);
    const look = (of: Store) => [countsOf(of, 'verona'), countsOf(of, 'mantua'), serverCounts(of, WORDS)];
    const expected = [all(2, 0), all(0, 2), all(2, 2)];
    assert.deepEqual(look(store), expected);
    assert.equal(store.sizes().hosts, 2);
    await store.close();
    assert.deepEqual(look(await opened(t, dir)), expected, 'and after opening again');
  });

  it('tells hosts by the domain of their users alone', async (t) => {
    const store = await opened(t);
    assert.equal(store.users.open('a@capulet.example', undefined).host, idOf(store, 'verona'));
    assert.notEqual(idOf(store, 'verona'), idOf(store, 'mantua'));
  });

  it('keeps silent in a host about what one of its users says, whatever those of others say', async (t) => {
    const store = await opened(t);
    await teach(store, jidOf('one', 'verona'), 'spam');
    await teach(store, jidOf('one', 'mantua'), 'spam');
    assert.deepEqual(serverCounts(store, WORDS).spam, [2, 2, 2]);
    assert.deepEqual(countsOf(store, 'verona')?.spam, [0, 0, 0]);
  });

  it('takes a lesson back from both', async (t) => {
    const store = await opened(t);
    await opposed(store);
    for (const name of ['one', 'two']) {
      const id = lessonId(store, { reporter: jidOf(name, 'mantua'), text: 'a' });
      assert.equal(await store.lessons.forget(id, START), 'removed');
    }
    assert.equal(countsOf(store, 'mantua'), undefined, 'a host without a lesson is not known');
    assert.deepEqual(countsOf(store, 'verona'), all(2, 0));
    assert.deepEqual(serverCounts(store, WORDS), all(2, 0));
  });

  it("has no table of a host whose lessons name none, or are the operator's", async (t) => {
    const store = await opened(t);
    await store.lessons.teach(lessonOf(store, { label: 'spam', text: 'a', words: WORDS }));
    assert.equal(countsOf(store, 'verona'), undefined);
    assert.equal(store.sizes().hosts, 0);
  });

  it('knows so many hosts and no more; the lessons of others count for all', async (t) => {
    const store = await opened(t);
    store.adopt({ ...STORE_LIMITS, ...UNCAPPED, hostsMax: 1 });
    await opposed(store);
    assert.deepEqual(countsOf(store, 'verona'), all(2, 0));
    assert.equal(countsOf(store, 'mantua'), undefined);
    assert.deepEqual(serverCounts(store, WORDS), all(2, 2));
    for (const name of ['one', 'two'])
      await store.lessons.forget(lessonId(store, { reporter: jidOf(name, 'mantua'), text: 'a' }), START);
    assert.deepEqual(serverCounts(store, WORDS), all(2, 0), 'and are taken back from where they were put');
  });
}
