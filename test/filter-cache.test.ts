import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { defaultConfig } from '../src/config/load.ts';
import type { Config } from '../src/config/schema.ts';
import { schema } from '../src/config/schema.ts';
import { LinearFitter } from '../src/linear/fitter.ts';
import { bareJID, canonicalJID } from '../src/model/jid.ts';
import type { Opinion } from '../src/model/opinion.ts';
import type { Sample } from '../src/model/sample.ts';
import { UNITS, type UnitName } from '../src/model/unit.ts';
import { createPipeline, fitterBounds, rulesOf } from '../src/pipeline/create.ts';
import type { Pipeline } from '../src/pipeline/pipeline.ts';
import { openStore } from '../src/store/lmdb/store.ts';
import type { Starter } from '../src/store/starter.ts';
import type { LessonLabel, Store } from '../src/store/store.ts';
import { sidsOf, slotsOf } from '../src/verbs/lesson-tokens.ts';
import { madeUp } from './stanzas.ts';

const TTL_SECONDS = 100;
const START = 1_800_000_000_000;
const USER = canonicalJID('juliet@capulet.example');
const SECRET = Buffer.alloc(32, 5);
const ttl = { ttl_seconds: TTL_SECONDS };
/** Every unit cached, whatever the defaults say. */
const CACHED: Config = schema.parse({
  cache: {
    bayes: { server: ttl, user: ttl, reported: ttl },
    linear: { server: ttl },
    karma: { jid_rate: ttl },
    auth: { stream: ttl },
  },
});
const { bayes: BAYES, linear: LINEAR, karma: KARMA } = CACHED;
const shorter = { ttl_seconds: TTL_SECONDS - 1 };
const SHORTENED: Config = {
  ...CACHED,
  cache: {
    ...CACHED.cache,
    bayes: { server: shorter, user: shorter, reported: shorter },
    linear: { server: shorter },
    karma: { jid_rate: shorter },
    auth: { stream: shorter },
  },
};
/** Each parameter that an opinion rests on, changed. */
const PARAMETERS: readonly (readonly [UnitName, string, Partial<Config>])[] = [
  ['bayes.server', 'lessons_min', { bayes: { ...BAYES, server: { ...BAYES.server, lessons_min: 21 } } }],
  ['bayes.server', 'tokens_min', { bayes: { ...BAYES, server: { ...BAYES.server, tokens_min: 3 } } }],
  ['bayes.user', 'lessons_min', { bayes: { ...BAYES, user: { ...BAYES.user, lessons_min: 6 } } }],
  [
    'bayes.user',
    "server's lessons_min",
    { bayes: { ...BAYES, server: { ...BAYES.server, lessons_min: 21 } } },
  ],
  ['bayes.user', "server's tokens_min", { bayes: { ...BAYES, server: { ...BAYES.server, tokens_min: 3 } } }],
  ['linear.server', 'lessons_min', { linear: { server: { ...LINEAR.server, lessons_min: 21 } } }],
  [
    'linear.server',
    "server's lessons_min",
    { bayes: { ...BAYES, server: { ...BAYES.server, lessons_min: 21 } } },
  ],
  [
    'linear.server',
    "server's tokens_min",
    { bayes: { ...BAYES, server: { ...BAYES.server, tokens_min: 3 } } },
  ],
  [
    'bayes.reported',
    'reporters_min',
    { bayes: { ...BAYES, reported: { ...BAYES.reported, reporters_min: 4 } } },
  ],
  [
    'bayes.reported',
    "server's lessons_min",
    { bayes: { ...BAYES, server: { ...BAYES.server, lessons_min: 21 } } },
  ],
  [
    'bayes.reported',
    "server's tokens_min",
    { bayes: { ...BAYES, server: { ...BAYES.server, tokens_min: 3 } } },
  ],
  ['karma.jid_rate', 'half_score_ratio', { karma: { jid_rate: { ...KARMA.jid_rate, half_score_ratio: 9 } } }],
];
const zero = { ttl_seconds: 0 };
const UNCACHED: Config = {
  ...defaultConfig(),
  cache: {
    ...CACHED.cache,
    bayes: { server: zero, user: zero, reported: zero },
    linear: { server: zero },
    karma: { jid_rate: zero },
    auth: { stream: zero },
  },
};

interface Seen {
  readonly hits: Set<UnitName>;
  readonly misses: Set<UnitName>;
  readonly opinions: ReadonlyMap<string, Opinion>;
}

describe('the granular filter cache', () => {
  let dir: string;
  let store: Store;
  let linear: LinearFitter;
  let now: number;

  const open = (starter?: Starter) =>
    openStore({
      dir,
      starter,
      secret: SECRET,
      now: () => now,
      log: { info: () => undefined, warn: () => undefined, error: () => undefined },
      serverTokensMax: 65_536,
    });

  const restart = async (starter?: Starter) => {
    await linear.close();
    await store.close();
    store = await open(starter);
    linear = fitterOf(store);
    await linear.settle();
  };

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'pv-cache-'));
    now = START;
    store = await open();
    linear = fitterOf(store);
    const pipeline = over(CACHED).pipeline;
    for (let number = 0; number < 30; number += 1) {
      await teach(pipeline, 'spam', madeUp('spam', number));
      await teach(pipeline, 'ham', madeUp('ham', number));
    }
    await linear.settle();
  });
  afterEach(async () => {
    await linear.close();
    await store.close();
    rmSync(dir, { recursive: true });
  });

  /** A pipeline over the store, and a way to judge with it that tells what the cache did. */
  function over(config: Config) {
    let hits = new Set<UnitName>();
    let misses = new Set<UnitName>();
    const events = {
      cacheHit: (unit: UnitName) => hits.add(unit),
      cacheMiss: (unit: UnitName) => misses.add(unit),
      filterFailed: (unit: UnitName, error: unknown) => assert.fail(`${unit}: ${error}`),
    };
    const pipeline = createPipeline(config, { store, linear }, events);
    const judge = (text = madeUp('spam', 77)): Seen => {
      hits = new Set();
      misses = new Set();
      const { verdict } = pipeline.judge(sample(text), store.users.open(bareJID(USER), undefined), now);
      return {
        hits,
        misses,
        opinions: new Map(verdict.opinions.map((opinion, index) => [UNITS[index] as UnitName, opinion])),
      };
    };
    return { pipeline, judge };
  }

  async function teach(
    pipeline: Pipeline,
    label: LessonLabel,
    text: string,
    by: 'user' | 'operator' = 'operator',
  ): Promise<void> {
    const user = store.users.open(bareJID(USER), undefined);
    const reporterId = by === 'user' ? user.id : undefined;
    const subject = pipeline.subjectOf(sample(text), user);
    const sids = sidsOf(subject);
    const ids = [reporterId ?? '', subject.ids.text, subject.ids.jid] as const;
    await store.lessons.teach({
      label,
      id: store.ids.lesson(...ids),
      reporterId,
      user,
      at: now,
      sids,
      slots: slotsOf(subject),
      uids: user.tokens(sids),
      fingerprint: subject.texts.fingerprint,
      senderId: subject.ids.jid,
    });
  }

  for (const unit of UNITS) {
    it(`${unit}: what is seen again is a hit with the same opinion`, () => {
      const { judge } = over(CACHED);
      const first = judge();
      judge();
      const third = judge();
      assert.ok(first.misses.has(unit) && !first.hits.has(unit));
      assert.ok(third.hits.has(unit) && !third.misses.has(unit));
      assert.deepEqual(third.opinions.get(unit), first.opinions.get(unit));
    });

    it(`${unit}: an opinion past its time is a miss`, () => {
      const { judge } = over(CACHED);
      judge();
      judge();
      now += TTL_SECONDS * 1_000 + 1;
      const expired = judge();
      assert.ok(expired.misses.has(unit) && !expired.hits.has(unit));
    });

    it(`${unit}: what was kept for longer is not believed under a shorter time`, () => {
      const { pipeline, judge } = over(CACHED);
      for (let sight = 0; sight < 3; sight += 1) judge();
      pipeline.adopt(rulesOf(SHORTENED));
      const shortened = judge();
      assert.ok(shortened.misses.has(unit) && !shortened.hits.has(unit));
    });

    it(`${unit}: what was a hit is one after a restart`, async () => {
      const { judge } = over(CACHED);
      const first = judge();
      judge();
      judge();
      await restart();
      const again = over(CACHED).judge();
      assert.ok(again.hits.has(unit), `misses: ${[...again.misses]}`);
      assert.deepEqual(again.opinions.get(unit), first.opinions.get(unit));
    });

    it(`${unit}: what was said beside another starter table is met only where no text is read`, async () => {
      const { judge } = over(CACHED);
      for (let sight = 0; sight < 3; sight += 1) judge();
      await restart({ id: 'another', hashes: Buffer.alloc(16, 9), shares: Uint16Array.of(40_000) });
      const again = over(CACHED).judge();
      assert.equal(again.misses.has(unit), !['karma.jid_rate', 'auth.stream'].includes(unit));
    });

    it(`${unit}: a lesson is seen by the very next verdict`, async () => {
      const cached = over(CACHED);
      for (let sight = 0; sight < 3; sight += 1) cached.judge();
      await teach(cached.pipeline, 'ham', madeUp('spam', 78));
      const fresh = over(UNCACHED);
      for (let sight = 0; sight < 3; sight += 1) fresh.judge();
      assert.deepEqual(cached.judge().opinions.get(unit), fresh.judge().opinions.get(unit));
    });

    it(`${unit}: a time to live of 0 switches its cache off`, () => {
      const { judge } = over(UNCACHED);
      judge();
      judge();
      const third = judge();
      assert.ok(!third.hits.has(unit) && !third.misses.has(unit));
    });
  }

  for (const [unit, name, change] of PARAMETERS) {
    it(`${unit}: an opinion made under another ${name} is a miss`, () => {
      const { pipeline, judge } = over(CACHED);
      for (let sight = 0; sight < 3; sight += 1) judge();
      pipeline.adopt(rulesOf({ ...CACHED, ...change }));
      const changed = judge();
      assert.ok(changed.misses.has(unit) && !changed.hits.has(unit));
    });
  }

  for (const unit of ['bayes.server', 'bayes.user', 'linear.server', 'auth.stream'] as const) {
    it(`${unit}: an opinion is believed to the end of its time`, () => {
      const { judge } = over(CACHED);
      judge();
      judge();
      now += TTL_SECONDS * 1_000 - 1;
      assert.ok(judge().hits.has(unit));
    });
  }

  it('bayes.reported: a report, another one, and its end are seen by the very next verdict', async () => {
    const { pipeline, judge } = over(CACHED);
    const text = madeUp('spam', 90);
    const said = () => judge(text).opinions.get('bayes.reported');
    const symbol = (opinion: Opinion | undefined) =>
      opinion?.kind === 'opinion' ? opinion.symbol : opinion?.reason;
    for (let sight = 0; sight < 3; sight += 1) assert.equal(symbol(said()), 'not-reported');
    await teach(pipeline, 'spam', text, 'user');
    for (let sight = 0; sight < 3; sight += 1) assert.equal(symbol(said()), 'REPORTED_BEFORE');
    await teach(pipeline, 'ham', text, 'user');
    for (let sight = 0; sight < 3; sight += 1) assert.equal(symbol(said()), 'taught-ham');
    now += 31 * 86_400_000;
    assert.equal(symbol(said()), 'not-reported');
  });

  it('every unit but those that are live had an opinion in these tests', () => {
    const { opinions } = over(UNCACHED).judge();
    for (const unit of ['bayes.server', 'bayes.user', 'linear.server', 'auth.stream']) {
      assert.equal(opinions.get(unit)?.kind, 'opinion', `${unit}: ${JSON.stringify(opinions.get(unit))}`);
    }
  });
});

function fitterOf({ lessons }: Store): LinearFitter {
  const bounds = fitterBounds(CACHED);
  return new LinearFitter({ lessons, bounds, fitted: ({ error }) => assert.equal(error, undefined) });
}

function sample(text: string): Sample {
  const subject = canonicalJID('romeo@montague.example/garden');
  return {
    kind: 'message',
    direction: 'in',
    subject,
    sender: subject,
    recipient: USER,
    texts: [{ source: 'body', lang: '', text }],
    encryption: 'none',
    cloaked: false,
    isTest: false,
    stream: { tls: 'TLSv1.3', auth: 'external' },
    bypass: undefined,
  };
}
