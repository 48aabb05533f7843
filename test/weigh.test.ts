import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import { credibility, isKeptFrom } from '../src/filters/bayes/credibility.ts';
import { TokenSums } from '../src/pipeline/token-sums.ts';
import { Weigher } from '../src/pipeline/weigh.ts';
import { openStore } from '../src/store/lmdb/store.ts';
import type { LessonLabel, Store } from '../src/store/store.ts';
import { hasToken, tokenSet } from '../src/store/token-set.ts';
import {
  columns,
  hashesOf,
  lessonOf,
  serverCounts,
  storeOptions,
  temporaryDirectory,
} from './store-fixture.ts';

const SPAM = ['cheap', 'casino', 'bonus', 'click'];
const HAM = ['supper', 'garden', 'lantern', 'tomorrow'];
const ROMEO = 'romeo@montague.example';
const JULIET = 'juliet@capulet.example';

describe('what a report is worth', () => {
  const cases: { name: string; agreement: number[]; logOdds: number; worth: number }[] = [
    { name: 'a newcomer about what nobody knows: all', agreement: [], logOdds: 0, worth: 1 },
    { name: 'one that others agree with: all, not more', agreement: [9, 9, 9], logOdds: 9, worth: 1 },
    { name: 'twenty to one against it: still all', agreement: [], logOdds: -Math.log(20), worth: 1 },
    { name: 'two hundred to one against it: a tenth', agreement: [], logOdds: -Math.log(200), worth: 0.1 },
    { name: 'one who was surely wrong once: half', agreement: [-99], logOdds: 0, worth: 1 / 2 },
    {
      name: 'one who was surely wrong eight times: a ninth',
      agreement: Array(8).fill(-99),
      logOdds: 0,
      worth: 1 / 9,
    },
    { name: 'as often right as wrong: all', agreement: [99, -99], logOdds: 0, worth: 1 },
  ];
  for (const { name, agreement, logOdds, worth } of cases)
    it(name, () => assert.ok(Math.abs(credibility(agreement, logOdds, 0) - worth) < 1e-9));

  it('is less for each further copy that the table does not agree with, and whole for those it does', () => {
    const against = Array.from({ length: 40 }, (_, copies) => credibility([], -Math.log(2000), copies));
    assert.ok(against.reduce((sum, each) => sum + each) < 2 * against[0]!);
    assert.equal(credibility([], 6, 20), 1);
    assert.ok(credibility([], 0, 20) < 0.05);
  });

  it('is 0 to 1, and never less where others agree more', () => {
    const odds = fc.double({ min: -200, max: 200, noNaN: true });
    fc.assert(
      fc.property(fc.array(odds, { maxLength: 8 }), odds, odds, (agreement, one, other) => {
        const [less, more] = one < other ? [one, other] : [other, one];
        const [a, b] = [credibility(agreement, less, 0), credibility(agreement, more, 0)];
        assert.ok(a >= 0 && a <= b && b <= 1);
        assert.ok(credibility([...agreement, less], more, 0) <= credibility([...agreement, more], more, 0));
      }),
      { seed: 1 },
    );
  });
});

describe('a class that has a token for its own', () => {
  const lessons = (count: number) => 256 * count;
  it('keeps it from the lesson that would take it away', () => {
    assert.equal(isKeptFrom(lessons(0), lessons(18)), true);
    assert.equal(isKeptFrom(lessons(0), lessons(19)), false, 'there is room for one to the contrary');
    assert.equal(isKeptFrom(lessons(1), lessons(19)), true);
    assert.equal(isKeptFrom(lessons(0), lessons(9)), true);
    assert.equal(isKeptFrom(lessons(0), lessons(8)), false, 'it is not its own yet');
    assert.equal(isKeptFrom(lessons(5), lessons(5)), false);
  });

  it('is never argued out of it, lesson by lesson, be they whole or less', () => {
    fc.assert(
      fc.property(fc.integer({ min: 9, max: 1000 }), fc.integer({ min: 1, max: 256 }), (own, weight) => {
        let contrary = 0;
        for (let i = 0; i < 2000; i++) if (!isKeptFrom(contrary, lessons(own))) contrary += weight;
        assert.ok(10 * (contrary + 256) <= lessons(own) + 256, `${contrary / 256} against ${own}`);
      }),
      { seed: 2, numRuns: 50 },
    );
  });
});

it('a set of tokens holds those that were put in, and no other', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 0, max: 127 })), (indexes) => {
      const set = tokenSet(indexes.toSorted((a, b) => a - b));
      for (let index = 0; index < 128; index++) assert.equal(hasToken(set, index), indexes.includes(index));
    }),
    { seed: 3 },
  );
});

it('sums of what lessons bring are of each table by itself, and gone with the lessons', () => {
  const sids = hashesOf(HAM);
  const brought = { label: 'ham', weight: 256, sids, withheld: tokenSet([1]) } as const;
  const sums = new TokenSums();
  const look = (table: string) => {
    const counts = {
      ...columns(HAM.length),
      ham: new Uint32Array(HAM.length),
      spam: new Uint32Array(HAM.length),
    };
    sums.applyTo(counts, sids, 1, table);
    return [...counts.ham, ...counts.spam];
  };
  sums.add(brought, 1, 'verona');
  sums.add(brought, 1, 'verona');
  assert.deepEqual(look('verona'), [512, 0, 512, 512, 0, 0, 0, 0]);
  assert.deepEqual(look(''), [0, 0, 0, 0, 0, 0, 0, 0]);
  sums.add(brought, -1, 'verona');
  sums.add(brought, -1, 'verona');
  assert.deepEqual(look('verona'), [0, 0, 0, 0, 0, 0, 0, 0]);
});

describe('weighing by what others taught', () => {
  const teach = (
    store: Store,
    label: LessonLabel,
    words: readonly string[],
    reporter: string | undefined,
    text: string,
  ) => store.lessons.teach(lessonOf(store, { label, words, reporter, text }));

  /** Taught by the operator: twenty lessons of each class. */
  async function opened(t: TestContext) {
    const store = await openStore(storeOptions(temporaryDirectory(t)));
    t.after(() => store.close());
    for (let i = 0; i < 20; i++) {
      await teach(store, 'spam', SPAM, undefined, `spam ${i}`);
      await teach(store, 'ham', HAM, undefined, `ham ${i}`);
    }
    const weigher = new Weigher(store, { lessonsMin: 20, tokensMin: 2, scope: 'daemon' });
    const weigh = (reporter: string, label: LessonLabel, words: readonly string[]) =>
      weigher.weigh({
        ...lessonOf(store, { label, words, reporter, text: words.join(' ') }),
        reporter: store.users.open(reporter, undefined),
      });
    return { store, weigher, weigh };
  }

  it('takes a report that agrees, or that is news, whole', async (t) => {
    const { weigh } = await opened(t);
    for (const [label, words] of [
      ['spam', SPAM],
      ['ham', HAM],
      ['spam', ['quite', 'new', 'words']],
    ] as const)
      assert.deepEqual(weigh(ROMEO, label, words), { weight: 1, withheld: Buffer.alloc(0), host: undefined });
  });

  it('weighs little what contradicts all that is known, and withholds its tokens as soon as they would turn', async (t) => {
    const { store, weigh } = await opened(t);
    const { weight } = weigh(ROMEO, 'ham', SPAM);
    assert.ok(weight < 0.1, `${weight}`);
    await teach(store, 'ham', SPAM, undefined, 'the operator says so once');
    const { withheld } = weigh(ROMEO, 'ham', [...SPAM, ...HAM, 'unheard']);
    assert.deepEqual(withheld, tokenSet([0, 1, 2, 3]));
  });

  it("knows of the lessons that are under way, or many at once would turn what is a class's own", async (t) => {
    const { store, weigher } = await opened(t);
    const report = (number: number) => {
      const jid = `user${number}@capulet.example`;
      const text = `a lie ${number}`;
      const lesson = lessonOf(store, { label: 'ham', words: [...SPAM, ...HAM], reporter: jid, text });
      const reporter = store.users.open(jid, undefined);
      return weigher.teach({ ...lesson, reporter }, (weighed) =>
        store.lessons.teach({ ...lesson, ...weighed }),
      );
    };
    await Promise.all(Array.from({ length: 30 }, (_, number) => report(number)));
    const { spam, ham } = serverCounts(store, SPAM);
    for (const [index, lessons] of ham.entries())
      assert.ok(lessons > 0 && 10 * (lessons + 1) <= spam[index]! + 1, `${lessons} against ${spam[index]}`);
  });

  it('weighs copies of what others have reported less, where the table does not agree', async (t) => {
    const { store, weigher } = await opened(t);
    const text = 'we meet tomorrow at the lantern in the garden and stay for supper until it gets dark';
    const said = (reporter: string) =>
      lessonOf(store, { label: 'spam', words: [...HAM, 'unheard'], reporter, text });
    const weigh = (reporter: string) =>
      weigher.weigh({ ...said(reporter), reporter: store.users.open(reporter, undefined) }).weight;
    const before = weigh(ROMEO);
    await store.lessons.teach({ ...said(JULIET), weight: 0 });
    assert.ok(Math.abs(weigh(ROMEO) - before / 4) < 1e-9);
    // What she said before is against her, but it is nobody else's.
    assert.ok(weigh(JULIET) > 0.4 * before);
  });

  it('knows of no opinion while the table is untrained', async (t) => {
    const { weigher, weigh } = await opened(t);
    weigher.adopt({ lessonsMin: 1000, tokensMin: 2, scope: 'daemon' });
    assert.equal(weigh(ROMEO, 'ham', SPAM).weight, 1);
  });

  it('does not let anybody agree with themselves', async (t) => {
    const { store, weigh } = await opened(t);
    const words = ['harbour', 'ferry', 'violin', 'orchard'];
    await teach(store, 'ham', words, undefined, 'said by the operator');
    for (let i = 0; i < 7; i++) await teach(store, 'spam', words, ROMEO, `said again ${i}`);
    const romeos = weigh(ROMEO, 'spam', words).weight;
    const others = weigh(JULIET, 'spam', words).weight;
    assert.ok(romeos < 0.5 && others === 1, `${romeos} ${others}`);
  });

  it('hears less of one who contradicts what all others agree on, and more again who makes up for it', async (t) => {
    const { store, weigh } = await opened(t);
    const news = ['quite', 'new', 'words'];
    for (let i = 0; i < 4; i++) await teach(store, 'ham', SPAM, ROMEO, `a lie ${i}`);
    const after = weigh(ROMEO, 'spam', news).weight;
    assert.ok(after > 0.15 && after < 0.3, `${after}`);
    for (let i = 0; i < 4; i++) await teach(store, 'spam', SPAM, ROMEO, `the truth ${i}`);
    assert.ok(weigh(ROMEO, 'spam', news).weight > 0.9);
  });

  it("asks a host's table by itself, so that a small host may disagree with all others", async (t) => {
    const { store, weigher } = await opened(t);
    weigher.adopt({ lessonsMin: 4, tokensMin: 2, scope: 'virtualhost' });
    const reportOf = (jid: string, label: LessonLabel, words: readonly string[]) => {
      const lesson = lessonOf(store, { label, words, reporter: jid, text: `${label} ${words.join(' ')}` });
      return { lesson, report: { ...lesson, reporter: store.users.open(jid, undefined) } };
    };
    const weigh = (jid: string, label: LessonLabel, words: readonly string[]) =>
      weigher.weigh(reportOf(jid, label, words).report);
    const first = weigh(ROMEO, 'spam', HAM);
    assert.ok(first.weight < 0.1 && first.host?.weight === 1, 'nothing is known of the host yet');
    for (let number = 0; number < 12; number++)
      for (const [label, words] of [['spam', HAM] as const, ['ham', SPAM] as const]) {
        const { lesson, report } = reportOf(`user${number}@montague.example`, label, words);
        await weigher.teach(report, (weighed) => store.lessons.teach({ ...lesson, ...weighed }));
      }
    const agrees = weigh(ROMEO, 'spam', HAM);
    assert.ok(agrees.weight < 0.1 && agrees.host?.weight === 1, 'a host may have its own idea');
    const contradicts = weigh(ROMEO, 'ham', HAM).host;
    assert.ok(contradicts!.weight < 0.5, `${contradicts!.weight}: and defends it`);
    const elsewhere = weigh(JULIET, 'ham', HAM);
    assert.ok(elsewhere.weight === 1 && elsewhere.host?.weight === 1, 'which is not that of another');
  });
});
