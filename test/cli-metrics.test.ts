import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  areaUnderCurve,
  bestMatthews,
  caughtAt,
  evalMetrics,
  matthews,
  type Outcome,
} from '../src/cli/eval-metrics.ts';

/** Totals of spam and of ham; a verdict by the thresholds 0 and 5. */
function outcomesOf(spam: readonly number[], ham: readonly number[]): Outcome[] {
  const outcome = (label: 'spam' | 'ham') => (total: number) => {
    const verdict = total >= 5 ? 'spam' : total <= 0 ? 'ham' : 'unsure';
    return { label, verdict, total } as const;
  };
  return [...spam.map(outcome('spam')), ...ham.map(outcome('ham'))];
}

describe('evalMetrics', () => {
  it('counts unsure as not blocked', () => {
    // 3 spam: caught, unsure, missed; 5 ham: blocked, unsure, three passed.
    const metrics = evalMetrics(outcomesOf([9, 3, -1], [6, 2, -1, -2, 0]));
    assert.deepEqual(metrics, {
      n: 8,
      accuracy_pct: 62.5,
      spam_caught_pct: 100 / 3,
      ham_blocked_pct: 20,
      // (1·4 − 1·2) / √(2·3·5·6)
      mcc: 2 / Math.sqrt(180),
      // Of 15 pairs, 5 + 4 + 1½ have the spam above the ham: −1 ties with −1.
      one_minus_auc_pct: 100 * (1 - 10.5 / 15),
      spam_caught_at_ham_blocked_0_1_pct: 100 / 3,
      unsure_pct: 25,
    });
  });

  it('has no figure where there is nothing to divide by', () => {
    const figures = [
      'spam_caught_pct',
      'mcc',
      'one_minus_auc_pct',
      'spam_caught_at_ham_blocked_0_1_pct',
    ] as const;
    const metrics = evalMetrics(outcomesOf([], [6, -1]));
    for (const figure of figures) assert.equal(metrics[figure], null, figure);
    assert.equal(metrics.ham_blocked_pct, 50);
    assert.equal(evalMetrics([]).accuracy_pct, null);
  });
});

describe('areaUnderCurve', () => {
  const VECTORS = [
    ['all spam above all ham', [2, 3], [0, 1], 1],
    ['all spam below all ham', [0, 1], [2, 3], 0],
    ['one total for all', [0, 0, 0], [0, 0], 0.5],
    ['a tie of one spam and one ham', [1, 2], [1, 0], 0.875],
    ['ties at both ends', [0, 1, 1], [0, 0, 1], 6 / 9],
  ] as const;
  for (const [name, spam, ham, expected] of VECTORS) {
    it(`is ${expected.toFixed(3)} for ${name}`, () => {
      assert.ok(Math.abs((areaUnderCurve(outcomesOf(spam, ham)) ?? -1) - expected) < 1e-12);
    });
  }

  it('is the share of pairs with the spam above, half for ties', () => {
    const totals = fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(totals, totals, (spam, ham) => {
        const pairs = spam.flatMap((a) => ham.map((b): number => (a > b ? 1 : a === b ? 0.5 : 0)));
        const share = pairs.reduce((sum, value) => sum + value, 0) / pairs.length;
        assert.ok(Math.abs((areaUnderCurve(outcomesOf(spam, ham)) ?? -1) - share) < 1e-9);
      }),
    );
  });
});

describe('caughtAt', () => {
  const thousandHam = Array.from({ length: 1_000 }, (_, index) => -index);

  it('allows one ham in a thousand, and no second one', () => {
    assert.equal(caughtAt(outcomesOf([1, 0.5, -0.5, -1.5], thousandHam), 0.001), 75);
  });

  it('takes messages of one total together', () => {
    assert.equal(caughtAt(outcomesOf([1, -1], [...thousandHam, 1]), 0.001), 50);
    assert.equal(caughtAt(outcomesOf([1, 1], [1, 1, 0]), 0.001), 0);
  });

  it('catches all where all ham lies below', () => {
    assert.equal(caughtAt(outcomesOf([3, 2], [1, 0]), 0.001), 100);
  });
});

describe('matthews', () => {
  const VECTORS = [
    ['a perfect filter', [5, 0, 0, 7], 1],
    ['a filter that is always wrong', [0, 5, 7, 0], -1],
    ['a filter that never says spam', [0, 5, 0, 7], null],
    // (6·3 − 2·1) / √(7·8·4·5)
    ['a known table', [6, 2, 1, 3], 0.4781],
  ] as const;
  for (const [name, [tp, fn, fp, tn], expected] of VECTORS) {
    it(`is ${expected} for ${name}`, () => {
      const value = matthews({
        truePositives: tp,
        falseNegatives: fn,
        falsePositives: fp,
        trueNegatives: tn,
      });
      if (expected === null) assert.equal(value, null);
      else assert.ok(Math.abs((value ?? Number.NaN) - expected) < 5e-5, String(value));
    });
  }
});

describe('bestMatthews', () => {
  const VECTORS = [
    ['classes that a threshold parts', [3, 2], [1, 0], 1],
    // A threshold at 2: (1·2 − 0·1) / √(1·2·2·3), at 0: (2·1 − 1·0) / √(3·2·1·2); at 1 nothing is parted.
    ['one ham between two spam', [2, 0], [1, -1], 1 / Math.sqrt(3)],
    ['a tie that no threshold parts', [1, 1], [1, 0], 0.5773502691896258],
    ['one total for all', [0, 0], [0], null],
    ['no ham', [1, 2], [], null],
  ] as const;
  for (const [name, spam, ham, expected] of VECTORS) {
    it(`is ${expected?.toFixed(3) ?? 'nothing'} for ${name}`, () => {
      const value = bestMatthews(outcomesOf(spam, ham));
      if (expected === null) assert.equal(value, null);
      else assert.ok(Math.abs((value ?? Number.NaN) - expected) < 1e-12, String(value));
    });
  }

  it('is at least that of the shipped threshold', () => {
    const totals = fc.array(fc.integer({ min: -1, max: 8 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(totals, totals, (spam, ham) => {
        const outcomes = outcomesOf(spam, ham);
        const { mcc } = evalMetrics(outcomes);
        assert.ok(mcc === null || (bestMatthews(outcomes) ?? -2) >= mcc - 1e-12);
      }),
    );
  });
});
