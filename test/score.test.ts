import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { defaultConfig } from '../src/config/load.ts';
import { schema } from '../src/config/schema.ts';
import { REPORTED_SCORE } from '../src/filters/bayes/reported.ts';
import { abstain, type Judged, type Opinion } from '../src/model/opinion.ts';
import { UNITS, type UnitName } from '../src/model/unit.ts';
import { roundedPoints, type VerdictName } from '../src/model/verdict.ts';
import { scoreOptions } from '../src/pipeline/options.ts';
import { bounded, breakdown, GROUPS, score } from '../src/pipeline/score.ts';

const OPTIONS = scoreOptions(defaultConfig());
/** Scores are open at their ends; this is as near as a filter comes. */
const ALMOST_ONE = 0.999;

function opinionsOf(scores: Partial<Record<UnitName, number>>): Opinion[] {
  return UNITS.map((unit): Opinion => {
    const value = scores[unit];
    return value === undefined
      ? abstain('pending')
      : { kind: 'opinion', score: value, symbol: 'TEST', params: {} };
  });
}

function says(scores: Partial<Record<UnitName, number>>) {
  return score(UNITS, opinionsOf(scores), OPTIONS);
}

describe('bounded', () => {
  it('is strictly increasing, keeps the sign and never reaches the cap', () => {
    const points = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(points, points, (a, b) => {
        const cap = { spam: 9, ham: 4 };
        const [low, high] = a < b ? [a, b] : [b, a];
        if (high - low > 1e-3) assert.ok(bounded(low, cap) < bounded(high, cap));
        assert.ok(bounded(high, cap) < 9 && bounded(low, cap) > -4);
        assert.ok(Math.sign(bounded(a, cap)) === Math.sign(a));
      }),
    );
  });

  it('lets nothing through a cap of zero', () => {
    assert.equal(bounded(50, { spam: 0, ham: 2 }), 0);
  });
});

describe('the shipped weights and caps', () => {
  it('let Bayes alone reach spam', () => {
    assert.equal(says({ 'bayes.server': 0.9, 'bayes.user': 0.5 }).verdict, 'spam');
    assert.equal(says({ 'bayes.server': ALMOST_ONE }).verdict, 'spam');
  });

  it('let karma alone reach spam', () => {
    assert.equal(says({ 'karma.jid_rate': ALMOST_ONE }).verdict, 'spam');
  });

  it('let authentication alone never leave unsure', () => {
    assert.equal(says({ 'auth.stream': ALMOST_ONE }).verdict, 'unsure');
    assert.equal(says({ 'auth.stream': -ALMOST_ONE }).verdict, 'unsure');
  });

  it('let the best authentication never turn a spam at the cap of Bayes into ham', () => {
    const opinions = { 'bayes.server': ALMOST_ONE, 'bayes.user': ALMOST_ONE, 'auth.stream': -ALMOST_ONE };
    assert.notEqual(says(opinions).verdict, 'ham');
  });

  it('let a text that was reported be spam whatever all other units say', () => {
    const all = Object.fromEntries(UNITS.map((unit) => [unit, -1 / Number.EPSILON]));
    assert.equal(says({ ...all, 'bayes.reported': REPORTED_SCORE }).verdict, 'spam');
    assert.equal(says({ 'bayes.reported': REPORTED_SCORE }).verdict, 'spam');
  });

  it('let it be so against the caps of groups that have no unit yet', () => {
    const { caps, weights, spamThreshold } = OPTIONS;
    const points = bounded(weights['bayes.reported'] * REPORTED_SCORE, caps.reported);
    const outer = GROUPS.filter((group) => !group.includes('.') && group !== 'reported');
    const against = outer.reduce((sum, group) => sum + caps[group].ham, 0);
    assert.ok(points - against >= spamThreshold, `${points} − ${against}`);
  });

  it('are refused where authentication and proof of work together could convict', () => {
    const { spam } = defaultConfig().thresholds;
    assert.equal(schema.safeParse({ groups: { auth: { cap_spam: spam } } }).success, false);
    assert.equal(
      schema.safeParse({ groups: { auth: { cap_spam: spam - 1 }, pow: { cap_spam: 1 } } }).success,
      false,
    );
    assert.equal(schema.safeParse({ groups: { auth: { cap_spam: spam - 1 } } }).success, true);
  });
});

describe('score', () => {
  it('says unsure where every filter abstains', () => {
    const scored = says({});
    assert.equal(scored.verdict, 'unsure');
    assert.equal(scored.total, 0);
    assert.equal(breakdown(UNITS, opinionsOf({}), OPTIONS).groups.length, 0);
  });

  it('acquits nobody on what was learnt elsewhere, whoever else has an opinion', () => {
    const verdictOf = (scores: Partial<Record<UnitName, number>>, isProvisional: boolean) => {
      const [server, ...others] = opinionsOf({ 'bayes.server': -0.9, ...scores }) as [Judged, ...Opinion[]];
      return score(UNITS, [{ ...server, isProvisional }, ...others], OPTIONS).verdict;
    };
    // That a user's lessons say little, or that somebody writes too much, makes it no lesson of this server.
    for (const scores of [{}, { 'bayes.user': -0.1 }, { 'karma.jid_rate': 0.1 }, { 'auth.stream': -0.9 }]) {
      assert.equal(verdictOf(scores, true), 'unsure');
      assert.equal(verdictOf(scores, false), 'ham');
    }
    assert.equal(verdictOf({ 'bayes.server': 0.9 }, true), 'spam');
  });

  it('takes a verdict apart so that its parts add up to the total', () => {
    const scores = { 'bayes.server': 0.6, 'bayes.user': -0.2, 'karma.jid_rate': 0.3, 'auth.stream': -0.7 };
    const { units, groups } = breakdown(UNITS, opinionsOf(scores), OPTIONS);
    const outer = groups.filter((group) => ['bayes', 'karma', 'auth'].includes(group.group));
    assert.ok(Math.abs(outer.reduce((sum, group) => sum + group.capped, 0) - says(scores).total) < 1e-12);
    for (const unit of units) {
      if (unit.opinion.kind === 'opinion') assert.equal(unit.points, unit.weight * unit.opinion.score);
    }
  });

  it('leaves out a unit of weight 0, abstaining or not', () => {
    const options = { ...OPTIONS, weights: { ...OPTIONS.weights, 'bayes.server': 0 } };
    const opinions: Opinion[] = UNITS.map(() => ({
      kind: 'opinion',
      score: 0.9,
      symbol: 'TEST',
      params: {},
    }));
    const only = score(['bayes.server'], opinions, options);
    assert.equal(only.verdict, 'unsure');
    assert.equal(only.total, 0);
  });

  it('has a probability that rises with the total', () => {
    const totals = [-0.9, -0.3, 0.2, 0.6, 0.95].map((value) => says({ 'bayes.server': value }));
    for (let index = 1; index < totals.length; index += 1) {
      assert.ok((totals[index]?.probability ?? 0) > (totals[index - 1]?.probability ?? 1));
    }
  });
});

describe('points as they are told', () => {
  const ROWS: readonly (readonly [VerdictName, total: number, threshold: number, points: string])[] = [
    ['spam', 5, 5, '5.0'],
    ['spam', 5.04, 5, '5.0'],
    ['spam', 5.251, 5.25, '5.3'],
    ['unsure', 4.94, 5, '4.9'],
    // Rounded, they would be the threshold, and a client that goes by the numbers would see spam.
    ['unsure', 4.96, 5, '4.9'],
    ['unsure', 0.46, 0.5, '0.4'],
    ['ham', -0.5, 0.5, '-0.5'],
  ];
  for (const [verdict, total, threshold, points] of ROWS) {
    it(`${total} of ${threshold}, ${verdict}: ${points}`, () => {
      const told = roundedPoints({ verdict, total, threshold });
      assert.equal(told.points, points);
      assert.equal(verdict === 'spam', Number(told.points) >= Number(told.threshold));
    });
  }
});
