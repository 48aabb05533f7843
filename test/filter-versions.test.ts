import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { schema } from '../src/config/schema.ts';
import type { Facts, ServerCounts } from '../src/filters/facts.ts';
import type { Filter } from '../src/filters/filter.ts';
import { LinearModel } from '../src/linear/model.ts';
import type { Opinion } from '../src/model/opinion.ts';
import type { Sample, StreamFacts } from '../src/model/sample.ts';
import type { UnitName } from '../src/model/unit.ts';
import { createFilters } from '../src/pipeline/create.ts';
import { BUCKETS } from '../src/store/slots.ts';

/**
 * The version of each filter, and what that version says of the facts below. Opinions outlive a restart, so a filter that
 * says something else needs another version: else its weight of today meets a score of yesterday.
 */
const SAID: Readonly<Record<UnitName, readonly [version: number, opinions: string]>> = {
  'bayes.server': [6, '02608fb4478e6765'],
  'bayes.user': [6, 'd29b3b50c00a5a67'],
  'linear.server': [2, 'f26f3c82ad60484a'],
  'karma.jid_rate': [1, '69aaec4af5d5ea52'],
  'auth.stream': [2, '01ad308806835dab'],
  'bayes.reported': [2, '1c78c2e3f4f292b6'],
};

/** Parameters are named in the stamp of a cached opinion; here they stand still. */
const CONFIG = schema.parse({
  bayes: { server: { lessons_min: 20, tokens_min: 2 }, user: { lessons_min: 5 } },
  linear: { server: { lessons_min: 20 } },
  karma: { jid_rate: { half_score_ratio: 4 } },
});
const LESSON = 256;
const column = (...lessons: number[]) => Uint32Array.from(lessons, (count) => count * LESSON);
const tokens = (spamTotal: number, hamTotal: number) => ({
  count: 6,
  spam: column(40, 9, 3, 1, 0, 0),
  ham: column(0, 1, 2, 1, 30, 0),
  spamTotal: spamTotal * LESSON,
  hamTotal: hamTotal * LESSON,
});
/** Two tokens of a script that half of the spam holds, and a tenth of the ham. */
const byScript = (spamTotal: number, hamTotal: number) => ({
  scripts: Uint8Array.of(0, 0, 3, 0, 0, 3),
  spamByScript: new Float64Array(16).fill((spamTotal * LESSON) / 2).fill(spamTotal * LESSON, 0, 1),
  hamByScript: new Float64Array(16).fill((hamTotal * LESSON) / 10).fill(hamTotal * LESSON, 0, 1),
});
const STARTERS = [Uint32Array.of(60_000, 40_000, 0, 0, 9_000, 50_000), new Uint32Array(6)];

function modelOf(spam: number, ham: number): LinearModel {
  const nothing = {
    table: new Uint16Array(BUCKETS),
    weightMax: 1,
    ratioMax: 1,
    bias: 0,
    unknown: new Float64Array(16),
  };
  return new LinearModel({ id: '', ...nothing, caution: 0.8, spam, ham });
}

function* factsOf(): Generator<Facts> {
  for (const [spam, ham] of [
    [100, 300],
    [50, 2],
    [4, 60],
  ] as const)
    for (const starter of STARTERS) {
      const serverCounts = [
        {
          ...tokens(spam, ham),
          ...byScript(spam, ham),
          starter,
          hasStarter: starter.some((share) => share > 0),
          isStretch: false,
        },
      ];
      yield { serverCounts };
      for (const [z, known] of [
        [3, 0.9],
        [-2, 0.4],
        [6, 0],
      ] as const)
        yield { serverCounts, linear: { texts: [{ z, known }], model: modelOf(spam, ham) } };
      yield { serverCounts, userCounts: [{ ...tokens(20, 10), ...byScript(20, 10) }], userKeyState: 'ok' };
    }
  for (const level of [0.5, 1.5, 3, 20]) yield { jidRate: { stanzas: level, recipients: level / 2 } };
}

/** For the units that read text: of spam between words of ham. */
function* paddedOf(): Generator<Facts> {
  const nobody = { own: undefined, ownDays: 0, others: 3, othersDays: 0, activeUsers: 1 };
  const table = (spam: Uint32Array, ham: Uint32Array, isStretch: boolean): ServerCounts => ({
    ...tokens(100, 300),
    ...byScript(100, 300),
    spam,
    ham,
    starter: new Uint32Array(6),
    hasStarter: false,
    isStretch,
  });
  const whole = table(column(0, 0, 1, 0, 0, 0), column(30, 40, 20, 60, 300, 0), false);
  for (const spam of [1, 3, 9, 40, 90]) {
    const serverCounts = [whole, table(column(spam, spam, spam, spam, 0, 0), column(0, 0, 1, 0, 0, 0), true)];
    yield { serverCounts, reports: nobody, userKeyState: 'ok' };
    const own = { ...tokens(20, 10), ...byScript(20, 10) };
    yield { serverCounts, userCounts: [own, own], userKeyState: 'ok' };
    for (const z of [1, 4, 7, 12]) {
      const texts = [-2, z].map((own) => ({ z: own, known: 0.9 }));
      yield { serverCounts, linear: { texts, model: modelOf(100, 300) } };
    }
  }
}

/** For the unit that reads them alone: the others say the same of each. */
function* reportsOf(): Generator<Facts> {
  const nobody = { own: undefined, ownDays: 0, others: 0, othersDays: 0, activeUsers: 1 };
  const hamTable = { ...tokens(50, 400), ham: column(0, 30, 20, 10, 300, 0), spam: column(0, 0, 0, 0, 0, 0) };
  for (const starter of STARTERS)
    for (const table of [tokens(100, 300), hamTable, tokens(0, 0)])
      for (const own of ['spam', 'ham', undefined] as const)
        for (const others of [-1, 0, 1, 2, 3])
          for (const activeUsers of [1, 19, 20, 499, 500]) {
            const serverCounts = [{ ...table, ...byScript(100, 300), starter, hasStarter: false }];
            const reports = { ...nobody, own, others, activeUsers };
            yield { serverCounts, reports, userKeyState: 'ok' };
            yield { serverCounts, reports, userKeyState: 'wrong-key' };
          }
}

const STREAMS: readonly StreamFacts[] = [
  {},
  ...['TLSv1.3', 'TLSv1.1', 'none'].flatMap((tls) => ['external', 'dialback'].map((auth) => ({ tls, auth }))),
];

function sampleOf(stream: StreamFacts): Sample {
  const parties = { subject: undefined, sender: undefined, recipient: undefined, bypass: undefined };
  const content = { texts: [], encryption: 'none', cloaked: false, isTest: false } as const;
  return { kind: 'message', direction: 'in', ...parties, ...content, stream };
}

/** Not all digits: the last ones of a logarithm are not the same everywhere. */
function told(opinion: Opinion): string {
  if (opinion.kind === 'abstention') return opinion.reason;
  const { symbol, score, isProvisional = false } = opinion;
  return `${symbol} ${score.toFixed(6)} ${isProvisional}`;
}

function factsFor({ name, readsText }: Filter): Facts[] {
  return [...factsOf(), ...(name === 'bayes.reported' ? reportsOf() : []), ...(readsText ? paddedOf() : [])];
}

describe('opinions of a filter', () => {
  for (const filter of createFilters(CONFIG)) {
    it(`are those of its version: ${filter.name}`, () => {
      const said: string[] = [];
      for (const stream of STREAMS)
        for (const facts of factsFor(filter)) said.push(told(filter.judge(sampleOf(stream), facts, 0)));
      assert.ok(new Set(said).size > 3, 'facts that tell nothing apart');
      const digest = createHash('sha256').update(said.join('\n')).digest('hex').slice(0, 16);
      assert.deepEqual(
        [filter.version, digest],
        SAID[filter.name],
        `${filter.name} says something else: count its version up, and write it here`,
      );
    });
  }
});
