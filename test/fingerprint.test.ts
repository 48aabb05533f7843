import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { mutated } from '../bench/mutate.ts';
import { extractFeatures } from '../src/text/extract.ts';
import { type Fingerprint, isEmpty, isOrdinary, unitsOf } from '../src/text/fingerprint.ts';
import { BANDS, bandsOf, isCopy } from '../src/text/likeness.ts';
import { type Fixture, spimFixtures } from './stanzas.ts';

const LETTER = 'Dear friend, I have a proposal worth 400,000 dollars for you: write to me at once';
/** Copies of each fixture that are looked at. */
const COPIES = 10;

function printOf(text: string): Fingerprint {
  return extractFeatures(text).fingerprint;
}

function areCopies(one: string, other: string): boolean {
  return isCopy(printOf(one), printOf(other), 0);
}

/** As a memory of texts finds it: by a band, then by its bins. */
function isFound(copy: Fingerprint, original: Fingerprint): boolean {
  const [sought, kept] = [new Uint32Array(BANDS), new Uint32Array(BANDS)];
  bandsOf(copy, sought);
  bandsOf(original, kept);
  return sought.some((band, at) => band === kept[at]) && isCopy(copy, original, 0);
}

function bodyOf({ stanza }: Pick<Fixture, 'stanza'>): string {
  return /<body[^>]*>([^<]*)/.exec(stanza)?.[1] ?? '';
}

const SAME: readonly (readonly [what: string, text: string])[] = [
  ['case', LETTER.toUpperCase()],
  ['punctuation and spaces', LETTER.replaceAll(/[,:]/g, ' …  ')],
  ['numbers', LETTER.replace('400,000', '1,300,000')],
  ['accents', LETTER.replace('proposal', 'propösál')],
  [
    'letters that look alike',
    LETTER.replace('proposal', 'рrороsаl').replace('Dear', 'Ꭰear'.replace('Ꭰ', 'D')),
  ],
  ['full-width letters', LETTER.replace('worth', 'ｗｏｒｔｈ')],
  ['invisible characters', LETTER.replace('worth', 'wo\u200brth')],
  ['emoji', `🔥🔥 ${LETTER} 💰`],
];

const EDITED: readonly (readonly [what: string, text: string])[] = [
  ['another name', LETTER.replace('friend', 'Katherine')],
  ['a word more', LETTER.replace('worth', 'which is worth')],
  ['a word less', LETTER.replace('at once', '')],
  ['two words changed over', LETTER.replace('a proposal worth', 'worth a proposal')],
  ['a link', `${LETTER} https://win.example/offer?id=17`],
];

describe('the fingerprint of a text', () => {
  for (const [what, text] of SAME)
    it(`does not see ${what}`, () =>
      assert.deepEqual(printOf(text).subarray(1), printOf(LETTER).subarray(1)));

  for (const [what, text] of EDITED)
    it(`knows a copy with ${what}`, () => assert.ok(areCopies(text, LETTER)));

  it('tells other texts apart, with many of the same words, too', () => {
    assert.ok(
      !areCopies(LETTER, 'Dear colleague, the proposal for the library is in the folder, have a look'),
    );
    assert.ok(
      !areCopies(LETTER, 'Dear friend, I have read your proposal and will write to the others at noon'),
    );
  });

  it('finds at least 95 % of mutated copies of the fixtures, and takes no two fixtures for copies of each other', () => {
    const fixtures = spimFixtures().filter((fixture) => unitsOf(printOf(bodyOf(fixture))) >= 32);
    const prints = fixtures.map((fixture) => printOf(bodyOf(fixture)));
    const spam = fixtures
      .map((fixture, at) => ({ fixture, at }))
      .filter(({ fixture }) => fixture.label === 'spam');
    const found = spam.flatMap(({ fixture, at }) =>
      Array.from({ length: COPIES }, (_, seed) =>
        isFound(printOf(bodyOf({ stanza: mutated(fixture.stanza, seed) })), prints[at] as Fingerprint),
      ),
    );
    assert.ok(spam.length > 100);
    assert.ok(
      found.filter(Boolean).length >= 0.95 * found.length,
      `${found.filter(Boolean).length} of ${found.length}`,
    );
    for (const [at, print] of prints.entries())
      for (const [other, fixture] of fixtures.entries())
        if (at < other)
          assert.ok(!isCopy(print, prints[other] as Fingerprint, 0), `${fixtures[at]?.file} ${fixture.file}`);
  });

  it('of a short text changes with every letter, number and sign, and with the path of its link', () => {
    for (const [one, other] of [
      ['ok, see you', 'ok, see us'],
      ['call 0170', 'call 0171'],
      ['https://docs.example.com/d/4711', 'https://docs.example.com/d/4712'],
      ['🔥🔥', '💰💰'],
      ['你好', '你们好'],
    ] as const) {
      assert.ok(!areCopies(one, other), one);
      assert.ok(areCopies(one, ` ${one.toUpperCase()}.`), one);
    }
  });

  it('says of a short text without a link that it is ordinary', () => {
    for (const text of ['hi', 'ok thanks', '你好吗', '123456', '🔥'])
      assert.ok(isOrdinary(printOf(text)), text);
    for (const text of ['https://win.example/', 'how are you doing today', '你好我想和你做朋友']) {
      assert.ok(!isOrdinary(printOf(text)), text);
    }
  });

  it('is empty where there is nothing to read, and then like no other', () => {
    for (const text of ['', '   ', '...', '\u200b']) {
      assert.ok(isEmpty(printOf(text)), JSON.stringify(text));
      assert.ok(!areCopies(text, LETTER));
    }
  });

  it('is alike both ways, and like itself unless it is empty', () => {
    const text = fc.string({ unit: fc.constantFrom(...'abcdefgh 1.йф你ก🔥'), maxLength: 80 });
    fc.assert(
      fc.property(text, text, (one, other) => {
        assert.equal(areCopies(one, other), areCopies(other, one));
        assert.equal(areCopies(one, one), !isEmpty(printOf(one)));
      }),
    );
  });
});
