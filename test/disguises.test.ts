import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { undisguise } from '../src/text/disguises.ts';
import { extractFeatures, listFeatures } from '../src/text/extract.ts';
import { Survey } from '../src/text/survey.ts';

const wordsOf = (text: string) =>
  listFeatures(text).flatMap((feature) => /^word: (.*)$/u.exec(feature)?.[1] ?? []);
const mixedIn = (text: string) => listFeatures(text).filter((feature) => feature.startsWith('shape: mixed'));

describe('words in disguise', () => {
  for (const [written, read] of [
    ['fr3e c@sh', ['free', 'cash']],
    ['$ubscribe sub5cr1be v1d3o', ['subscribe', 'subscribe', 'video']],
    ['cl|ck +op !ncome', ['cllck', 'top', 'income']],
    ['n0w!', ['now', '!']],
    ['çok ucuz f1rsat', ['çok', 'ucuz', 'firsat']],
  ] as const)
    it(`are read as what people read: ${written}`, () => {
      assert.deepEqual(wordsOf(written), [...new Set(read)]);
    });

  for (const written of [
    '5g',
    'b4',
    'win100',
    '£1000',
    '10:30',
    '!!',
    '+',
    'hello',
    'a+',
    'привет2',
    'งาน100',
    '7',
  ])
    it(`are no numbers, signs or short names: ${written}`, () => {
      for (const word of wordsOf(written)) assert.ok(written.includes(word), word);
    });

  for (const [written, read] of [
    ['pаypаl', 'paypal'],
    ['РayРal', 'paypal'],
    ['frее', 'free'],
    ['бecплaтнo', 'бесплатно'],
    ['кaзинo', 'казино'],
    ['λογαριaσμό', 'λογαριασμό'],
    ['fr3е', 'free'],
    ['SMSка', 'smska'],
  ] as const)
    it(`are read in one script: ${written}`, () => {
      assert.deepEqual(wordsOf(written), [read]);
      assert.deepEqual(mixedIn(written), ['shape: mixed 2']);
    });

  it('are left alone where a letter has no twin, and where each word has one script', () => {
    assert.deepEqual(wordsOf('Windowsжур жzж'), ['windowsжур', 'жzж']);
    assert.deepEqual(wordsOf('казино casino'), ['казино', 'casino']);
    assert.deepEqual(mixedIn('казино casino'), []);
  });

  it('are counted where scripts are mixed, in classes', () => {
    assert.deepEqual(mixedIn('pаypаl'), ['shape: mixed 2']);
    assert.deepEqual(mixedIn('pаypаl frее cаsh nоw'), ['shape: mixed 4']);
  });

  it('say nothing to a fingerprint, which leaves digits out', () => {
    const printOf = (word: string) =>
      extractFeatures(`Cheap ${word} watches for everybody who asks for them in time`).fingerprint;
    assert.deepEqual(printOf('g0lden'), printOf('glden'));
    assert.notDeepEqual(printOf('g0lden'), printOf('golden'));
  });

  // Of a normalised text: it has no half of a character.
  it('keep every letter at its place, so that a part of a text is found again', () => {
    const unit = fc.constantFrom('a', 'е', 'ж', 'ο', '4', '@', '!', '|', ' ', '\u0483', '😀', 'ç', '字');
    const text = fc.array(unit, { maxLength: 60 }).map((units) => units.join(''));
    const [changed, anew] = [new Survey(), new Survey()];
    fc.assert(
      fc.property(text, (of) => {
        changed.read(of);
        undisguise(changed);
        assert.equal(changed.length, of.length);
        const units = [...changed.units.subarray(0, changed.length)];
        anew.read(String.fromCharCode(...units));
        assert.deepEqual(changed.traits.subarray(0, changed.length), anew.traits.subarray(0, changed.length));
        for (const [at, found] of units.entries())
          if (found !== of.charCodeAt(at)) assert.match(String.fromCharCode(found), /[a-z\u0370-\u052f]/u);
      }),
    );
  });

  it('are read in time that grows with the text alone', () => {
    const survey = new Survey();
    for (const part of ['a', '4', 'aе', 'a4', '@', 'aж4!']) {
      survey.read(part.repeat(8_192));
      const start = performance.now();
      undisguise(survey);
      // Some 0.1 ms; squared it would be seconds.
      assert.ok(performance.now() - start < 500, part);
    }
  });
});
