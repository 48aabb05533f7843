import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createStream } from '../src/filters/auth/stream.ts';
import type { JIDRate } from '../src/filters/facts.ts';
import { createJIDRate } from '../src/filters/karma/jid-rate.ts';
import { abstentionSentence, sentenceOf } from '../src/filters/symbols.ts';
import type { Opinion } from '../src/model/opinion.ts';
import type { Sample, StreamFacts } from '../src/model/sample.ts';

const NOW = 1_700_000_000_000;

function sample(stream: StreamFacts): Sample {
  return {
    kind: 'message',
    direction: 'in',
    subject: undefined,
    sender: undefined,
    recipient: undefined,
    texts: [],
    encryption: 'none',
    cloaked: false,
    isTest: false,
    stream,
    bypass: undefined,
  };
}

function scoreOf(opinion: Opinion): number {
  assert.equal(opinion.kind, 'opinion');
  return opinion.kind === 'opinion' ? opinion.score : Number.NaN;
}

describe('auth.stream', () => {
  const judge = (stream: StreamFacts) => createStream().judge(sample(stream), {}, NOW);

  it('ranks SASL EXTERNAL below dialback below a stream in clear', () => {
    const external = scoreOf(judge({ tls: 'TLSv1.3', auth: 'external' }));
    const dialback = scoreOf(judge({ tls: 'TLSv1.3', auth: 'dialback' }));
    const old = scoreOf(judge({ tls: 'TLSv1.1', auth: 'dialback' }));
    const clear = scoreOf(judge({ tls: 'none', auth: 'dialback' }));
    assert.ok(external < 0 && external < dialback && dialback < old && old < clear && clear > 0.5);
  });

  it('counts what is not told as nothing', () => {
    assert.equal(scoreOf(judge({ auth: 'external' })), -0.05);
    assert.equal(scoreOf(judge({ auth: 'dialback' })), 0.05);
  });

  const abstentions: readonly (readonly [StreamFacts, string])[] = [
    [{}, 'no-facts'],
    [{ auth: 'c2s', tls: 'TLSv1.3' }, 'local-stream'],
    [{ auth: 'component' }, 'local-stream'],
  ];
  for (const [stream, reason] of abstentions) {
    it(`abstains with ${reason} on ${JSON.stringify(stream)}`, () => {
      const opinion = judge(stream);
      assert.deepEqual(
        [opinion.kind, opinion.kind === 'abstention' && opinion.reason],
        ['abstention', reason],
      );
    });
  }
});

describe('karma.jid_rate', () => {
  const judge = (jidRate?: JIDRate) =>
    createJIDRate({ halfScoreRatio: 4 }).judge(sample({}), jidRate === undefined ? {} : { jidRate }, NOW);

  it('abstains within the allowance and without a sender', () => {
    assert.deepEqual(judge({ stanzas: 0.5, recipients: 1 }), {
      kind: 'abstention',
      reason: 'within-allowance',
    });
    assert.deepEqual(judge(), { kind: 'abstention', reason: 'no-sender' });
  });

  it('rises with whichever bucket is fuller, half of the way at its ratio, never to 1', () => {
    assert.equal(scoreOf(judge({ stanzas: 5, recipients: 0 })), 0.5);
    assert.equal(scoreOf(judge({ stanzas: 0, recipients: 5 })), 0.5);
    assert.ok(scoreOf(judge({ stanzas: 2, recipients: 3 })) < scoreOf(judge({ stanzas: 2, recipients: 4 })));
    assert.ok(scoreOf(judge({ stanzas: 32, recipients: 32 })) < 1);
  });
});

describe('sentences', () => {
  it('name what they do not know by its code', () => {
    assert.equal(sentenceOf('NO_SUCH'), 'NO_SUCH');
    assert.equal(abstentionSentence('no-such'), 'no-such');
  });

  it('carry the parameters', () => {
    assert.match(sentenceOf('BAYES_SERVER', { tokens: 23, z: 4.5 }), /23 .*\+4\.5/);
    assert.match(abstentionSentence('untrained', { spam: 3, ham: 0 }), /3 spam, 0 ham/);
  });
});
