import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { open } from 'lmdb';
import { PnpClient } from '../clients/node/pnp-client.ts';
import { BlockCipher, deriveDaemonKeys } from '../src/store/crypto.ts';
import { DerivedIds } from '../src/store/keyed-ids.ts';
import { decodeRecord, type Learnt } from '../src/store/lmdb/lesson-record.ts';
import { openStore } from '../src/store/lmdb/store.ts';
import { TOKEN_BYTES } from '../src/store/lmdb/token-ids.ts';
import { extractFeatures, listFeatures } from '../src/text/extract.ts';
import { type DaemonProcess, startDaemon } from './daemon-process.ts';
import { found, type Needle, spelled } from './needles.ts';
import { chat } from './stanzas.ts';
import { columns, QUIET } from './store-fixture.ts';
import { until } from './until.ts';

/**
 * What the real daemon leaves on the disk and in its log, at the level that says most, after everything by which it may be
 * taught.
 */
const JULIET = 'juliet.unheardof@capulet.example';
const ROMEO = 'romeo.unheardof@capulet.example';
const KEYED = 'keyed.unheardof@capulet.example';
const STRANGER = 'stranger.nobody@onetime.example';
/** Of whom nobody has said anything. */
const ANSWERED = 'answered.nobody@thirdtime.example';
const CONTACT = 'contact.nobody@othertime.example';
const USER_KEY = Buffer.alloc(32, 'a key that lies open nowhere');
const NEW_KEY = Buffer.alloc(32, 'nor does the other one');

/** By the way they are taught; no word of any stands in any other file of the daemon's. */
const TEXTS = {
  operator: 'Quetzalcoatl zeppelins vermillion nightingale',
  user: 'Xylophonist marzipan crocodile Tübingen',
  sameByTwo: 'Gramophone paprika hummingbird lighthouse',
  trace: 'Абракадабра жаворонок мандарины сковородка',
  observed: 'Rhododendron saxophonist pineapples thunderclap',
  sample: '蝴蝶飞过葡萄园旁边的灯塔',
  keyed: 'Bougainvillea trampolines cinnamonroll harpsichord',
  forgotten: 'Ptarmigan bumblebees kaleidoscope dandelions',
  judged: 'Wunderkammer dragonflies semaphores butterscotch',
  private: 'call 00495551234567 or mail winnetou.oldshatterhand@karlmay.example, password Tr0ub4dor&3xyzzy',
} as const;
const WORDS = Object.values(TEXTS).flatMap((text) =>
  text.split(/[\s,&]+/).filter((word) => word.length >= 5),
);
const JIDS = [JULIET, ROMEO, KEYED, STRANGER, ANSWERED, CONTACT];

/** Of the log: what is said last of each kind may come after the answer. */
const LINES = [/"msg":"verdict"/, /"msg":"lesson"/, /"msg":"a user's key"/];
const HASHES = ['md5', 'sha1', 'sha256', 'sha512', 'sha3-256', 'blake2b512'];

/** What somebody without the secret would look for who guesses a word, a text or an address. */
function guesses(value: string): Needle[] {
  const forms = [...new Set([value, value.toLowerCase(), value.normalize('NFKC')])];
  return forms.flatMap((form) =>
    HASHES.flatMap((hash) => {
      const digest = createHash(hash).update(form).digest();
      return [
        { name: `${hash} of ${form}`, bytes: digest.subarray(0, 8) },
        { name: `${hash} of ${form} in hex`, bytes: Buffer.from(digest.toString('hex').slice(0, 16)) },
      ];
    }),
  );
}

/** The public hashes of a text's features: each half of each, and the text's fingerprint. */
function publicHashes(text: string): Needle[] {
  const { hashes: scratch, count, grams, fingerprint } = extractFeatures(text);
  const hashes = Buffer.from(scratch);
  const features = Array.from({ length: 2 * count }, (_, half) => ({
    name: `feature ${half >> 1} of ${text}`,
    bytes: hashes.subarray(8 * half, 8 * half + 8),
  }));
  const pairs = Array.from({ length: Math.max(0, grams.length - 1) }, (_, at) => ({
    name: `grams ${at} and ${at + 1} of ${text}`,
    bytes: Buffer.from(grams.slice(at, at + 2).buffer),
  }));
  const bins = Buffer.from(fingerprint.slice(1).buffer);
  const parts = [0, 16, 32].map((at) => ({
    name: `fingerprint of ${text}`,
    bytes: bins.subarray(at, at + 16),
  }));
  return [...features, ...pairs, ...parts.filter(({ bytes }) => bytes.some((byte) => byte !== 0))];
}

describe('what the daemon leaves behind', { timeout: 120_000 }, () => {
  let daemon: DaemonProcess;
  let log = '';
  let said = '';
  let metrics = '';
  const store = () => join(daemon.dir, 'store');
  const secret = () => readFileSync(join(daemon.dir, 'secret'));
  const files = (): Buffer =>
    Buffer.concat(readdirSync(store()).map((name) => readFileSync(join(store(), name))));

  before(async () => {
    const dir = mkdtempSync(join(tmpdir(), 'pv-privacy-'));
    daemon = await startDaemon({ dir, config: 'log.level = "trace"\nlearn.contacts = "sample"' });
    await teachEverything(daemon, (body) => {
      said += body;
    });
    metrics = await (await fetch(`http://127.0.0.1:${daemon.httpPort}/metrics`)).text();
    await until(() => LINES.every((line) => line.test(daemon.log())));
    await daemon.stop();
    log = daemon.log();
  });
  after(() => rmSync(daemon.dir, { recursive: true }));

  it('holds lessons of every kind', async () => {
    const lessons = await lessonsOf(store());
    assert.deepEqual(
      [
        lessons.filter(({ userId }) => userId === '').length,
        lessons.filter(({ userId }) => userId !== '').length,
      ],
      [1, 8],
    );
    for (const line of LINES) assert.match(log, line);
  });

  it('holds no word that was taught or judged, in no spelling', () => {
    const needles = [...WORDS, ...Object.values(TEXTS)].flatMap(spelled);
    assert.deepEqual(found(files(), needles), []);
    assert.deepEqual(found(Buffer.from(log), needles), []);
    assert.deepEqual(found(Buffer.from(metrics), needles), []);
  });

  it('holds nothing that a guess without the secret would find', () => {
    const guessed = [...WORDS, ...Object.values(TEXTS), ...JIDS, ...JIDS.map((jid) => jid.split('@')[0]!)];
    const needles = [
      ...guessed.flatMap(guesses),
      ...[...WORDS, ...Object.values(TEXTS)].flatMap((text) => publicHashes(text)),
    ];
    assert.ok(needles.length > 2_000, `${needles.length}`);
    assert.deepEqual(found(Buffer.concat([files(), Buffer.from(log)]), needles), []);
  });

  it('would be found out by the same search with the secret', () => {
    const cipher = new BlockCipher(deriveDaemonKeys(secret()).serverToken);
    const keyed = (text: string): Needle[] => {
      const { hashes, count } = extractFeatures(text);
      const sids = cipher.encipher(hashes);
      return Array.from({ length: count }, (_, i) => ({
        name: `${text} ${i}`,
        bytes: sids.subarray(16 * i, 16 * i + TOKEN_BYTES),
      }));
    };
    for (const text of [TEXTS.operator, TEXTS.trace, TEXTS.sample]) {
      const needles = keyed(text);
      assert.equal(found(files(), needles).length, needles.length, text);
    }
    const ids = new DerivedIds(deriveDaemonKeys(secret()));
    const user = { name: 'user id', bytes: Buffer.from(ids.id('user', JULIET), 'hex') };
    assert.deepEqual(found(files(), [user]), ['user id']);
  });

  it('names nobody, in no file and at no level of the log', () => {
    const names = JIDS.flatMap((jid) => [jid, ...jid.split('@')]).filter(
      (name) => name !== 'capulet.example',
    );
    const needles = names.flatMap(spelled);
    assert.deepEqual(found(files(), needles), []);
    assert.deepEqual(found(Buffer.from(log), needles), []);
  });

  it('holds no key of a user', () => {
    const needles = [USER_KEY, NEW_KEY].flatMap((key) => [
      { name: 'key', bytes: key },
      { name: 'key in base64', bytes: Buffer.from(key.toString('base64')) },
      { name: 'key in hex', bytes: Buffer.from(key.toString('hex')) },
    ]);
    assert.deepEqual(found(Buffer.concat([files(), Buffer.from(log)]), needles), []);
  });

  it('gives the same token other ids for each of two users, and none of them the one of all', async () => {
    const twice = (await lessonsOf(store())).filter(({ sids, userId }, _, all) => {
      return userId !== '' && all.filter((other) => other.sids.equals(sids)).length === 2;
    });
    assert.equal(twice.length, 2);
    const [one, other] = twice.map(({ uids }) => idsIn(uids)) as [string[], string[]];
    const server = idsIn(twice[0]!.sids);
    assert.ok(server.length >= 7);
    assert.equal(new Set([...one, ...other, ...server]).size, 3 * server.length);
  });

  it('does not look up in the table of all what a single user taught, and does what two did', async () => {
    const opened = await openStore({ dir: store(), secret: secret(), now: Date.now, log: QUIET });
    try {
      // What is neither word nor pair, such as the length, others have taught as well.
      const countsOf = (text: string) => {
        const { hashes, count, scripts } = extractFeatures(text);
        const into = columns(count);
        opened.server.lookup(opened.ids.serverTokens(hashes, scripts), count, into);
        const features = listFeatures(text).map((name, i) => ({ name, seen: into.spam[i]! + into.ham[i]! }));
        return features.filter(({ name }) => /^(?:word|pair):/.test(name)).map(({ seen }) => seen > 0);
      };
      for (const text of [TEXTS.user, TEXTS.observed, TEXTS.keyed])
        assert.deepEqual(countsOf(text), Array(7).fill(false), text);
      for (const text of [TEXTS.operator, TEXTS.sameByTwo])
        assert.deepEqual(countsOf(text), Array(7).fill(true), text);
    } finally {
      await opened.close();
    }
  });

  it('shows no token to anybody who may only check', () => {
    assert.ok(said.length > 500);
    assert.deepEqual(found(Buffer.from(said), WORDS.flatMap(spelled)), []);
    // A line for each unit, and nothing for each token.
    assert.ok(said.split('\r\n').length < 60, said);
  });
});

function idsIn(ids: Buffer): string[] {
  return Array.from({ length: ids.length / TOKEN_BYTES }, (_, i) =>
    ids.toString('hex', TOKEN_BYTES * i, TOKEN_BYTES * (i + 1)),
  );
}

/** All that the log of lessons holds, read without the store. */
async function lessonsOf(dir: string): Promise<Learnt[]> {
  const binary = { encoding: 'binary', keyEncoding: 'binary' } as const;
  const root = open<Buffer, Buffer>({
    path: dir,
    noSubdir: false,
    overlappingSync: false,
    maxDbs: 32,
    ...binary,
  });
  const lessons = root.openDB<Buffer, Buffer>('lessons', binary);
  const records = [...lessons.getRange({})].map(({ value }) => decodeRecord(Buffer.from(value)));
  await root.close();
  return records.flatMap((record) => (record.kind === 'learn' ? [record.learnt] : []));
}

/** Everything by which a text comes to the daemon. @param tell takes what SYMBOLS and REPORT answer */
async function teachEverything(daemon: DaemonProcess, tell: (body: string) => void): Promise<void> {
  const client = new PnpClient({ path: daemon.unixPath, timeoutMs: 10_000 });
  const admin = new PnpClient({ path: daemon.adminPath, timeoutMs: 10_000 });
  const from = `${STRANGER}/phone`;
  await admin.tell({ label: 'spam', stanza: chat(TEXTS.operator, from) });
  await client.tell({ label: 'spam', stanza: chat(TEXTS.user, from), reporter: JULIET });
  for (const reporter of [JULIET, ROMEO])
    await client.tell({ label: 'spam', stanza: chat(TEXTS.sameByTwo, from), reporter });
  const { trace } = await client.check(chat(TEXTS.trace, from), { to: JULIET });
  await client.tell({ label: 'ham', trace, reporter: JULIET });
  await client.check(chat(TEXTS.observed, ANSWERED), { to: ROMEO });
  await client.observe({ event: 'replied', from: ANSWERED, user: ROMEO });
  await client.observe({ event: 'sample', stanza: chat(TEXTS.sample, `${CONTACT}/x`), user: JULIET });
  await client.tell({ label: 'ham', stanza: chat(TEXTS.private, from), reporter: ROMEO });
  const keyed = { label: 'spam', stanza: chat(TEXTS.keyed, from), reporter: KEYED } as const;
  await client.tell({ ...keyed, facts: { userKey: USER_KEY } });
  await client.rekey({ user: KEYED, before: USER_KEY, after: NEW_KEY });
  const forgotten = { stanza: chat(TEXTS.forgotten, from), reporter: JULIET };
  await client.tell({ ...forgotten, label: 'spam' });
  await client.tell({ ...forgotten, label: 'forget' });
  const judged = chat(TEXTS.judged, from);
  for (const userKey of [USER_KEY, undefined]) {
    const facts = { to: KEYED, userKey };
    const verdict = await client.check(judged, facts);
    assert.equal(verdict.abstained.get('bayes.user'), 'wrong-key');
    tell((await client.symbols(judged, facts)).answer.body.toString());
    tell((await client.report(judged, facts)).text);
  }
  for (const text of Object.values(TEXTS)) await client.check(chat(text, from), { to: JULIET });
  client.close();
  admin.close();
}
