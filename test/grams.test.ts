import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { packSlots, SLOT_BYTES, slotOf, unpackSlots } from '../src/store/slots.ts';
import { extractFeatures, listFeatures } from '../src/text/extract.ts';
import { GRAMS_MAX } from '../src/text/features.ts';
import { SCRIPT_BITS, SCRIPTS } from '../src/text/scripts.ts';

const LATIN = 1;
const ACCENTED = 2;
const CYRILLIC = 3;
const HAN = 10;

function gramsOf(text: string): Set<number> {
  return new Set(extractFeatures(text).grams);
}

function scriptsOf(text: string): Set<number> {
  return new Set([...extractFeatures(text).grams].map((gram) => gram & ((1 << SCRIPT_BITS) - 1)));
}

function shared(one: string, other: string): number {
  const theirs = gramsOf(other);
  return [...gramsOf(one)].filter((gram) => theirs.has(gram)).length;
}

describe('stretches of letters', () => {
  it('are every four characters, one space at either end', () => {
    // " hello " holds four of them.
    assert.equal(gramsOf('hello').size, 4);
    assert.equal(gramsOf('  hello  ').size, 4);
    assert.equal(gramsOf('').size, 0);
    assert.equal(shared('hello', 'hello there'), 4);
  });

  it('know no case, and take every digit for the same', () => {
    assert.deepEqual(gramsOf('Win 100 NOW'), gramsOf('win 734 now'));
  });

  it('are single letters and pairs besides where a script writes no spaces', () => {
    // Four letters: one of four and two with a space, four single ones, three pairs.
    assert.equal(gramsOf('\u4e2d\u6587\u5b57\u6bcd').size, 10);
    assert.equal(shared('\u4e2d\u6587', '\u6587\u4e2d'), 2);
  });

  it('mostly stay where a word is written another way', () => {
    assert.ok(shared('exclusive crypto investment', 'exclus1ve crypto investment') >= 18);
  });

  it('are a sample of a long text that does not depend on the place', () => {
    const words = Array.from(
      { length: 2_000 },
      (_, index) => `word${String.fromCharCode(97 + (index % 26))}${index}x`,
    );
    const long = words
      .map((word) => word.replace(/\d/g, (digit) => 'abcdefghij'[Number(digit)] as string))
      .join(' ');
    const grams = gramsOf(long);
    assert.equal(grams.size, GRAMS_MAX);
    const later = gramsOf(`${long} tail`);
    assert.ok([...grams].filter((gram) => later.has(gram)).length > GRAMS_MAX - 8);
  });

  it('are bounded and distinct for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 3_000 }), (text) => {
        const { grams, scripts, count } = extractFeatures(text);
        assert.ok(grams.length <= GRAMS_MAX && new Set(grams).size === grams.length);
        assert.ok(scripts.length === count && scripts.every((script) => script < SCRIPTS));
      }),
    );
  });
});

describe('scripts', () => {
  it('are known of stretches of letters', () => {
    assert.deepEqual(scriptsOf('hello'), new Set([LATIN]));
    assert.deepEqual(scriptsOf('\u043f\u0440\u0438\u0432\u0435\u0442'), new Set([CYRILLIC]));
    assert.deepEqual(scriptsOf('12345!'), new Set([0]));
    assert.ok(scriptsOf('\u4e2d\u6587').has(HAN));
  });

  it('are known of features, of two the one with the higher number; signs, numbers and shape have none', () => {
    const text = 'Hello \u043c\u0438\u0440 \u00fcber 77!';
    const scripts = extractFeatures(text).scripts.slice();
    const found = listFeatures(text).map((name, index) => [name, scripts[index]] as const);
    const scriptOf = new Map(found);
    assert.equal(scriptOf.get('word: hello'), LATIN);
    assert.equal(scriptOf.get('word: \u043c\u0438\u0440'), CYRILLIC);
    assert.equal(scriptOf.get('word: \u00fcber'), ACCENTED);
    assert.equal(scriptOf.get('pair: hello \u043c\u0438\u0440'), CYRILLIC);
    assert.equal(scriptOf.get('word: 77'), 0);
    assert.equal(scriptOf.get('word: !'), 0);
    for (const [name, script] of found) if (name.startsWith('shape')) assert.equal(script, 0, name);
  });
});

describe('slots', () => {
  it('come back as they were written', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(0xffffffff), fc.nat(15)), { maxLength: GRAMS_MAX }), (rows) => {
        const slots = Uint32Array.from(rows, ([hash, script]) => slotOf(hash, script));
        const bytes = new Uint8Array(SLOT_BYTES * slots.length + 2);
        packSlots(slots, bytes, 2);
        assert.deepEqual(unpackSlots(bytes.subarray(2)), slots);
      }),
    );
  });
});
