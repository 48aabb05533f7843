import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { extractFeatures, listFeatures } from '../src/text/extract.ts';
import { FEATURES_MAX } from '../src/text/features.ts';
import { TEXT_UNITS_MAX } from '../src/text/normalise.ts';

/** A text that is read in more than this hides a loop without a bound; typical ones take microseconds. */
const HOSTILE_MS_MAX = 500;

const PRIVATE: readonly (readonly [text: string, placeholder: string, secret: string])[] = [
  ['call +49 170 1234567 today', '<phone>', '1234567'],
  ['write to joe.doe@mail.example please', '<email>', 'joe'],
  ['to DE89370400440532013000 please', '<iban>', '89370400'],
  ['card 4111 1111 1111 1111 ok', '<card>', '4111'],
  ['your number is 493817', '<digits6>', '493817'],
  ['see http://win.example/path/secret?token=abc', '<url>', 'secret'],
  ['key 4f9a8b7c6d5e4f3a2b1c0d9e8f7a6b5c ok', '<key>', '4f9a'],
];

const HOSTILE: readonly (readonly [name: string, text: string])[] = [
  ['a megabyte of Hangul filler', '\u3164'.repeat(1_000_000)],
  ['a hundred thousand combining marks', `a${'\u0301'.repeat(100_000)}`],
  ['lone surrogates', '\ud800\udc00\ud800'.repeat(30_000)],
  ['right-to-left marks', '\u202e\u200f'.repeat(50_000)],
  ['one word of 200,000 letters', 'x'.repeat(200_000)],
  ['100,000 digits', '1'.repeat(100_000)],
  ['100,000 dots', 'a.'.repeat(100_000)],
  ['100,000 at signs', 'a@'.repeat(100_000)],
  ['schemes without end', 'http://'.repeat(30_000)],
  ['IBAN beginnings', 'DE89 '.repeat(40_000)],
  ['Thai without a space', 'กขค'.repeat(50_000)],
];

describe('features of a text', () => {
  for (const [text, placeholder, secret] of PRIVATE) {
    it(`put ${placeholder} for what is private`, () => {
      const features = listFeatures(text);
      assert.ok(features.includes(`placeholder: ${placeholder}`), features.join(', '));
      assert.ok(!features.some((feature) => feature.includes(secret)), features.join(', '));
    });
  }

  it('are words and pairs, folded in case and form', () => {
    assert.deepEqual(listFeatures('Ｈello WORLD').slice(-3), [
      'word: hello',
      'word: world',
      'pair: hello world',
    ]);
  });

  it('are groups of letters where a script has no spaces', () => {
    assert.ok(listFeatures('你好世界').includes('gram: 好世'));
    assert.ok(listFeatures('สวัสดีครับ').some((feature) => feature.startsWith('gram: ')));
  });

  it('see through invisible characters, and count them', () => {
    const features = listFeatures('p\u200ba\u200by me');
    assert.ok(features.includes('word: pay'));
    assert.ok(features.some((feature) => feature.startsWith('shape: invisibles')));
  });

  it('name the registrable domain of a link, never its path', () => {
    const features = listFeatures('http://a.shop.win.co.uk/x/y');
    assert.ok(features.includes('domain: win.co.uk') && features.includes('tld: co.uk'));
  });

  it('never name a script or a language', () => {
    for (const text of ['привет мир', 'hello world', 'مرحبا بالعالم']) {
      for (const feature of listFeatures(text))
        assert.match(feature, /^(word|pair|gram|shape: (length|digits|capitals|links))/);
    }
  });

  it('are at most FEATURES_MAX, distinct, and the same for the same text', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 3_000, unit: 'binary' }), (text) => {
        const { hashes: first, count } = extractFeatures(text);
        const hashes = Buffer.from(first);
        extractFeatures('another text in between');
        const again = extractFeatures(text);
        assert.ok(count <= FEATURES_MAX && hashes.length === 16 * count);
        assert.ok(hashes.equals(again.hashes));
        const distinct = new Set(
          Array.from({ length: count }, (_, index) => hashes.toString('hex', 16 * index, 16 * index + 16)),
        );
        assert.equal(distinct.size, count);
      }),
    );
  });

  it('of a long text are a sample that no position escapes', () => {
    const ham = Array.from({ length: 2_000 }, (_, index) => `word${index.toString(36)}q`).join(' ');
    const kept = (text: string) => new Set(listFeatures(text));
    const front = kept(`${'casino bonus jackpot winner prize '.repeat(1)}${ham}`);
    const back = kept(`${ham}${' casino bonus jackpot winner prize'.repeat(1)}`);
    const shared = [...front].filter((feature) => back.has(feature)).length;
    assert.ok(shared > 0.9 * FEATURES_MAX, `${shared} shared`);
  });

  for (const text of ['\u0301\u0323', '\u{1d165}\u{1d17b}', '1']) {
    it(`are found in time linear in its length: ${text.length} units again and again`, () => {
      const long = text.repeat(TEXT_UNITS_MAX / text.length);
      // Not by the clock, which goes on while a busy machine does something else.
      const before = process.cpuUsage();
      for (let round = 0; round < 25; round += 1) extractFeatures(long);
      const { user, system } = process.cpuUsage(before);
      assert.ok((user + system) / 1_000 < HOSTILE_MS_MAX);
    });
  }

  for (const [name, text] of HOSTILE) {
    it(`are found in bounded time in ${name}`, () => {
      const startedAt = performance.now();
      const { count } = extractFeatures(text);
      assert.ok(performance.now() - startedAt < HOSTILE_MS_MAX);
      assert.ok(count <= FEATURES_MAX);
    });
  }
});
