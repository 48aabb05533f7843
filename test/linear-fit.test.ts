import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createRandom } from '../bench/random.ts';
import { countBuckets, squaredRatio, squaredRatiosUnknown } from '../src/linear/counts.ts';
import { descend, type Weights } from '../src/linear/descent.ts';
import { together } from '../src/linear/estimate.ts';
import { fitModel } from '../src/linear/fit.ts';
import { LinearModel, pack } from '../src/linear/model.ts';
import { partsOf } from '../src/linear/parts.ts';
import { evenly, lessonsOf, type Problem, problemOf, slotsOf } from '../src/linear/problem.ts';
import { bucketOf, scriptOf } from '../src/store/slots.ts';
import type { FitLesson, LessonLabel } from '../src/store/store.ts';
import {
  easyLessons,
  fitLesson,
  hardLessons,
  OF_BOTH,
  OF_HAM,
  OF_SPAM,
  slotOfFeature,
  someOf,
} from './linear-lessons.ts';

const COST = 300;
/** Enough for lessons that cannot be told apart; ordinary ones need twelve. */
const ROUNDS = 3_000;
const NO_TOKENS = new Int32Array(0);

function modelOf(lessons: readonly FitLesson[]): LinearModel {
  return new LinearModel(fitModel(problemOf(lessons)));
}

function estimateOf(model: LinearModel, slots: Uint32Array) {
  const estimate = { z: 0, known: 0 };
  model.estimate(NO_TOKENS, 0, slots, estimate);
  return estimate;
}

function ofFeatures(model: LinearModel, features: readonly number[]) {
  return estimateOf(
    model,
    Uint32Array.from(features, (feature) => slotOfFeature(feature)),
  );
}

/** Rows of values of length 1 over the known buckets and, last, the bias, as the descent is said to see them. */
function rowsOf(problem: Problem, { pairs, unknown }: Weights) {
  const columns = new Map<number, number>();
  for (const slot of problem.slots) {
    const bucket = bucketOf(slot);
    if ((pairs[2 * bucket + 1] as number) > 0 && !columns.has(bucket)) columns.set(bucket, columns.size);
  }
  const rows = Array.from({ length: problem.labels.length }, (_, index) => {
    const values = new Float64Array(columns.size + 1);
    values[columns.size] = 1;
    let squares = 1;
    for (const slot of slotsOf(problem, index)) {
      const bucket = bucketOf(slot);
      const column = columns.get(bucket);
      const square = column === undefined ? unknown[scriptOf(slot)] : pairs[2 * bucket + 1];
      squares += square as number;
      if (column !== undefined) values[column] = Math.sqrt(square as number);
    }
    return values.map((value) => value / Math.sqrt(squares));
  });
  return { columns, rows };
}

function dot(one: Float64Array, other: Float64Array): number {
  return one.reduce((sum, value, index) => sum + value * (other[index] as number), 0);
}

/** ½|w|² + Σ cost × ln(1 + e^−margin): what the descent makes smallest. */
function objective(problem: Problem, rows: readonly Float64Array[], weights: Float64Array): number {
  const losses = rows.map((row, index) => {
    const sign = problem.labels[index] === 1 ? 1 : -1;
    return COST * (problem.weights[index] as number) * Math.log1p(Math.exp(-sign * dot(row, weights)));
  });
  return dot(weights, weights) / 2 + losses.reduce((sum, loss) => sum + loss, 0);
}

/** Slow and plain: down the slope, with a step that is halved where it goes up. */
function byGradient(problem: Problem, rows: readonly Float64Array[]): Float64Array {
  let weights = new Float64Array((rows[0] as Float64Array).length);
  let best = objective(problem, rows, weights);
  let step = 1e-2;
  for (let round = 0; round < 20_000 && step > 1e-12; round += 1) {
    const slope = Float64Array.from(weights);
    for (const [index, row] of rows.entries()) {
      const sign = problem.labels[index] === 1 ? 1 : -1;
      const pull =
        (sign * COST * (problem.weights[index] as number)) / (1 + Math.exp(sign * dot(row, weights)));
      for (const [column, value] of row.entries()) slope[column] = (slope[column] as number) - pull * value;
    }
    const next = weights.map((weight, column) => weight - step * (slope[column] as number));
    const reached = objective(problem, rows, next);
    step *= reached < best ? 1.3 : 0.5;
    if (reached < best) [weights, best] = [next, reached];
  }
  return weights;
}

/** Lessons that no weights can tell apart in full. */
function muddled(count: number): FitLesson[] {
  const random = createRandom(9);
  return Array.from({ length: count }, (_, index) =>
    fitLesson(
      index % 2 === 0 ? 'spam' : 'ham',
      [...someOf(random, 3, random.below(5) > 0 ? 10 + 10 * (index % 2) : 10 + 10 * random.below(2), 10)],
      { weight: 0.25 + random.below(4) / 4 },
    ),
  );
}

describe('the descent', () => {
  it('ends where a slow and plain method ends', () => {
    const problem = problemOf(muddled(120));
    const found = descend(problem, countBuckets(problem), ROUNDS);
    const { columns, rows } = rowsOf(problem, found);
    const weights = new Float64Array(columns.size + 1);
    for (const [bucket, column] of columns)
      weights[column] =
        (found.pairs[2 * bucket] as number) / Math.sqrt(found.pairs[2 * bucket + 1] as number);
    weights[columns.size] = found.bias;
    const slow = byGradient(problem, rows);
    const reached = objective(problem, rows, weights);
    const least = objective(problem, rows, slow);
    assert.ok(reached < least * 1.001, `${reached} is not ${least}`);
    for (const row of rows) assert.ok(Math.abs(dot(row, weights) - dot(row, slow)) < 0.05);
  });

  it('is the same each time', () => {
    const problem = problemOf(hardLessons(300));
    const one = descend(problem, countBuckets(problem));
    const other = descend(problem, countBuckets(problem));
    assert.deepEqual(one, other);
    assert.equal(fitModel(problem).id, fitModel(problem).id);
  });

  it('takes a lesson of twice the weight for two', () => {
    const lessons = muddled(60);
    const heavy = problemOf(lessons.map((lesson) => ({ ...lesson, weight: 2 })));
    const twice = problemOf([...lessons, ...lessons].map((lesson) => ({ ...lesson, weight: 1 })));
    const [one, other] = [heavy, twice].map((problem) => descend(problem, countBuckets(problem), ROUNDS));
    for (let feature = 10; feature < 30; feature += 1) {
      const pair = 2 * bucketOf(slotOfFeature(feature));
      const difference =
        ((one as Weights).pairs[pair] as number) - ((other as Weights).pairs[pair] as number);
      assert.ok(Math.abs(difference) < 0.05, `${feature}: ${difference}`);
    }
  });
});

describe('a fitted model', () => {
  it('gives what plain sums give', () => {
    const problem = problemOf(hardLessons(400));
    const weights = descend(problem, countBuckets(problem));
    const model = new LinearModel({ id: '', ...pack(weights), caution: 1, spam: 1, ham: 1 });
    const random = createRandom(4);
    for (let text = 0; text < 50; text += 1) {
      const features = [
        ...someOf(random, 10, OF_SPAM, 400),
        ...someOf(random, 10, OF_HAM, 400),
        ...someOf(random, 3, OF_BOTH, 80),
      ];
      const slots = Uint32Array.from(features, (feature) => slotOfFeature(feature));
      let sum = weights.bias;
      let squares = 1;
      let known = 0;
      for (const slot of slots) {
        const square = weights.pairs[2 * bucketOf(slot) + 1] as number;
        sum += weights.pairs[2 * bucketOf(slot)] as number;
        squares += square > 0 ? square : (weights.unknown[scriptOf(slot)] as number);
        if (square > 0) known += 1;
      }
      const { z, known: part } = estimateOf(model, slots);
      assert.ok(Math.abs(z - sum / Math.sqrt(squares)) < 0.1, `${z}, not ${sum / Math.sqrt(squares)}`);
      assert.ok(Math.abs(part - known / slots.length) < 1e-9);
    }
  });

  it('takes a token by its id as it takes its slot', () => {
    const model = modelOf(easyLessons(100));
    const features = [OF_SPAM, OF_SPAM + 7, OF_HAM + 3, OF_BOTH, OF_BOTH + 900];
    const sids = new Int32Array(4 * features.length);
    for (const [index, feature] of features.entries()) {
      sids[4 * index] = feature << 12;
      sids[4 * index + 2] = 1;
    }
    const byId = { z: 0, known: 0 };
    model.estimate(sids, features.length, new Uint32Array(0), byId);
    assert.deepEqual(byId, ofFeatures(model, features));
  });

  it('knows spam from ham, and says how much of a text it knows', () => {
    const model = modelOf(easyLessons(200));
    const random = createRandom(2);
    assert.ok(ofFeatures(model, someOf(random, 20, OF_SPAM, 300)).z > 3);
    assert.ok(ofFeatures(model, someOf(random, 20, OF_HAM, 300)).z < -3);
    assert.equal(ofFeatures(model, [OF_SPAM, OF_HAM, 900, 901]).known, 0.5);
    assert.deepEqual(ofFeatures(model, []).known, 0);
    const unknown = ofFeatures(model, [900, 901, 902]);
    assert.equal(unknown.known, 0);
    assert.ok(Math.abs(unknown.z) < 1, `${unknown.z}`);
  });

  it('knows nothing of what one reporter alone has brought, however often', () => {
    const lessons = easyLessons(100);
    const alone = Array.from({ length: 30 }, () =>
      fitLesson('spam', [700, 701, OF_SPAM], { reporter: 65_535 }),
    );
    assert.equal(ofFeatures(modelOf([...lessons, ...alone]), [700, 701]).known, 0);
    const second = fitLesson('spam', [700, OF_SPAM], { reporter: 9 });
    assert.equal(ofFeatures(modelOf([...lessons, ...alone, second]), [700]).known, 1);
    assert.equal(ofFeatures(modelOf([...lessons, ...alone, second]), [701]).known, 0);
    const operator = fitLesson('ham', [701, OF_HAM]);
    assert.equal(ofFeatures(modelOf([...lessons, ...alone, operator]), [701]).known, 1);
    assert.equal(ofFeatures(modelOf([operator, ...lessons, ...alone]), [701]).known, 1);
  });

  it('does not let what one reporter alone has brought weigh on others by the length of their lessons', () => {
    const lessons = easyLessons(100);
    const model = modelOf(lessons);
    const text = someOf(createRandom(6), 20, OF_SPAM, 300);
    const { z } = ofFeatures(model, text);
    const long = fitLesson('spam', someOf(createRandom(3), 120, 1_000, 5_000), { reporter: 7 });
    const beside = ofFeatures(modelOf([...lessons, long]), text);
    assert.ok(Math.abs(beside.z - z) < 0.3, `${beside.z}, not ${z}`);
  });
});

describe('the ratio by which a feature counts', () => {
  const lessons = (label: LessonLabel, script: number, features: readonly number[], count: number) => {
    const slots = Uint32Array.from(features, (feature) => slotOfFeature(feature, script));
    return Array.from({ length: count }, () => fitLesson(label, [], { slots }));
  };

  it('is that of its rates among the lessons that hold its script', () => {
    const counts = countBuckets(
      problemOf([
        ...lessons('ham', 1, [1, 2], 1_000),
        ...lessons('spam', 3, [50, 51], 99),
        ...lessons('spam', 3, [50], 100),
      ]),
    );
    // Of 199 spam all hold 50, of no ham none: its script has no ham to be compared with.
    assert.equal(squaredRatio(counts, slotOfFeature(50, 3)), Math.log(199.5 / 200 / 0.5) ** 2);
    assert.equal(squaredRatio(counts, slotOfFeature(51, 3)), Math.log(99.5 / 200 / 0.5) ** 2);
    assert.equal(squaredRatio(counts, slotOfFeature(1, 1)), Math.log(0.5 / 1 / (1_000.5 / 1_001)) ** 2);
    assert.equal(squaredRatiosUnknown(counts)[3], Math.log(0.5 / 200 / 0.5) ** 2);
  });

  it('takes what was taught before scripts were told apart for all of them', () => {
    const old = lessons('spam', 0, [1], 10).map((lesson) => ({ ...lesson, scripts: 0xffff }));
    const counts = countBuckets(problemOf([...old, ...lessons('ham', 1, [1], 5)]));
    assert.deepEqual(new Set(counts.spamByScript), new Set([10]));
    assert.deepEqual([...counts.hamByScript.subarray(0, 3)], [5, 5, 0]);
  });
});

describe('the caution of a fit', () => {
  it('is 1 where ham is easily told from spam', () => {
    assert.equal(modelOf(easyLessons(600)).caution, 1);
  });

  it('is less where ham that was held out looks like spam, and no less than a half', () => {
    const { caution } = modelOf(hardLessons(600));
    assert.ok(caution < 1 && caution >= 0.5, `${caution}`);
  });

  it('is 1 where nothing can be held out', () => {
    assert.equal(modelOf([fitLesson('spam', [1]), fitLesson('ham', [2])]).caution, 1);
  });

  it('holds near-duplicates out together', () => {
    const random = createRandom(5);
    const pairs = Array.from({ length: 300 }, () => {
      const features = someOf(random, 100, 0, 100_000);
      const copy = [...features.slice(5), ...someOf(random, 5, 200_000, 100_000)];
      return [fitLesson('spam', features), fitLesson('ham', copy)] as const;
    });
    const parts = partsOf(problemOf(pairs.flat()), 3);
    const apart = pairs.filter((_, index) => parts[2 * index] !== parts[2 * index + 1]).length;
    assert.equal(apart, 0);
    for (const part of [0, 1, 2]) {
      const size = parts.filter((one) => one === part).length;
      assert.ok(size > 120 && size < 280, `${size} of 600`);
    }
    assert.deepEqual(partsOf(problemOf(pairs.flat()), 3), parts);
  });
});

describe('both models together', () => {
  it('are the linear one and half of the other where all is known, and the other alone where nothing is', () => {
    assert.equal(together({ z: 4, known: 1 }, 6, 1), 7);
    assert.equal(together({ z: 4, known: 0 }, 6, 1), 6);
    assert.equal(together({ z: 4, known: 0.5 }, 6, 1), 6.5);
    assert.equal(together({ z: 4, known: 1 }, 6, 0.5), 3.5);
  });
});

describe('the lessons of a fit', () => {
  it('come back as they were packed', () => {
    const lessons = easyLessons(20).map((lesson, index) => ({ ...lesson, scripts: 3, reporter: index }));
    assert.deepEqual(lessonsOf(problemOf(lessons)), lessons);
    assert.deepEqual(lessonsOf(problemOf(lessons), [3, 7]), [lessons[3], lessons[7]]);
  });

  it('are the first of each class, half of them each where there are enough', () => {
    const of = (spam: number, ham: number) => [
      ...Array.from({ length: spam }, (_, index) => fitLesson('spam', [index])),
      ...Array.from({ length: ham }, (_, index) => fitLesson('ham', [index])),
    ];
    const counts = (lessons: readonly FitLesson[], most: number) => {
      const chosen = evenly(lessons, most);
      const spam = chosen.filter(({ label }) => label === 'spam');
      assert.deepEqual(spam, lessons.slice(0, spam.length));
      return [spam.length, chosen.length - spam.length];
    };
    assert.deepEqual(counts(of(20, 20), 10), [5, 5]);
    assert.deepEqual(counts(of(20, 2), 10), [8, 2]);
    assert.deepEqual(counts(of(1, 20), 10), [1, 9]);
    assert.deepEqual(counts(of(3, 4), 10), [3, 4]);
    assert.deepEqual(counts(of(20, 20), 11), [5, 5]);
  });
});
