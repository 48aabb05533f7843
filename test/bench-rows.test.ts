import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createMessages } from '../bench/generator.ts';
import { createPhraseBank } from '../bench/phrases.ts';
import { type Message, rows, split, TRAIN_SHARE } from '../bench/rows.ts';
import { clustersOf } from '../packaging/starter/near-duplicates.ts';

const COUNT = 3000;
const MESSAGES = messages(1);

/** Made up; a third are copies of earlier ones, some of them with another number or a word more. */
function messages(seed: number): Message[] {
  const stream = createMessages(createPhraseBank(seed, 3000), seed, 100);
  return Array.from({ length: COUNT }, (_, index) => {
    const { text, spam } = stream.next();
    const edit = ['', '', ' 17', ' please'][index % 4];
    return { label: spam ? 'spam' : 'ham', lang: 'und', text: `${text}${edit}` };
  });
}

function shareOf(part: readonly Message[], whole: readonly Message[], label: string): number {
  const count = (list: readonly Message[]) => list.filter((message) => message.label === label).length;
  return count(part) / count(whole);
}

test('a split has every message once, and is the same every time', () => {
  const { train, test: held } = split(MESSAGES);
  const sides = new Set([...train, ...held]);
  assert.equal(train.length + held.length, COUNT);
  assert.deepEqual(sides, new Set(MESSAGES));
  assert.deepEqual(split(messages(1)), { train, test: held });
});

test('near-duplicates of each other are on one side', () => {
  const train = new Set(split(MESSAGES).train);
  const sides = new Map<number, { train: number; test: number }>();
  for (const [index, root] of clustersOf(MESSAGES.map(({ text }) => text)).entries()) {
    const side = sides.get(root) ?? { train: 0, test: 0 };
    side[train.has(MESSAGES[index]!) ? 'train' : 'test'] += 1;
    sides.set(root, side);
  }
  const clusters = [...sides.values()];
  assert.equal(clusters.filter((side) => side.train > 0 && side.test > 0).length, 0);
  assert.ok(clusters.filter((side) => side.train > 1).length > 100);
  assert.ok(clusters.filter((side) => side.test > 1).length > 40);
});

test('each class is cut about as the split says', () => {
  for (const seed of [1, 2, 3]) {
    const whole = messages(seed);
    const { train } = split(whole);
    for (const label of ['spam', 'ham']) {
      const share = shareOf(train, whole, label);
      assert.ok(Math.abs(share - TRAIN_SHARE) < 0.06, `${label}: ${share}`);
    }
  }
});

test('a row is read when it is asked for, and says which file is missing', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pv-rows-'));
  try {
    mkdirSync(join(folder, 'eval'));
    writeFileSync(join(folder, 'eval/thai-sms-cluster.train.tsv'), 'spam\tth\tone\\ntwo\nham\tth\tthree\n');
    const thai = rows(folder).find(({ name }) => name === 'thai')!;
    assert.deepEqual(thai.train, [
      { label: 'spam', lang: 'th', text: 'one\ntwo' },
      { label: 'ham', lang: 'th', text: 'three' },
    ]);
    assert.equal(thai.train, thai.train);
    assert.throws(() => thai.test, /thai-sms-cluster\.test\.tsv is missing/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
