import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type EvasionReport, keptPct, runEvasion, sumOf, TRICKS } from '../bench/eval/evasion.ts';
import { renderEvasion } from '../bench/eval/evasion-table.ts';
import { DISGUISES, padding, type Trick } from '../bench/eval/tricks.ts';
import { createRandom } from '../bench/random.ts';
import type { Message } from '../bench/rows.ts';
import { schema } from '../src/config/schema.ts';

const CONFIG = schema.parse({ bayes: { server: { lessons_min: 5 } } });
const SPAM = 'Cheap golden watches for everybody, see https://watches.example/a?b=c or call 5550100 now';
const HAM = 'shall we have lunch|the meeting is at noon in the other room|no|where are you|ok then'.split(
  '|',
);
const WORD = /\p{L}+/gu;

function play(trick: Trick, text: string, seed = 1): string {
  return trick(text, { random: createRandom(seed), ham: HAM });
}

/** What a trick does to a text with each of some seeds. */
function plays(trick: Trick, text: string): string[] {
  return Array.from({ length: 20 }, (_, seed) => play(trick, text, seed));
}

describe('tricks', () => {
  for (const [name, trick] of Object.entries(TRICKS)) {
    it(`${name}: changes a text, the same each time for the same seed, and no link in it`, () => {
      const changed = plays(trick, SPAM);
      assert.deepEqual(changed, plays(trick, SPAM));
      assert.ok(new Set(changed).size > 5);
      for (const text of changed) assert.ok(text.includes('https://watches.example/a?b=c'), text);
    });
    it(`${name}: leaves a text without letters as it is`, () => {
      for (const text of plays(trick, '12:30 !!')) assert.equal(text, '12:30 !!');
    });
  }

  it('exchange about a third of the letters that have a twin', () => {
    const text = 'see the best sale '.repeat(100);
    const leet = [...play(DISGUISES.leet, text)].filter((letter, at) => letter !== text[at]).length;
    const withTwin = text.match(/[abegilostz]/g)!.length;
    assert.ok(Math.abs(leet / withTwin - 1 / 3) < 0.05, `${leet} of ${withTwin}`);
  });

  it('write homoglyphs of which Unicode undoes one half, and letters of another script are the rest', () => {
    const undone = plays(DISGUISES.homoglyphs, SPAM).filter((text) => text.normalize('NFKC') === SPAM);
    const mixed = plays(DISGUISES.homoglyphs, SPAM).filter((text) => /[\u0370-\u052f]/u.test(text));
    assert.ok(undone.length >= 5 && mixed.length >= 5);
    assert.equal(undone.length + mixed.length, 20);
  });

  it('put nothing into words but what is invisible, a sign or a space', () => {
    for (const [trick, inserted] of [
      [DISGUISES.invisibles, /[\u200b-\u200d\u2060\ufeff\u00ad]/gu],
      [DISGUISES.signs, /[.\-_*·,]/gu],
      [DISGUISES.spaces, / /gu],
    ] as const)
      for (const text of plays(trick, SPAM))
        assert.equal(text.replace(inserted, ''), SPAM.replace(inserted, ''));
  });

  it('take words apart that are written without spaces, between their letters', () => {
    const thai = 'สมัครวันนี้รับเครดิตฟรีทันที';
    for (const text of plays(DISGUISES.spaces, thai)) {
      assert.equal(text.replaceAll(' ', ''), thai);
      assert.doesNotMatch(text, / \p{M}/u);
    }
    assert.ok(plays(DISGUISES.spaces, thai).some((text) => text.includes(' ')));
  });

  it('pad with as many words as wanted, in the place that is wanted', () => {
    const own = SPAM.match(WORD)!.length;
    for (const [place, before, after] of [
      ['start', 2, 0],
      ['end', 0, 2],
      ['both', 1, 1],
    ] as const) {
      const [head = '', tail = '', ...more] = play(padding(place, 2), SPAM).split(SPAM);
      assert.deepEqual(more, []);
      const counts = [head, tail].map((part) => part.match(WORD)?.length ?? 0);
      assert.deepEqual(counts, [before * own, after * own]);
    }
  });
});

describe('the study of evasion', () => {
  const messages = Array.from({ length: 80 }, (_, index): Message => {
    const own = Array.from({ length: 12 }, (_, at) => ((index + 1) * (at + 7) * 48_271).toString(36));
    return index % 2 === 0
      ? { label: 'spam', lang: 'en', text: `cheap pills and golden watches for the ${own.join(' ')}` }
      : { label: 'ham', lang: 'en', text: `shall we have lunch somewhere near the ${own.join(' ')}` };
  });
  const halves = { name: 'x', train: messages.slice(40), test: messages.slice(0, 40) };

  it('counts what is caught as it is, and what is left of it', async () => {
    const report = await runEvasion(CONFIG, halves, false);
    assert.equal(report.spam, 20);
    assert.ok(report.caught >= 18);
    for (const [name, { n, kept }] of Object.entries(report.tricks)) {
      assert.equal(n, report.caught, name);
      assert.ok(kept <= n, name);
    }
    // What is invisible goes before anything is counted.
    assert.equal(keptPct(report.tricks['invisibles']!), 100);
  });

  it('reads the training side alone where it cross-validates', async () => {
    const row = {
      ...halves,
      get test(): Message[] {
        throw new Error('read');
      },
    };
    assert.equal((await runEvasion(CONFIG, row, true)).spam, 20);
  });

  it('says nothing of a trick that changed nothing, and fits into 80 columns', () => {
    const tricks = Object.fromEntries(Object.keys(TRICKS).map((name) => [name, { n: 40, kept: 34 }]));
    const report: EvasionReport = { row: 'youtube-shakira', spam: 50, caught: 40, tricks };
    const chinese = { ...report, row: 'chinese', tricks: { ...tricks, leet: { n: 0, kept: 0 } } };
    assert.equal(keptPct(chinese.tricks['leet']!), null);
    assert.deepEqual(sumOf([report, chinese], 'leet'), { n: 40, kept: 34 });
    const text = renderEvasion([report, chinese]);
    assert.match(text, /^chinese +40 +- +85\.0/mu);
    assert.match(text, /85\.0✔/u);
    assert.match(renderEvasion([chinese]), /^all +40 +-✘/mu);
    for (const line of text.split('\n')) assert.ok(line.length <= 80, line);
  });
});
