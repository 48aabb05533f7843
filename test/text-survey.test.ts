import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { classOf, foldOf } from '../src/text/chars.ts';
import { listFeatures } from '../src/text/extract.ts';
import { normalise } from '../src/text/normalise.ts';
import { nthSmallest } from '../src/text/smallest.ts';
import { Survey } from '../src/text/survey.ts';

const survey = new Survey();
const PLANE = Array.from({ length: 0x10000 }, (_, unit) => String.fromCharCode(unit));

function isNormal(text: string): boolean {
  survey.read(text);
  return survey.isNormal;
}

/** What a survey calls normal must come out of normalising as it went in. */
function holdsFor(text: string): boolean {
  if (!isNormal(text)) return true;
  const normal = normalise(text);
  return normal.text === text && normal.invisibles === 0;
}

const NORMAL: readonly (readonly [name: string, text: string])[] = [
  ['English', 'Nothing to do here, is there?'],
  ['Russian', 'Приходи завтра, ёжик'],
  ['Thai with a vowel and a tone above each letter', 'ที่นี่'],
  ['Hindi with two signs of class 0 in a row', 'नहीं, वहाँ'],
  ['Arabic', 'مرحبا بالعالم'],
  ['Chinese', '你好世界'],
  ['Korean', '안녕하세요'],
  ['emoji', 'fine 😀🎉'],
];

const NOT_NORMAL: readonly (readonly [name: string, text: string])[] = [
  ['a letter and an accent that make one', 'e\u0301'],
  ['two marks that meet', 'ก\u0e38\u0e48'],
  ['Hangul in parts', '\u1112\u1161'],
  ['full-width letters', 'ＡＢ'],
  ['a line break', 'a\nb'],
  ['an invisible character', 'a\u200bb'],
  ['a lone surrogate', 'a\ud83d b'],
  ['mathematical letters', '𝐟𝐫𝐞𝐞'],
];

describe('a survey', () => {
  for (const [name, text] of NORMAL) it(`takes ${name} for normal`, () => assert.ok(isNormal(text)));
  for (const [name, text] of NOT_NORMAL) it(`looks closer at ${name}`, () => assert.ok(!isNormal(text)));

  it('takes nothing for normal that normalising changes: every unit, alone and beside others', () => {
    const besides = ['a', 'I', '\u0301', '\u0327', '\u0e48', '\u1100', '\uac00', '\u0915', ' '];
    for (const unit of PLANE) {
      assert.ok(holdsFor(unit), unit);
      for (const beside of besides)
        assert.ok(holdsFor(beside + unit) && holdsFor(unit + beside), `${beside} ${unit.charCodeAt(0)}`);
    }
  });

  it('takes nothing for normal that normalising changes: every character beyond the basic plane', () => {
    for (let codePoint = 0x10000; codePoint < 0x110000; codePoint += 1)
      assert.ok(holdsFor(`a${String.fromCodePoint(codePoint)}`), codePoint.toString(16));
  });

  it('takes nothing for normal that normalising changes: random texts of one script', () => {
    const scripts = [0x00, 0x300, 0x600, 0x900, 0xe00, 0x1000, 0x1100, 0x1d00, 0x3000, 0xfb00];
    const text = fc
      .constantFrom(...scripts)
      .chain((start) =>
        fc
          .array(fc.integer({ min: start, max: start + 0x1ff }), { maxLength: 8 })
          .map((units) => String.fromCharCode(...units)),
      );
    fc.assert(fc.property(text, holdsFor), { numRuns: 20_000 });
  });

  it('counts digits, capitals and other letters, and reads a character beyond the basic plane as one', () => {
    survey.read('Call 0800 ЖЁ now 😀𐐷');
    const { length, digits, capitals, letters } = survey;
    assert.deepEqual(
      { length, digits, capitals, letters },
      { length: 21, digits: 4, capitals: 2, letters: 7 },
    );
  });
});

describe('foldOf', () => {
  it('folds every unit as its small form, one sigma and one i for all', () => {
    for (const [unit, letter] of PLANE.entries()) {
      const folded = letter.toLowerCase().replace('ς', 'σ').replace('i\u0307', 'i');
      assert.equal(String.fromCharCode(foldOf(unit)), folded);
      if (letter.normalize('NFKC') === letter) assert.equal(classOf(foldOf(unit)), classOf(unit), letter);
    }
  });

  const folded: readonly (readonly [text: string, word: string])[] = [
    ['ΟΔΟΣ', 'οδοσ'],
    ['οδος', 'οδοσ'],
    ['İSTANBUL', 'istanbul'],
    ['i\u0307stanbul', 'istanbul'],
    ['İ\u0307', 'i\u0307'],
    ['I\u200b\u0307x', 'ix'],
    ['𐐀𐐩', '𐐨𐐩'],
  ];
  for (const [text, word] of folded)
    it(`makes '${word}' of '${text}'`, () => assert.ok(listFeatures(text).includes(`word: ${word}`)));
});

describe('nthSmallest', () => {
  it('is what sorting finds at that place', () => {
    const number = fc.oneof(fc.integer({ min: 0, max: 0xffffffff }), fc.integer({ min: 0, max: 300 }));
    fc.assert(
      fc.property(fc.array(number, { minLength: 1, maxLength: 600 }), fc.nat(), (numbers, any) => {
        const place = any % numbers.length;
        const sorted = Uint32Array.from(numbers).sort();
        assert.equal(nthSmallest(Uint32Array.from(numbers), numbers.length, place), sorted[place]);
      }),
    );
  });
});
