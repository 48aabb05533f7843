import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { deriveDaemonKeys } from '../src/store/crypto.ts';
import { factKey } from '../src/store/keys.ts';
import { openEnvironment } from '../src/store/lmdb/environment.ts';
import { LMDBFacts } from '../src/store/lmdb/facts.ts';
import { Writer } from '../src/store/lmdb/writer.ts';
import { QUIET, SECRET, START, temporaryDirectory } from './store-fixture.ts';

const HOUR = 3_600_000;
const ID = 'ab'.repeat(16);
const { fingerprint } = deriveDaemonKeys(SECRET);

async function records(t: TestContext, factRecordsMax = 100) {
  const dir = temporaryDirectory(t);
  const clock = { now: START };
  const now = () => clock.now;
  const environment = await openEnvironment({
    dir,
    mapBytesMax: 2 ** 30,
    sync: true,
    fingerprint,
    log: QUIET,
  });
  const writer = new Writer({ environment, dir, log: QUIET, now });
  const open = () => new LMDBFacts({ environment, writer, now, factRecordsMax });
  t.after(async () => {
    await writer.close();
    await environment.root.close();
  });
  /** Runs the steps of some seconds. */
  const steps = async (facts: LMDBFacts) => {
    for (let i = 0; i < 20; i++) facts.step();
    await facts.settled();
  };
  return { clock, environment, open, steps };
}

describe('writing facts', () => {
  const key = (subject: 'text' | 'jid') => factKey(subject, ID);

  it('is behind: after some steps a record is on disk', async (t) => {
    const { environment, open, steps } = await records(t);
    const facts = open();
    facts.set('jid', ID, 'f', 's', 1, START + HOUR);
    facts.step();
    assert.equal(environment.facts.get(key('jid')), undefined);
    await steps(facts);
    assert.notEqual(environment.facts.get(key('jid')), undefined);
    assert.equal(open().get('jid', ID, 'f', 's', START), 1);
  });

  const sights = [
    { name: 'is not done for a text seen once', again: () => undefined, written: false },
    {
      name: 'is not done for two facts of one sight',
      again: (f: LMDBFacts) => f.set('text', ID, 'g', 's', 2, START + HOUR),
      written: false,
    },
    {
      name: 'is done for a text set again',
      again: (f: LMDBFacts) => f.set('text', ID, 'f', 's', 2, START + HOUR),
      written: true,
    },
    {
      name: 'is done for a text asked for again',
      again: (f: LMDBFacts) => f.get('text', ID, 'f', 's', START),
      written: true,
    },
    {
      name: 'is not done for a text that was asked for in vain',
      again: (f: LMDBFacts) => f.get('text', ID, 'f', 'other', START),
      written: false,
    },
  ];
  for (const { name, again, written } of sights)
    it(name, async (t) => {
      const { environment, open, steps } = await records(t);
      const facts = open();
      facts.set('text', ID, 'f', 's', 1, START + HOUR);
      again(facts);
      await steps(facts);
      assert.equal(environment.facts.get(key('text')) !== undefined, written);
    });

  it('does not lose what was set while it was under way', async (t) => {
    const { open, steps } = await records(t);
    const facts = open();
    facts.set('jid', ID, 'f', 's', 1, START + HOUR);
    for (let i = 0; i < 20; i++) facts.step();
    facts.set('jid', ID, 'f', 's', 2, START + HOUR);
    await steps(facts);
    await facts.finish();
    assert.equal(open().get('jid', ID, 'f', 's', START), 2);
  });

  it('finds again what the memory had no room for', async (t) => {
    const { open, steps } = await records(t, 8);
    const facts = open();
    const id = (i: number) => i.toString(16).padStart(32, '0');
    for (let i = 0; i < 64; i++) {
      facts.set('jid', id(i), 'f', 's', i, START + HOUR);
      assert.ok(facts.cached <= 8);
      if (i % 8 === 7) await steps(facts);
    }
    for (let i = 0; i < 64; i++) assert.equal(facts.get('jid', id(i), 'f', 's', START), i);
  });
});

describe('sweeping facts', () => {
  it('removes records that are past, and keeps those set on', async (t) => {
    const { clock, environment, open, steps } = await records(t);
    const facts = open();
    const other = 'cd'.repeat(16);
    facts.set('jid', ID, 'f', 's', 1, START + HOUR / 2);
    facts.set('jid', other, 'f', 's', 1, START + HOUR / 2);
    await steps(facts);
    facts.set('jid', other, 'f', 's', 1, START + 5 * HOUR);
    await steps(facts);
    clock.now = START + HOUR - 1;
    await steps(facts);
    assert.equal(environment.facts.getKeysCount(), 2);
    clock.now = START + HOUR;
    // A step may also end by its time.
    for (let i = 0; i < 50 && environment.expiry.getKeysCount() > 1; i++) await steps(facts);
    assert.equal(environment.facts.get(factKey('jid', ID)), undefined);
    assert.notEqual(environment.facts.get(factKey('jid', other)), undefined);
    assert.equal(environment.expiry.getKeysCount(), 1);
    clock.now = START + 6 * HOUR;
    for (let i = 0; i < 50 && environment.expiry.getKeysCount() > 0; i++) await steps(facts);
    assert.equal(environment.facts.getKeysCount() + environment.expiry.getKeysCount(), 0);
  });

  it('removes no more than 64 records a step', async (t) => {
    const { clock, environment, open, steps } = await records(t);
    const facts = open();
    for (let i = 0; i < 100; i++)
      facts.set('jid', i.toString(16).padStart(32, '0'), 'f', 's', i, START + HOUR / 2);
    await steps(facts);
    assert.equal(environment.facts.getKeysCount(), 100);
    clock.now = START + 2 * HOUR;
    await steps(facts);
    assert.ok(environment.facts.getKeysCount() >= 36);
    // Each step may also end by its time.
    while (environment.facts.getKeysCount() > 0) await steps(facts);
  });
});
