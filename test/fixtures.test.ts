import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, describe, it } from 'node:test';
import { mutated } from '../bench/mutate.ts';
import { type FixtureRun, type Judged, runFixtures } from './fixture-run.ts';
import { spimFixtures } from './stanzas.ts';

/** What was measured, what was wanted, and why it is missed. */
const PAGE = readFileSync('docs/corpora.md', 'utf8');
const README = readFileSync('README.md', 'utf8');

describe('the fixtures at default settings', () => {
  let run: FixtureRun;
  before(async () => {
    run = await runFixtures();
  });
  const share = (judged: readonly Judged[], wanted: (verdict: string) => boolean) =>
    judged.filter(({ verdict }) => wanted(verdict.verdict)).length / judged.length;
  const isSpam = (verdict: string) => verdict === 'spam';
  const filesOf = (judged: readonly Judged[]) =>
    judged.filter(({ verdict }) => isSpam(verdict.verdict)).map(({ fixture }) => fixture.file);

  it('holds no ham for spam, before and after users have reported spam', () => {
    assert.ok(run.ham.length >= 150 && run.spam.length >= 60);
    assert.deepEqual(filesOf(run.ham), []);
    assert.deepEqual(filesOf(run.hamAfter), []);
  });

  it('fares as docs/corpora.md and README say; if this fails, run npm run fixtures and mend them', () => {
    const rows: readonly (readonly [row: string, reached: number])[] = [
      ['spam that is `spam`', share(run.spam, isSpam)],
      ['spam that is not `ham`', share(run.spam, (verdict) => verdict !== 'ham')],
      ['copies of the reported that are `spam`', share(run.copies, isSpam)],
    ];
    for (const [row, reached] of rows) {
      const said = new RegExp(`^\\| ${row} \\| ([\\d.]+) % \\|`, 'm').exec(PAGE)?.[1];
      assert.equal(Number(said), Number((100 * reached).toFixed(1)), row);
    }
    const [spam, , copies] = rows.map(([, reached]) => (100 * reached).toFixed(1));
    assert.match(README, new RegExp(`calls ${spam} % .spam. [^%]* ${copies} %`));
    assert.ok(PAGE.includes(`before and after the reports | 0 of ${run.ham.length} |`));
  });
});

describe('a mutated copy', () => {
  const spam = spimFixtures().filter(({ label }) => label === 'spam');

  it('is the same for the same seed, and another one for another', () => {
    for (const { stanza } of spam) {
      const copies = new Set([1, 2, 3, 4, 5].map((seed) => mutated(stanza, seed)));
      assert.equal(copies.size, 5);
      assert.ok(!copies.has(stanza));
      assert.equal(mutated(stanza, 3), [...copies][2]);
    }
  });

  it('has other senders, links and numbers, and most of its words', () => {
    for (const { stanza, file } of spam.filter(({ kind }) => kind === 'message')) {
      const copy = mutated(stanza, 7);
      const sender = (text: string) => / from='([^']*)'/.exec(text)?.[1];
      assert.notEqual(sender(copy), sender(stanza));
      const body = stanza.replace(/ xmlns='[^']*'/g, '');
      const links = body.match(/https?:\/\/[\w.-]+/g) ?? [];
      for (const link of links) assert.ok(!copy.includes(link), `${file}: ${link}`);
      const words = (text: string) => new Set(text.toLowerCase().match(/\p{L}{3,}/gu));
      const kept = [...words(stanza)].filter((word) => words(copy).has(word)).length;
      assert.ok(kept / words(stanza).size > 0.5, file);
    }
  });
});
