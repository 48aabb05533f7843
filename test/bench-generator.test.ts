import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildFrames } from '../bench/frames.ts';
import { createMessages, type Message, TRAFFIC } from '../bench/generator.ts';
import { createPhraseBank } from '../bench/phrases.ts';
import { knownShares, partsToTeach, serverLessons, userLessons } from '../bench/tables.ts';
import { SCRIPTS } from '../bench/words.ts';

const SEED = 1;
const USERS = 1000;
const SIZES = { serverTokens: 60_000, userTokens: 5000, users: USERS, seed: SEED };
const BANK = createPhraseBank(SEED, 3000);
const MESSAGES = draw(20_000);

function draw(count: number): Message[] {
  const messages = createMessages(BANK, SEED, USERS);
  return Array.from({ length: count }, () => messages.next());
}

function shareOf(isOne: (message: Message) => boolean): number {
  return MESSAGES.filter(isOne).length / MESSAGES.length;
}

/** With 20,000 messages a share's standard error is at most 0.0035. */
function assertNear(value: number, goal: number, tolerance = 0.015): void {
  assert.ok(Math.abs(value - goal) <= tolerance, `${value} is not within ${tolerance} of ${goal}`);
}

test('the same seed gives the same messages, another seed others', () => {
  assert.deepEqual(draw(100), MESSAGES.slice(0, 100));
  assert.notDeepEqual(createMessages(BANK, SEED + 1, USERS).next(), MESSAGES[0]);
});

test('lengths are log-normal with a median of 80 characters, at most 2,000', () => {
  const lengths = MESSAGES.map(({ text }) => text.length).toSorted((a, b) => a - b);
  const at = (share: number): number => lengths[Math.floor(share * lengths.length)]!;
  assert.ok(lengths[0]! >= 1);
  assert.ok(lengths.at(-1)! <= TRAFFIC.lengthMax);
  // One and two standard deviations of the logarithm on both sides of the median.
  const { lengthMedian, lengthSigma } = TRAFFIC;
  for (const [share, deviations] of [
    [0.0228, -2],
    [0.1587, -1],
    [0.5, 0],
    [0.8413, 1],
    [0.9772, 2],
  ] as const) {
    const expected = lengthMedian * Math.exp(deviations * lengthSigma);
    assertNear(at(share) / expected, 1, 0.1);
  }
});

test('a quarter is spam, a tenth comes from new senders, three tenths repeat a text', () => {
  assertNear(
    shareOf(({ spam }) => spam),
    TRAFFIC.spamShare,
  );
  assertNear(
    shareOf(({ sender }) => sender >= TRAFFIC.knownSenders),
    TRAFFIC.newSenderShare,
  );
  const seen = new Set<string>();
  const repeated = MESSAGES.filter(({ text }) => seen.size === seen.add(text).size);
  assertNear(repeated.length / MESSAGES.length, TRAFFIC.repeatedShare);
});

test('every message has one of six scripts, each as often as any', () => {
  for (const script of SCRIPTS)
    assertNear(
      shareOf((message) => message.script === script),
      1 / SCRIPTS.length,
    );
  const letters = {
    latin: 'Latin',
    cyrillic: 'Cyrillic',
    arabic: 'Arabic',
    han: 'Han',
    thai: 'Thai',
    devanagari: 'Devanagari',
  };
  for (const { text, script } of MESSAGES.slice(0, 2000)) {
    const foreign = text
      .replace(/https:\S+/, '')
      .replace(new RegExp(`\\p{Script=${letters[script]}}`, 'gu'), '');
    assert.doesNotMatch(foreign, /\p{L}/u);
  }
});

test('recipients follow Zipf: rank r gets 1/r of what the first one gets', () => {
  const counts = new Array<number>(USERS).fill(0);
  for (const { recipient } of MESSAGES) counts[recipient]!++;
  const harmonic = counts.reduce((sum, _, rank) => sum + 1 / (rank + 1), 0);
  for (const rank of [0, 1, 3, 9])
    assertNear(counts[rank]! / MESSAGES.length, 1 / (rank + 1) / harmonic, 0.01);
});

test('a new sender never wrote before', () => {
  const senders = MESSAGES.map(({ sender }) => sender).filter((sender) => sender >= TRAFFIC.knownSenders);
  assert.equal(new Set(senders).size, senders.length);
});

test('of the tokens 60 % are in the server table and 20 % in the user table', () => {
  const known = knownShares({ ...SIZES, seed: SEED + 1 }, BANK, partsToTeach(SIZES, BANK));
  assertNear(known.server, TRAFFIC.serverTokenShare, 0.02);
  assertNear(known.user, TRAFFIC.userTokenShare, 0.02);
});

test('the lessons fill the tables to their stated sizes', () => {
  const parts = partsToTeach(SIZES, BANK);
  const tokens = (lessons: readonly { hashes: Buffer }[]): number => {
    const all = Buffer.concat(lessons.map(({ hashes }) => hashes)).toString('latin1');
    return new Set(all.match(/.{16}/gs)).size;
  };
  assert.equal(tokens(serverLessons(SIZES, BANK, parts.server)), SIZES.serverTokens);
  for (const user of [0, 999]) {
    assert.equal(tokens(userLessons(SIZES, BANK, { user, part: parts.user })), SIZES.userTokens);
  }
});

test('a frame states the length of its stanza in bytes and its number as Id', () => {
  const { bytes, offsets, count } = buildFrames(createMessages(BANK, SEED, USERS), {
    verb: 'CHECK',
    traffic: 'mix',
    warmup: 10,
    count: 90,
  });
  assert.equal(count, 100);
  for (let i = 0; i < count; i++) {
    const frame = bytes.subarray(offsets[i], offsets[i + 1]);
    const body = frame.subarray(frame.indexOf('\r\n\r\n') + 4);
    const head = frame.toString('latin1', 0, frame.length - body.length);
    assert.match(head, new RegExp(`^CHECK PNP/1.0\r\nId: 0*${i}\r\n`));
    assert.ok(head.includes(`\r\nContent-Length: ${body.length}\r\n`));
    assert.match(body.toString(), /^<message .{1,200}<body>[^<]{1,2000}<\/body>.{1,100}<\/message>$/s);
  }
});
