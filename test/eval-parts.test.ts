import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bootstrapInterval } from '../bench/eval/bootstrap.ts';
import { calibrationOf, corrected, reportCalibration, weighed } from '../bench/eval/calibration.ts';
import { renderCalibration } from '../bench/eval/calibration-table.ts';
import { figuresOf, meanFigures } from '../bench/eval/figures.ts';
import { folds } from '../bench/eval/folds.ts';
import { readOptions, STUDIES, USAGE } from '../bench/eval/options.ts';
import { reportRows } from '../bench/eval/row-report.ts';
import { renderRows } from '../bench/eval/row-table.ts';
import { resultOf, type Target, targetsOf } from '../bench/eval/targets.ts';
import { createMessages } from '../bench/generator.ts';
import { createPhraseBank } from '../bench/phrases.ts';
import type { Message } from '../bench/rows.ts';
import { clustersOf } from '../packaging/starter/near-duplicates.ts';
import { caughtAt } from '../src/cli/eval-metrics.ts';

/** Totals of spam and of ham, with a verdict by the thresholds 0 and 5. */
function judgedOf(spam: readonly number[], ham: readonly number[]) {
  const judged = (label: 'spam' | 'ham') => (total: number) => {
    const verdict = total >= 5 ? 'spam' : total <= 0 ? 'ham' : 'unsure';
    return { label, verdict, total, probability: 1 / (1 + Math.exp(-total)) } as const;
  };
  return [...spam.map(judged('spam')), ...ham.map(judged('ham'))];
}

describe('the figures of a row', () => {
  it('are those of eval, with the best threshold and the one that blocks nothing', () => {
    // Of 3 spam two lie above all ham; at a threshold of 1 all of them are caught, and one ham is blocked.
    const figures = figuresOf(judgedOf([9, 6, 1], [3, 0, -1, -2]));
    assert.equal(figures.n, 7);
    assert.equal(figures.spam_caught_at_no_ham_blocked_pct, 200 / 3);
    assert.equal(figures.ham_blocked_pct, 0);
    // At 3.5: (2·4 − 0·1) / √(2·3·4·5) = 0.730; at 1: (3·3 − 1·0) / √(4·3·3·4) = 0.75.
    assert.equal(figures.mcc_best, 0.75);
  });

  it('have a mean, each figure by itself, and none where a row has none', () => {
    const [one, other] = [figuresOf(judgedOf([9, 6], [0])), figuresOf(judgedOf([9, 0], [1]))];
    const mean = meanFigures([one, other]);
    assert.equal(mean.n, 6);
    assert.equal(mean.spam_caught_pct, 75);
    assert.equal(mean.one_minus_auc_pct, 25);
    assert.equal(meanFigures([one, figuresOf(judgedOf([9], []))]).one_minus_auc_pct, null);
  });
});

describe('a bootstrap interval', () => {
  const caught = (outcomes: Parameters<typeof caughtAt>[0]) => caughtAt(outcomes, 0);

  it('has no width where every resample is the same', () => {
    assert.deepEqual(bootstrapInterval([judgedOf([2, 2], [1, 1])], caught), { low: 100, high: 100 });
  });

  it('is that of the binomial law where the figure is a share', () => {
    // 100 spam, 80 of them above the ham: the resampled share has a standard deviation of 4, its middle 95 % are 72 … 87 or 88.
    const spam = Array.from({ length: 100 }, (_, index) => (index < 80 ? 2 : 0));
    const interval = bootstrapInterval([judgedOf(spam, [1])], caught);
    assert.ok(interval !== undefined);
    assert.ok(Math.abs(interval.low - 72) <= 1, `low end ${interval.low}`);
    assert.ok(Math.abs(interval.high - 87.5) <= 1, `high end ${interval.high}`);
  });

  it('is narrower for a mean over sets, and the same each time', () => {
    const set = judgedOf([2, 2, 2, 0], [1, 1]);
    const one = bootstrapInterval([set], caught)!;
    const mean = bootstrapInterval([set, set, set, set], caught)!;
    assert.ok(mean.high - mean.low < one.high - one.low);
    assert.deepEqual(bootstrapInterval([set], caught), one);
  });

  it('is none where there is no figure', () => {
    assert.equal(bootstrapInterval([judgedOf([1], [])], caught), undefined);
  });
});

describe('targets', () => {
  const low: Target = { row: 'x', figure: 'one_minus_auc_pct', limit: 0.5, wanted: 'at-most' };
  const high: Target = { ...low, limit: 90, wanted: 'at-least' };
  const CASES = [
    ['a figure at its limit', low, 0.5, undefined, true],
    ['a figure beyond it', low, 0.51, undefined, false],
    ['an interval that holds the limit', low, 0.6, { low: 0.4, high: 0.9 }, true],
    ['an interval beyond it', low, 0.6, { low: 0.51, high: 0.9 }, false],
    ['an interval on the right side of it', low, 0.2, { low: 0.1, high: 0.3 }, true],
    ['too little caught', high, 89, undefined, false],
    ['an interval that ends at the least wanted', high, 80, { low: 70, high: 90 }, true],
    ['an interval below it', high, 80, { low: 70, high: 89 }, false],
    ['no figure', low, null, undefined, false],
  ] as const;
  for (const [name, target, value, interval, met] of CASES)
    it(`${met ? 'are met' : 'are missed'} by ${name}`, () => {
      assert.equal(resultOf(target, value, interval).met, met);
    });

  it('hold the ham blocked on rows of 800 messages, whatever they are called', () => {
    assert.deepEqual(targetsOf('unheard of', 799), []);
    assert.deepEqual(targetsOf('unheard of', 800), [
      { row: 'unheard of', figure: 'ham_blocked_pct', limit: 0.3, wanted: 'at-most' },
    ]);
  });
});

describe('folds', () => {
  const stream = createMessages(createPhraseBank(1, 3000), 1, 100);
  const messages = Array.from({ length: 1000 }, (_, index): Message => {
    const { text, spam } = stream.next();
    return { label: spam ? 'spam' : 'ham', lang: 'und', text: `${text}${['', ' 17'][index % 2]}` };
  });
  const parts = folds(messages);

  it('hold every message once, in parts alike in size and class', () => {
    assert.deepEqual(new Set(parts.flat()), new Set(messages));
    assert.equal(parts.flat().length, messages.length);
    for (const label of ['spam', 'ham'] as const) {
      const counts = parts.map((part) => part.filter((message) => message.label === label).length);
      const fair = messages.filter((message) => message.label === label).length / parts.length;
      for (const count of counts) assert.ok(Math.abs(count - fair) < 0.1 * fair, `${label}: ${counts}`);
    }
  });

  it('have near-duplicates in one part, and are the same each time', () => {
    const partOf = new Map(parts.flatMap((part, index) => part.map((message) => [message, index])));
    const roots = clustersOf(messages.map(({ text }) => text));
    for (const [index, message] of messages.entries())
      assert.equal(partOf.get(message), partOf.get(messages[roots[index]!]!));
    assert.deepEqual(folds(messages), parts);
  });
});

describe('the report of rows', () => {
  const runs = ['psy', 'perry', 'lmfao', 'eminem', 'shakira'].map((name, index) => ({
    name: `youtube-${name}`,
    judged: judgedOf([9, 6, index], [2, 0, -1]),
  }));
  const large = { name: 'turkish', judged: judgedOf(Array(800).fill(9), Array(400).fill(-1)) };

  it('has the mean of the five behind them, with an interval and its targets', () => {
    const reports = reportRows([large, ...runs]);
    assert.deepEqual(
      reports.map(({ name }) => name),
      ['turkish', ...runs.map(({ name }) => name), 'youtube-mean'],
    );
    const mean = reports.at(-1)!;
    // Of nine pairs each, wrong in the five: one and a tie, one, a tie, none, none.
    assert.ok(Math.abs(mean.figures.one_minus_auc_pct! - (100 * 3) / 9 / 5) < 1e-9);
    assert.ok(mean.intervals.one_minus_auc_pct !== undefined);
    assert.deepEqual(
      mean.results.map(({ figure }) => figure),
      ['one_minus_auc_pct', 'spam_caught_at_no_ham_blocked_pct'],
    );
    assert.deepEqual(reports[0]!.intervals, {});
    assert.ok(!reportRows(runs.slice(1)).some(({ name }) => name === 'youtube-mean'));
  });

  it('fits into 80 columns', () => {
    const lines = renderRows(reportRows([large, ...runs])).split('\n');
    assert.ok(lines.every((line) => line.length <= 80));
    assert.ok(lines.includes('✔ turkish          1-AUC %           0.000  <= 0.02'));
  });
});

describe('calibration', () => {
  const told = (probability: number, spam: number, ham: number) => [
    ...Array.from({ length: spam }, () => ({ probability, isSpam: true, weight: 1 })),
    ...Array.from({ length: ham }, () => ({ probability, isSpam: false, weight: 1 })),
  ];

  it('is without error where each probability is the share of spam', () => {
    const { expected_error, bins, spam_share } = calibrationOf([...told(0.2, 2, 8), ...told(0.6, 6, 4)], 2);
    assert.ok(expected_error < 1e-12);
    assert.equal(spam_share, 0.4);
    assert.deepEqual(
      bins.map(({ messages, mass }) => [messages, mass]),
      [
        [10, 0.5],
        [10, 0.5],
      ],
    );
  });

  it('is the mean distance of the bins by their mass', () => {
    // Three quarters at a distance of 0.1, a quarter at one of 0.3.
    const { expected_error } = calibrationOf([...told(0.1, 0, 15), ...told(0.7, 5, 0)], 4);
    assert.ok(Math.abs(expected_error - (0.75 * 0.1 + 0.25 * 0.3)) < 1e-12);
  });

  it('keeps messages of one probability in one bin', () => {
    const all = [...told(0.3, 1, 1), ...told(0.5, 8, 8), ...told(0.9, 2, 0)];
    assert.deepEqual(
      calibrationOf(all, 5).bins.map(({ messages }) => messages),
      [18, 2],
    );
  });

  it('has bins of equal mass', () => {
    const all = Array.from({ length: 150 }, (_, index) =>
      told(index / 150, index % 2, 1 - (index % 2)),
    ).flat();
    assert.deepEqual(
      calibrationOf(all).bins.map(({ messages }) => messages),
      Array(15).fill(10),
    );
  });

  it('weighs the same messages as another mix', () => {
    const other = weighed(told(0.5, 2, 2), 0.05);
    assert.ok(Math.abs(calibrationOf(other).spam_share - 0.05) < 1e-12);
    assert.ok(Math.abs(other.reduce((sum, { weight }) => sum + weight, 0) - 4) < 1e-12);
  });

  it('is kept by the correction: what was right in one mix is right in the other', () => {
    const all = [...told(0.2, 2, 8), ...told(0.6, 6, 4)];
    const shifted = weighed(all, 0.05);
    assert.ok(calibrationOf(shifted, 2).expected_error > 0.2);
    assert.ok(calibrationOf(corrected(shifted, 0.4, 0.05), 2).expected_error < 1e-12);
    // Odds of 1 become those of (0.05 / 0.95) ÷ (0.4 / 0.6) = 0.0789.
    assert.ok(Math.abs(corrected(told(0.5, 1, 0), 0.4, 0.05)[0]!.probability - 0.0789 / 1.0789) < 1e-4);
  });

  it('is told of large rows alone, in 80 columns', () => {
    const large = { name: 'turkish', judged: judgedOf(Array(500).fill(9), Array(500).fill(-1)) };
    const small = { name: 'thai', judged: judgedOf([9], [-1]) };
    const report = reportCalibration([large, small])!;
    assert.deepEqual(report.rows, ['turkish']);
    assert.equal(report.own_mix.messages, 1000);
    assert.ok(
      renderCalibration(report)
        .split('\n')
        .every((line) => line.length <= 80),
    );
    assert.equal(reportCalibration([small]), undefined);
  });
});

describe('the options of eval', () => {
  it('are rows alone by default, studies alone where named, and both with "all"', () => {
    assert.deepEqual({ ...readOptions([]), corpora: '' }.studies, []);
    assert.equal(readOptions([])!.rows, true);
    const studies = readOptions(['--study', 'calibration', '--row', 'thai', '--row', 'sms'])!;
    assert.deepEqual([studies.rows, studies.studies], [false, ['calibration']]);
    assert.deepEqual(studies.only, ['thai', 'sms']);
    const all = readOptions(['--study', 'all'])!;
    assert.deepEqual([all.rows, all.studies], [true, STUDIES]);
  });

  it('are refused where nothing is called so', () => {
    assert.throws(() => readOptions(['--study', 'moon']), /there is no "moon"; there are calibration/);
    assert.throws(() => readOptions(['--stduy', 'month']));
    assert.equal(readOptions(['--help']), undefined);
    assert.ok(USAGE.split('\n').every((line) => line.length <= 80));
  });
});
