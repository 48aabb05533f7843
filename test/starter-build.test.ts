import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { buildStarter } from '../packaging/starter/build.ts';
import { type Message, readMessages } from '../packaging/starter/messages.ts';
import { clustersOf } from '../packaging/starter/near-duplicates.ts';
import { SOURCES } from '../packaging/starter/sources.ts';
import { type Token, tokensOf } from '../packaging/starter/statistics.ts';
import { decodeStarter } from '../src/store/starter.ts';

const TINY = [
  { name: 'room', spamWeight: 1, hamWeight: 1 },
  { name: 'shop', spamWeight: 1, hamWeight: 1 },
];
const SUBJECTS = ['apple', 'river', 'window', 'garden', 'bicycle', 'thunder', 'pencil', 'island'];

/** Words of their own, so that messages of one pattern are no near-duplicates. */
function* madeUpWords(): Generator<string> {
  for (let state = 1; ; state = (state * 48_271) % 2_147_483_647) yield `q${state.toString(36)}`;
}
const made = madeUpWords();
const filler = () => Array.from({ length: 16 }, () => made.next().value).join(' ');

/** A message of each subject. */
function rows(
  label: string,
  lang: string,
  text: (subject: string) => string,
  subjects: readonly string[] = SUBJECTS,
): string {
  return subjects.map((subject) => `${label}\t${lang}\t${text(subject)} ${filler()}\n`).join('');
}

describe('the builder of the starter table', () => {
  let dir: string;
  let messages: Message[];
  let tokens: ReadonlyMap<string, Token>;

  before(() => {
    dir = mkdtempSync(join(tmpdir(), 'pv-build-'));
    writeFileSync(
      join(dir, 'room.tsv'),
      rows('ham', 'en', (subject) => `zoltan: the ${subject} is red, look at it`) +
        rows('ham', 'en', (subject) => `I saw the ${subject} near zoltan's house`) +
        rows('ham', 'en', (subject) => `the ${subject} is thrice here`, SUBJECTS.slice(0, 3)) +
        rows('ham', 'en', (subject) => `the ${subject} is fourfold`, SUBJECTS.slice(0, 4)) +
        rows('ham', 'xx', (subject) => `${subject} la bela tago estas`) +
        rows('ham', 'yy', (subject) => `${subject} sen sanoa on kova`),
    );
    writeFileSync(
      join(dir, 'shop.tsv'),
      rows('spam', 'en', (subject) => `cheap pills for the ${subject} at https://shop.example/x in town`) +
        rows('spam', 'xx', (subject) => `${subject} la bela monero estas`) +
        rows('spam', 'zz', (subject) => `${subject} nunca hablado idioma`) +
        'spam\ten\tsoon all of you get golden watches from our very own stock\n'.repeat(9),
    );
    messages = readMessages(dir, TINY);
    tokens = new Map(tokensOf(messages).map((token) => [token.feature, token]));
  });
  after(() => rmSync(dir, { recursive: true }));

  const logOdds = (feature: string) => {
    const share = tokens.get(feature)?.share;
    assert.ok(share !== undefined, `${feature} is not in the table`);
    return Math.log(share / (65_536 - share));
  };

  it('gives the same bytes twice, which can be read', () => {
    const file = buildStarter(messages);
    assert.ok(file.equals(buildStarter(readMessages(dir, TINY))));
    const { shares } = decodeStarter(file);
    assert.deepEqual(
      [...shares],
      [...tokens.values()].map(({ share }) => share),
    );
  });

  it('tells spam from ham', () => {
    assert.ok(logOdds('word: cheap') > 2);
    assert.ok(logOdds('pair: i saw') < -1);
    assert.ok(Math.abs(logOdds('word: the')) < 0.6);
  });

  it('makes no evidence of a language: one with both classes, one without spam, one without ham', () => {
    for (const word of ['la', 'bela', 'estas']) assert.ok(Math.abs(logOdds(`word: ${word}`)) < 0.3, word);
    assert.ok(logOdds('word: monero') > 0.5);
    for (const word of ['sen', 'sanoa', 'nunca', 'hablado'])
      assert.ok(Math.abs(logOdds(`word: ${word}`)) < 1e-3, word);
  });

  it('keeps only tokens of four distinct messages, near-duplicates joined', () => {
    assert.equal(tokens.has('word: golden'), false);
    assert.equal(tokens.has('word: thrice'), false);
    assert.equal(tokens.has('word: fourfold'), true);
  });

  it('drops names of one source, lengths, and suffixes of countries', () => {
    for (const feature of tokens.keys()) {
      assert.doesNotMatch(feature, /zoltan|^shape: length/);
      assert.doesNotMatch(feature, /^tld: ..$/);
    }
  });

  it('says where a corpus is missing or broken', () => {
    assert.throws(() => readMessages(join(dir, 'nowhere'), TINY), /room\.tsv is missing/);
    const broken = mkdtempSync(join(dir, 'broken-'));
    writeFileSync(join(broken, 'room.tsv'), 'ham\ten\ta\nno row\n');
    assert.throws(() => readMessages(broken, TINY), /room\.tsv: line 2 is no row/);
  });
});

describe('near-duplicates', () => {
  it('are joined where links, digits and a few words differ, and nothing else is', () => {
    const text =
      'Earn 500 dollars every single day from your own home, write to us at https://a.example/1 now';
    const copy =
      'earn 730 dollars every single day from your own home, write to us at https://b.example/2 now!';
    assert.deepEqual(
      [...clustersOf([text, 'see you at lunch', copy, '', 'see you at dinner tonight'])],
      [0, 1, 0, 3, 4],
    );
  });
});

describe('the attribution of the starter table', () => {
  it('names every source, and none that is left out', () => {
    const page = readFileSync('packaging/starter/ATTRIBUTION.md', 'utf8');
    const named = [...page.matchAll(/`([a-z-]+)\.tsv`/g)].map(([, name]) => name);
    assert.deepEqual(new Set(named), new Set(SOURCES.map(({ name }) => name)));
  });
});
