import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { padding } from '../bench/eval/tricks.ts';
import { createRandom } from '../bench/random.ts';
import { createJudge } from '../src/cli/eval-judge.ts';
import { schema } from '../src/config/schema.ts';
import { counted, worstStretch } from '../src/filters/bayes/stretch.ts';
import type { Opinion } from '../src/model/opinion.ts';
import type { Verdict } from '../src/model/verdict.ts';
import { extractFeatures, listFeatures, stretchOf } from '../src/text/extract.ts';
import { TEXT_UNITS_MAX } from '../src/text/normalise.ts';

const times = (count: number, value: number): number[] => Array.from({ length: count }, () => value);

function worst(values: readonly number[], heads = 0) {
  return worstStretch(Float64Array.from(values), heads, values.length);
}

describe('the worst stretch of a text', () => {
  const HAM = times(20, -2);
  const SPAM = times(10, 2);

  it('is where spam stands among ham', () => {
    for (const [before, after] of [
      [HAM, HAM],
      [[], HAM],
      [HAM, []],
    ] as const) {
      const stretch = worst([...before, ...SPAM, ...after])!;
      assert.deepEqual([stretch.first, stretch.last], [before.length, before.length + 9]);
      assert.ok(Math.abs(stretch.z - 20 / Math.sqrt(11)) < 1e-9);
    }
  });

  it('is none in ham, none where the whole is spam, and none for a word or two', () => {
    assert.equal(worst(HAM), undefined);
    assert.equal(worst([...SPAM, ...SPAM]), undefined);
    assert.equal(worst([...HAM, 4, 2, ...HAM]), undefined);
    assert.equal(worst([]), undefined);
    assert.equal(worst(times(40, Number.NaN)), undefined);
  });

  it('is none where the rest is no ham by itself: then it is only the worst part of one message', () => {
    for (const rest of [times(20, 0.1), times(7, -1), times(20, Number.NaN)])
      assert.equal(worst([...rest, ...SPAM, ...rest]), undefined);
    assert.notEqual(worst([...times(9, -1), ...SPAM, ...times(9, -1)]), undefined);
  });

  it('is none of features of the whole text alone', () => {
    assert.equal(worst([9, 9, 9], 3), undefined);
    assert.equal(worst([9, 9, 9, ...HAM], 3), undefined);
  });

  it('takes in neighbours that nobody knows, and weak ones with a stronger one behind them', () => {
    const unknown = Number.NaN;
    const stretch = worst([...HAM, unknown, ...SPAM, 0.1, 0.4, unknown, -1, ...HAM])!;
    assert.deepEqual([stretch.first, stretch.last], [20, 33]);
  });

  it('counts what is said of the whole text with each of them, wherever they stand', () => {
    const bare = worst([...HAM, ...SPAM, ...HAM])!;
    const [raised, lowered] = [3, -3].map((head) => worst([head, ...HAM, ...SPAM, ...HAM], 1)!);
    assert.deepEqual([raised!.first, raised!.last], [21, 30]);
    assert.ok(raised!.z > bare.z && bare.z > lowered!.z);
    assert.ok(Math.abs(raised!.z - 23 / Math.sqrt(12)) < 1e-9);
  });

  it('is nearly as good as the best of all stretches tried one by one', () => {
    const value = fc.double({ min: -3, max: 5, noNaN: true });
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 60 }), (values) => {
        const found = worst(values);
        let best = 0;
        for (let from = 0; from < values.length; from += 1) {
          let sum = 0;
          for (let to = from; to < values.length && to - from + 1 <= 0.8 * values.length; to += 1) {
            sum += values[to]!;
            best = Math.max(best, sum / Math.sqrt(to - from + 2));
          }
        }
        if (found === undefined) return;
        assert.ok(found.z <= best + 1e-9);
        assert.ok(found.first <= found.last && found.last < values.length);
        assert.ok(found.z >= 0.75 * best, `${found.z} of ${best}`);
      }),
    );
  });

  it('counts only where it is spam beyond doubt, and then less than a text; a text counts as it is', () => {
    for (const z of [-3, 0, 9]) assert.equal(counted(z, { isStretch: false }), z);
    assert.equal(counted(9, { isStretch: true }), 8.5);
    assert.equal(counted(5.6, { isStretch: true }), 5.1);
    assert.equal(counted(5.5, { isStretch: true }), Number.NEGATIVE_INFINITY);
  });
});

describe('the part of a text that features stand in', () => {
  const TEXT = 'Hi friend, call 09061234567 now at http://foo.com/abc?x=1 to WIN $1000 today';
  const features = listFeatures(TEXT);
  const between = (first: string, last: string) =>
    stretchOf(TEXT, features.indexOf(first), features.indexOf(last));

  it('is as it was before it was cleaned', () => {
    for (const [first, last, part] of [
      ['word: friend', 'word: call', 'friend, call '],
      ['word: call', 'placeholder: <phone>', 'call 09061234567 '],
      ['word: at', 'word: to', 'at http://foo.com/abc?x=1 to '],
      ['placeholder: <url>', 'word: win', 'http://foo.com/abc?x=1 to WIN '],
      ['word: win', 'word: today', 'WIN $1000 today'],
      ['placeholder: <digits4>', 'placeholder: <digits4>', '1000 '],
    ] as const)
      assert.equal(between(first, last), part);
  });

  it('holds these features, and begins at the start for those of the whole text', () => {
    assert.ok(stretchOf(TEXT, 0, features.indexOf('word: friend')).startsWith('Hi friend'));
    const part = listFeatures(between('word: call', 'word: to'));
    // Behind the word and the pair with the word before it.
    for (const feature of features.slice(features.indexOf('word: call') + 2, features.indexOf('word: to')))
      assert.ok(part.includes(feature), feature);
  });

  it('is a part of any text, whatever is in it', () => {
    const unit = fc.constantFrom(
      'a',
      'é',
      'Я',
      '字',
      'ไ',
      '😀',
      '\ud83d',
      '\u200b',
      '\u0301',
      '5',
      '.',
      '@',
      '/',
      ' ',
      'ﬃ',
    );
    const text = fc.array(unit, { maxLength: 80 }).map((units) => units.join(''));
    fc.assert(
      fc.property(text, fc.nat(), fc.nat(), (of, one, other) => {
        const { count } = extractFeatures(of);
        if (count === 0) return;
        const [first, last] = [one % count, other % count].sort((a, b) => a - b) as [number, number];
        const part = stretchOf(of, first, last);
        assert.ok(part.length <= of.normalize('NFKC').length + 1);
        assert.ok(first === last || part.length > 0);
      }),
    );
  });

  it('is bounded', () => {
    const long = 'ab cd 12345678 '.repeat(10_000);
    const { count } = extractFeatures(long);
    assert.ok(stretchOf(long, 0, count - 1).length <= TEXT_UNITS_MAX);
  });
});

describe('spam between words of ham', () => {
  const USER = 'juliet@capulet.example';
  const words = (letter: string) =>
    Array.from({ length: 60 }, (_, at) => `${letter}${(1e6 + 7919 * at).toString(36)}`);
  const vocabulary = { spam: words('s'), ham: words('h') };
  const random = createRandom(1);
  const written = (label: 'spam' | 'ham', count: number) =>
    Array.from({ length: count }, () => random.pick(vocabulary[label])).join(' ');
  const ham = Array.from({ length: 60 }, () => written('ham', 12));
  const unitOf = ({ opinions }: Verdict, symbol: string) =>
    opinions.find((opinion) => opinion.kind === 'opinion' && opinion.symbol === symbol) as Extract<
      Opinion,
      { kind: 'opinion' }
    >;

  it('is spam, for the server and for a user, and the reason says so', async () => {
    const judge = await createJudge(schema.parse({}));
    try {
      for (const text of ham) {
        await Promise.all([judge.teach('ham', text), judge.teach('spam', written('spam', 12))]);
        if (random.chance(0.2))
          await Promise.all([judge.teach('ham', text, USER), judge.teach('spam', written('spam', 12), USER)]);
      }
      await judge.settle();
      const spam = written('spam', 10);
      assert.equal(unitOf(judge.judge(spam), 'BAYES_SERVER').params?.['stretch'], 0);
      for (const place of ['start', 'end', 'both'] as const)
        for (const user of [undefined, USER]) {
          const verdict = judge.judge(padding(place, 2)(spam, { random, ham }), user);
          assert.equal(verdict.verdict, 'spam', place);
          assert.equal(unitOf(verdict, 'BAYES_SERVER').params?.['stretch'], 1);
          assert.ok(verdict.total < judge.judge(spam, user).total);
          for (const { reason } of verdict.opinions.filter((one) => one.kind === 'abstention'))
            assert.notEqual(reason, 'failed');
        }
      assert.equal(judge.judge(ham.join(' ')).verdict, 'ham');
    } finally {
      await judge.close();
    }
  });
});
