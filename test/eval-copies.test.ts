import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { type CopiesReport, renderCopies, runCopies } from '../bench/eval/copies.ts';
import { HAM_FILES } from '../bench/eval/ham.ts';
import { greatestLikeness } from '../bench/eval/jaccard.ts';
import type { Message } from '../bench/rows.ts';

const dir = mkdtempSync(join(tmpdir(), 'pv-copies-'));
after(() => rmSync(dir, { recursive: true }));

const words = (number: number, count: number) =>
  Array.from({ length: count }, (_, at) =>
    ((number + 1) * (at + 7) * 48_271)
      .toString(36)
      .replace(/\d/g, (digit) => 'qwxzjkvbpg'.charAt(Number(digit))),
  ).join(' ');

describe('the study of copies', () => {
  mkdirSync(join(dir, 'eval'));
  for (const name of HAM_FILES) {
    const lines = Array.from({ length: 20 }, (_, i) => `ham\ten\t${words(i, 9)}`);
    // Two that are alike, and so not alone.
    writeFileSync(
      join(dir, 'eval', `${name}.tsv`),
      `${[...lines, `ham\ten\t${words(3, 8)} today`].join('\n')}\n`,
    );
  }
  const train = Array.from(
    { length: 30 },
    (_, i): Message => ({
      label: i % 3 === 0 ? 'ham' : 'spam',
      lang: 'en',
      text: words(i, i % 3 === 1 ? 12 : 4),
    }),
  );
  const row = {
    name: 'x',
    train,
    get test(): Message[] {
      throw new Error('a test file was read');
    },
  };

  it('finds copies of spam of a training file, and tells ham apart', () => {
    const { spam, ham } = runCopies([row], dir);
    const [{ long, short }] = spam as [CopiesReport['spam'][number]];
    assert.equal(long.texts + short.texts, 20);
    assert.ok(long.copies === 4 * long.texts && long.of_text >= 0.95 * long.copies, JSON.stringify(long));
    assert.ok(long.of_copy <= long.copies && long.of_copy > 0);
    assert.deepEqual(
      ham.map(({ file }) => file),
      HAM_FILES,
    );
    for (const { n, alone, joined } of ham) assert.deepEqual([n, alone, joined], [21, 19, 0]);
  });

  it('measures likeness by stretches of five letters', () => {
    const [one, other, third] = greatestLikeness(['abcdefgh', 'ABCDEFxy', 'nothing of it']);
    // Of abcde bcdef cdefg defgh and abcde bcdef cdefx defxy two are in both.
    assert.deepEqual([one, other, third], [2 / 6, 2 / 6, 0]);
  });

  it('fits into 80 columns, and says nothing where there is nothing', () => {
    const found = { texts: 4_000, copies: 16_000, of_text: 15_990, of_copy: 15_000 };
    const none = { texts: 0, copies: 0, of_text: 0, of_copy: 0 };
    const report: CopiesReport = {
      spam: [
        { row: 'youtube-shakira', long: found, short: found },
        { row: 'turkish', long: found, short: none },
      ],
      ham: [{ file: 'spamassassin-subjects', n: 4_000, alone: 3_999, joined: 2 }],
    };
    const text = renderCopies(report);
    assert.match(text, /^turkish +4000 +99\.9 +93\.8 +0 +- +-$/m);
    assert.match(text, /^spamassassin-subjects +4000 +3999 +2 +0\.050$/m);
    for (const line of text.split('\n')) assert.ok(line.length <= 80, line);
  });
});
