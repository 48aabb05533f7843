import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { combine, HALF_SCORE_LOG_ODDS, lessonsMissing, scoreOf } from '../src/filters/bayes/combine.ts';
import { createBayesServer } from '../src/filters/bayes/server.ts';
import { createBayesUser } from '../src/filters/bayes/user.ts';
import type { Facts, ServerCounts, TokenCounts } from '../src/filters/facts.ts';
import type { Opinion } from '../src/model/opinion.ts';
import type { Sample } from '../src/model/sample.ts';
import { SCRIPTS } from '../src/text/scripts.ts';

const LESSON = 256;
const NOW = 1_700_000_000_000;
const SAMPLE = { texts: [{ source: 'body', lang: '', text: 'x' }], stream: {} } as unknown as Sample;

/** One script for all tokens. */
function byScript(count: number, spamTotal: number, hamTotal: number) {
  return {
    scripts: new Uint8Array(count),
    spamByScript: new Float64Array(SCRIPTS).fill(spamTotal),
    hamByScript: new Float64Array(SCRIPTS).fill(hamTotal),
  };
}

function lessons(spam: number, ham: number) {
  const totals = { spamTotal: spam * LESSON, hamTotal: ham * LESSON };
  return { ...totals, ...byScript(4, totals.spamTotal, totals.hamTotal) };
}

/** Counts in whole lessons, of `lessons` of each class. */
function table(counts: readonly (readonly [spam: number, ham: number])[], lessons = 100): ServerCounts {
  return {
    count: counts.length,
    spam: Uint32Array.from(counts, ([spam]) => spam * LESSON),
    ham: Uint32Array.from(counts, ([, ham]) => ham * LESSON),
    spamTotal: lessons * LESSON,
    hamTotal: lessons * LESSON,
    ...byScript(counts.length, lessons * LESSON, lessons * LESSON),
    starter: new Uint32Array(counts.length),
    hasStarter: false,
  };
}

/** The formula as decision 0021 states it, a log for each token. */
function sumOfLogs(server: TokenCounts, user: TokenCounts | undefined): number {
  const rate = (count: number, total: number, strength: number, prior: number) =>
    (count + strength * LESSON) / (total + (strength * LESSON) / prior);
  const overall = ({ spam, ham, spamTotal, hamTotal }: TokenCounts, index: number) =>
    ((spam[index] as number) + (ham[index] as number)) / (spamTotal + hamTotal);
  let sum = 0;
  let known = 0;
  for (let index = 0; index < server.count; index += 1) {
    let rates: readonly [spam: number, ham: number] | undefined;
    for (const table of [server, user]) {
      if (table === undefined || overall(table, index) === 0) continue;
      const strength = rates === undefined ? 0.2 : 0.5;
      const [spam, ham] = rates ?? [overall(table, index), overall(table, index)];
      rates = [
        rate(table.spam[index] as number, table.spamTotal, strength, spam),
        rate(table.ham[index] as number, table.hamTotal, strength, ham),
      ];
    }
    if (rates === undefined) continue;
    sum += Math.log(rates[0] / rates[1]);
    known += 1;
  }
  return known === 0 ? 0 : sum / Math.sqrt(known);
}

const counts = fc.array(fc.tuple(fc.nat(100), fc.nat(100)), { minLength: 1, maxLength: 60 });

describe('combine', () => {
  it('says nothing of tokens that nobody knows, and they move nothing', () => {
    assert.deepEqual(combine(table([[0, 0]]), undefined), {
      z: 0,
      tokens: 0,
      userTokens: 0,
      starterTokens: 0,
      peak: 0,
      isStretch: false,
    });
    const known = combine(table([[9, 1]]), undefined);
    const padded = combine(
      table([
        [9, 1],
        [0, 0],
        [0, 0],
      ]),
      undefined,
    );
    assert.deepEqual(padded, known);
  });

  it('is odd: spam and ham change places, the sign changes', () => {
    fc.assert(
      fc.property(counts, (pairs) => {
        const there = combine(table(pairs), undefined).z;
        const back = combine(table(pairs.map(([spam, ham]) => [ham, spam] as const)), undefined).z;
        assert.ok(Math.abs(there + back) < 1e-9);
      }),
    );
  });

  it('rises with every further report of spam, and is always finite', () => {
    fc.assert(
      fc.property(counts, fc.nat(59), (pairs, at) => {
        const more = pairs.map(([spam, ham], index): [number, number] => [
          spam + (index === at % pairs.length ? 1 : 0),
          ham,
        ]);
        if ((pairs[at % pairs.length]?.[0] ?? 0) + (pairs[at % pairs.length]?.[1] ?? 0) === 0) return;
        const before = combine(table(pairs, 200), undefined).z;
        const after = combine(table(more, 200), undefined).z;
        assert.ok(Number.isFinite(after) && after > before);
      }),
    );
  });

  it('does not lean towards the class that was taught more', () => {
    const rare = { ...table([[1, 10]]), ...lessons(10, 100) };
    assert.ok(Math.abs(combine(rare, undefined).z) < 0.2);
  });

  it('counts a token among the lessons that hold its script, so that no script is evidence', () => {
    const common = table([[90, 0]], 100);
    assert.ok(combine(common, undefined).z > 3);
    const ham = common.hamByScript.slice().fill(0, 3, 4);
    const onlySpam = { ...common, scripts: Uint8Array.of(3), hamByScript: ham };
    assert.ok(Math.abs(combine(onlySpam, undefined).z) < 0.2);
    const hamByScript = ham.slice().fill(30 * LESSON, 3, 4);
    assert.ok(combine({ ...onlySpam, hamByScript }, undefined).z > 2);
  });

  it('is the sum of the logs of the quotients of rates, for counts of any size', () => {
    const count = fc.oneof(fc.constant(0), fc.nat(100_000), fc.constant(0xffffffff));
    const columns = fc.array(fc.tuple(count, count, count, count), { minLength: 1, maxLength: 128 });
    const total = fc.oneof(fc.constant(0), fc.nat(2 ** 31 - 1), fc.constant(2 ** 42));
    fc.assert(
      fc.property(columns, fc.tuple(total, total, total, total), fc.boolean(), (rows, totals, isAlone) => {
        const half = (at: 0 | 2): ServerCounts => ({
          count: rows.length,
          spam: Uint32Array.from(rows, (row) => row[at]),
          ham: Uint32Array.from(rows, (row) => row[at + 1] as number),
          spamTotal: totals[at],
          hamTotal: (totals[at + 1] as number) + 1,
          ...byScript(rows.length, totals[at], (totals[at + 1] as number) + 1),
          starter: new Uint32Array(rows.length),
          hasStarter: false,
        });
        const user = isAlone ? undefined : half(2);
        const { z } = combine(half(0), user);
        const want = sumOfLogs(half(0), user);
        assert.ok(Math.abs(z - want) <= 1e-12 * Math.max(1, Math.abs(want)), `${z} ${want}`);
      }),
    );
  });

  it("counts a user's word among the user's lessons that hold its script", () => {
    const user = table([[9, 0]], 10);
    assert.ok(combine(undefined, user).z > 2);
    const hamByScript = new Float64Array(SCRIPTS).fill(10 * LESSON, 0, 3);
    const scripts = Uint8Array.of(3);
    assert.ok(Math.abs(combine(undefined, { ...user, scripts, hamByScript }).z) < 0.2);
    assert.ok(combine(undefined, { ...user, scripts: Uint8Array.of(2), hamByScript }).z > 2);
  });

  it("takes the server's word where the user knows nothing, and moves towards the user's own", () => {
    const server = table([
      [9, 1],
      [1, 9],
    ]);
    const none = combine(
      server,
      table(
        [
          [0, 0],
          [0, 0],
        ],
        10,
      ),
    );
    assert.equal(none.z, combine(server, undefined).z);
    assert.equal(none.userTokens, 0);
    const own = combine(
      server,
      table(
        [
          [0, 5],
          [0, 5],
        ],
        10,
      ),
    );
    assert.ok(own.z < none.z);
    assert.equal(own.userTokens, 2);
  });
});

describe('combine with a starter', () => {
  const NEUTRAL = 32_768;
  /** The table of these counts, with what a starter says of each token. */
  const withStarter = (from: ServerCounts, ...shares: number[]): ServerCounts => ({
    ...from,
    starter: Uint32Array.from({ length: from.count }, (_, index) => shares[index % shares.length] ?? 0),
    hasStarter: true,
  });
  const empty = (length: number) => table(Array(length).fill([0, 0]), 0);
  const shareList = fc.array(fc.integer({ min: 1, max: 65_535 }), { minLength: 1, maxLength: 60 });

  it('is the starter alone where nothing was taught: its log-odds, added up and damped', () => {
    fc.assert(
      fc.property(shareList, (shares) => {
        const { z, tokens, starterTokens } = combine(
          withStarter(empty(shares.length), ...shares),
          undefined,
          20,
        );
        const want = shares.reduce((sum, share) => sum + Math.log(share / (65_536 - share)), 0);
        assert.ok(Math.abs(z - want / Math.sqrt(shares.length)) < 1e-9);
        assert.deepEqual([tokens, starterTokens], [shares.length, shares.length]);
      }),
    );
  });

  it('changes nothing where it says nothing of tokens that were taught enough of', () => {
    fc.assert(
      fc.property(counts, (pairs) => {
        const { z } = combine({ ...table(pairs), hasStarter: true }, undefined, 20);
        assert.equal(z, combine(table(pairs), undefined, 20).z);
      }),
    );
  });

  it('is outgrown by lessons', () => {
    const says = (lessons: number) =>
      combine(withStarter(table([[0, lessons]], 2 * lessons + 20), 65_000), undefined, 20).z;
    const trend = [0, 1, 3, 10, 100].map(says);
    assert.deepEqual(
      trend.toSorted((a, b) => b - a),
      trend,
    );
    assert.ok((trend[0] as number) > 4 && (trend.at(-1) as number) < -2);
  });

  it('lets spam that was reported count before any ham was, by how much of the text it knows', () => {
    const reported = {
      ...table([
        [3, 0],
        [3, 0],
        [0, 0],
        [0, 0],
      ]),
      ...lessons(20, 0),
    };
    assert.ok(Math.abs(combine(reported, undefined, 20).z) < 1e-9);
    const known = combine(withStarter(reported, 0, 0, NEUTRAL, NEUTRAL), undefined, 20).z;
    const half = combine(withStarter(reported, 0), undefined, 20).z;
    assert.ok(known > 1);
    const pair = {
      ...table([
        [3, 0],
        [3, 0],
      ]),
      ...lessons(20, 0),
    };
    const whole = combine(withStarter(pair, 0), undefined, 20).z;
    assert.ok(half > 0 && half < whole);
  });

  it("is the prior of a user's own counts, where the server has none", () => {
    const server = withStarter(empty(2), 60_000, 60_000);
    const ham = combine(
      server,
      table(
        [
          [0, 3],
          [0, 3],
        ],
        10,
      ),
      20,
    );
    assert.ok(ham.z < combine(server, undefined, 20).z);
    assert.ok(
      ham.z >
        combine(
          undefined,
          table(
            [
              [0, 3],
              [0, 3],
            ],
            10,
          ),
        ).z,
    );
  });
});

describe('scoreOf', () => {
  it('is strictly increasing and never reaches its ends', () => {
    const z = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(z, z, (a, b) => {
        if (Math.abs(a - b) > 1e-3) assert.equal(scoreOf(a) < scoreOf(b), a < b);
        assert.ok(Math.abs(scoreOf(a)) < 1);
      }),
    );
  });
});

describe('bayes.server and bayes.user', () => {
  const options = { lessonsMin: 20, tokensMin: 2 };
  const server = createBayesServer(options);
  const user = createBayesUser({ lessonsMin: 5, server: options });
  const say = (filter: typeof server, facts: Facts) => filter.judge(SAMPLE, facts, NOW);
  const z = (opinion: Opinion) =>
    opinion.kind === 'opinion' ? (opinion.score * HALF_SCORE_LOG_ODDS) / (1 - Math.abs(opinion.score)) : 0;

  it('add up to the hierarchical estimate in log-odds, so that nothing counts twice', () => {
    fc.assert(
      fc.property(counts, counts, (first, second) => {
        const length = Math.min(first.length, second.length);
        const serverCounts = [table(first.slice(0, length))];
        const userCounts = [table(second.slice(0, length), 100)];
        const whole = combine(serverCounts[0], userCounts[0]);
        if (whole.tokens < 2 || whole.userTokens === 0 || combine(serverCounts[0], undefined).tokens < 2)
          return;
        const facts: Facts = { serverCounts, userCounts, userKeyState: 'ok' };
        assert.ok(Math.abs(z(say(server, facts)) + z(say(user, facts)) - whole.z) < 1e-6);
      }),
    );
  });

  it('add up so with a starter, too, however little was taught', () => {
    const length = fc.integer({ min: 2, max: 20 });
    fc.assert(
      fc.property(length, fc.nat(30), fc.integer({ min: 1, max: 65_535 }), (count, lessons, share) => {
        const starter = new Uint32Array(count).fill(share);
        const seen = Array(count).fill([Math.min(1, lessons), 0]);
        const serverCounts = [{ ...table(seen, lessons), starter, hasStarter: true }];
        const userCounts = [table(Array(count).fill([1, 2]), 10)];
        const whole = combine(serverCounts[0], userCounts[0], options.lessonsMin);
        const facts: Facts = { serverCounts, userCounts, userKeyState: 'ok' };
        assert.ok(Math.abs(z(say(server, facts)) + z(say(user, facts)) - whole.z) < 1e-6);
      }),
    );
  });

  it('are cached under the starter that they rest on', () => {
    const ids = {
      text: 'a',
      user: 'b',
      jid: '',
      domain: '',
      host: '',
      serverGeneration: 3,
      linearFit: '',
      userGeneration: 4,
    };
    for (const filter of [server, user]) {
      const stamps = ['', 'one', 'two'].map(
        (starter) => filter.cacheKey(SAMPLE, { ...ids, starter }, {})?.stamp,
      );
      assert.equal(new Set(stamps).size, 3);
    }
  });

  it('let the worst text count', () => {
    const spam = table([
      [9, 0],
      [9, 0],
    ]);
    const ham = table([
      [0, 9],
      [0, 9],
    ]);
    assert.deepEqual(say(server, { serverCounts: [ham, spam, ham] }), say(server, { serverCounts: [spam] }));
  });

  const abstentions: readonly (readonly [string, Opinion, object])[] = [
    ['no-text', say(server, { serverCounts: [] }), {}],
    ['untrained', say(server, { serverCounts: [table([[1, 1]], 15)] }), { spam: 5, ham: 5 }],
    ['too-few-tokens', say(server, { serverCounts: [table([[1, 0]])] }), {}],
    ['no-user', say(user, { serverCounts: [table([[1, 0]])], userKeyState: 'none' }), {}],
    ['wrong-key', say(user, { serverCounts: [table([[1, 0]])], userKeyState: 'wrong-key' }), {}],
    [
      'untrained',
      say(user, { serverCounts: [table([[1, 0]])], userCounts: [table([[1, 0]], 3)], userKeyState: 'ok' }),
      { spam: 2, ham: 2 },
    ],
    [
      'too-few-tokens',
      say(user, { serverCounts: [table([[1, 0]])], userCounts: [table([[0, 0]], 9)], userKeyState: 'ok' }),
      {},
    ],
  ];
  for (const [reason, opinion, params] of abstentions) {
    it(`abstain with ${reason} ${JSON.stringify(params)}`, () => {
      assert.equal(opinion.kind, 'abstention');
      if (opinion.kind === 'abstention')
        assert.deepEqual([opinion.reason, { ...opinion.params }], [reason, params]);
    });
  }

  it('count missing lessons by class', () => {
    assert.equal(lessonsMissing(table([], 20), 20), undefined);
    assert.deepEqual(lessonsMissing({ ...table([], 20), hamTotal: 0 }, 20), { spam: 0, ham: 20 });
  });
});
