import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { mutated } from '../bench/mutate.ts';
import { PnpClient, readSymbols, type StanzaFacts } from '../clients/node/pnp-client.ts';
import { type DaemonProcess, startDaemon } from './daemon-process.ts';
import { chat, spimFixtures } from './stanzas.ts';

const DAY_MS = 86_400_000;
const JULIET = 'juliet@capulet.example';
const KEY = Buffer.alloc(32, 1);
const OTHER_KEY = Buffer.alloc(32, 2);
/** Copies of each fixture that are sent after one of it was reported. */
const COPIES = 5;

const nth = (number: number) => `user${number}@capulet.example`;
/** A text that is no copy of any other number's. */
function textOf(number: number): string {
  const word = (step: number) =>
    ((number + 1) * 7919 * step)
      .toString(36)
      .replace(/\d/g, (digit) => 'qwxzjkvbpg'[Number(digit)] as string);
  return `Buy the ${word(31)}${word(37)} of ${word(41)}${word(43)} before ${word(47)}${word(53)} is over`;
}

describe('a text that was reported', () => {
  const dir = mkdtempSync(join(tmpdir(), 'pv-reported-'));
  const clock = join(dir, 'clock');
  let daemon: DaemonProcess;
  let client: PnpClient;
  let texts = 0;
  const start = async () => {
    daemon = await startDaemon({
      dir,
      config: '[bayes.reported]\nreporters_min = 2',
      nodeOptions: ['--import', join(import.meta.dirname, 'shifted-clock.js')],
      env: { TEST_CLOCK_AHEAD: clock },
    });
    client = new PnpClient({ path: daemon.unixPath, timeoutMs: 20_000 });
  };
  const fresh = () => textOf(texts++);

  before(start);
  after(async () => {
    client.close();
    await daemon.stop();
    rmSync(dir, { recursive: true });
  });

  const from = (stranger: string) => `${stranger}@spam.example/x`;
  /** What `bayes.reported` says of a text from a stranger: a symbol with its parameters, or why it abstains. */
  const said = async (
    text: string,
    to: string,
    { stranger = 'second', ...facts }: StanzaFacts & { stranger?: string } = {},
  ) => {
    const judged = await client.symbols(chat(text, from(stranger)), { to, ...facts });
    const unit = readSymbols(judged.answer).find((each) => each.unit === 'bayes.reported');
    const reported =
      unit === undefined
        ? ''
        : Object.entries(unit.params)
            .map(([name, value]) => ` ${name}=${value}`)
            .join('');
    return {
      verdict: judged.verdict,
      unit: judged.abstained.get('bayes.reported') ?? `${unit?.symbol}${reported}`,
    };
  };
  const tell = (
    label: 'spam' | 'ham' | 'forget',
    text: string,
    to: string,
    stranger = 'first',
    facts: StanzaFacts = {},
  ) => client.tell({ label, stanza: chat(text, from(stranger)), facts: { to, ...facts } });

  it('is spam to the same user from any sender, at once, and says so', async () => {
    const text = fresh();
    assert.deepEqual(await said(text, JULIET), { verdict: 'unsure', unit: 'not-reported' });
    await tell('spam', text, JULIET);
    assert.deepEqual(await said(text, JULIET), { verdict: 'spam', unit: 'REPORTED_BEFORE by=you days=0' });
    assert.equal((await said(text, nth(1))).verdict, 'unsure');
    const { text: report } = await client.report(chat(text, from('third')), { to: JULIET });
    assert.match(report, /reported by this user, today/);
    assert.ok(
      report.split(/\r?\n/).every((line) => line.length <= 80),
      report,
    );
  });

  it('is spam to others after enough of them, however often one says so', async () => {
    const text = fresh();
    for (const stranger of ['first', 'second', 'third']) await tell('spam', text, nth(1), stranger);
    assert.equal((await said(text, nth(3))).unit, 'not-reported');
    await tell('spam', text, nth(2));
    assert.deepEqual(await said(text, nth(3)), { verdict: 'spam', unit: 'REPORTED_BEFORE by=2 days=0' });
    await tell('ham', text, nth(4));
    assert.equal((await said(text, nth(3))).unit, 'not-reported');
    assert.equal((await said(text, nth(4))).unit, 'taught-ham');
    assert.equal((await said(text, nth(1))).unit, 'REPORTED_BEFORE by=you days=0');
  });

  it('is told to the sender of what goes out by nobody but others', async () => {
    const text = fresh();
    for (const user of [1, 2]) await tell('spam', text, nth(user));
    const outward = { direction: 'out', from: nth(1) } as const;
    const judged = await client.symbols(chat(text, nth(1)), { to: 'romeo@montague.example', ...outward });
    assert.match(judged.answer.body.toString(), /^REPORTED_BEFORE bayes\.reported .* by=2 days=0\r$/m);
  });

  it('is known by its trace as by its body', async () => {
    const text = fresh();
    const { trace } = await client.check(chat(text, from('first')), { to: JULIET });
    assert.ok(trace !== undefined);
    await client.tell({ label: 'spam', trace, facts: { to: JULIET } });
    assert.equal((await said(text, JULIET)).unit, 'REPORTED_BEFORE by=you days=0');
  });

  it('is lifted by the opposite report, and by taking it back, and by no other', async () => {
    const text = fresh();
    await tell('spam', text, JULIET);
    await tell('ham', text, JULIET);
    assert.equal((await said(text, JULIET)).unit, 'taught-ham');
    await tell('spam', text, JULIET);
    assert.equal((await said(text, JULIET)).unit, 'REPORTED_BEFORE by=you days=0');
    await tell('forget', text, nth(1));
    assert.equal((await said(text, JULIET)).unit, 'REPORTED_BEFORE by=you days=0');
    await tell('forget', text, JULIET);
    assert.equal((await said(text, JULIET)).unit, 'not-reported');
  });

  it('is kept under a user key, and told under no other', async () => {
    const [text, user] = [fresh(), 'keyed@capulet.example'];
    await tell('spam', text, user, 'first', { userKey: KEY });
    assert.equal((await said(text, user, { userKey: KEY })).unit, 'REPORTED_BEFORE by=you days=0');
    for (const userKey of [OTHER_KEY, undefined])
      assert.equal((await said(text, user, { userKey })).unit, 'wrong-key');
  });

  it('that anybody might write is spam from the same sender to the same user alone', async () => {
    await tell('spam', 'hi', JULIET, 'first');
    assert.equal((await said('Hi', JULIET, { stranger: 'first' })).unit, 'REPORTED_BEFORE by=you days=0');
    assert.equal((await said('hi', JULIET, { stranger: 'second' })).unit, 'not-reported');
    await tell('spam', 'hi', nth(1), 'first');
    await tell('spam', 'hi', nth(2), 'first');
    assert.equal((await said('hi', nth(3), { stranger: 'first' })).unit, 'not-reported');
  });

  it('is passed from whom the recipient knows', async () => {
    const text = fresh();
    await tell('spam', text, JULIET);
    const { verdict, symbol } = await client.check(chat(text, from('second')), {
      to: JULIET,
      roster: 'both',
    });
    assert.deepEqual([verdict, symbol], ['ham', 'KNOWN_SENDER']);
  });

  it('is known after kill -9 right behind the answer, and no more than that', async () => {
    const [kept, takenBack] = [fresh(), fresh()];
    await tell('spam', takenBack, JULIET);
    await tell('forget', takenBack, JULIET);
    await tell('spam', kept, JULIET);
    await daemon.kill();
    client.close();
    await start();
    assert.equal((await said(kept, JULIET)).unit, 'REPORTED_BEFORE by=you days=0');
    assert.equal((await said(takenBack, JULIET)).unit, 'not-reported');
  });

  it('is past after 30 days, and spam for 30 more when it is reported again', async () => {
    const text = fresh();
    const days = (count: number) => writeFileSync(clock, `${count * DAY_MS}`);
    await tell('spam', text, JULIET);
    days(29);
    assert.equal((await said(text, JULIET)).unit, 'REPORTED_BEFORE by=you days=29');
    days(30.01);
    assert.equal((await said(text, JULIET)).unit, 'not-reported');
    const { unchanged } = await tell('spam', text, JULIET);
    assert.equal(unchanged, 'already-taught');
    assert.equal((await said(text, JULIET)).unit, 'REPORTED_BEFORE by=you days=0');
  });

  it('is counted', async () => {
    const admin = new PnpClient({ path: daemon.adminPath, timeoutMs: 5_000 });
    const stats = await admin.stats();
    admin.close();
    for (const name of [
      'providence_reported_texts',
      'providence_users_active',
      'providence_filter_score_count{filter="bayes.reported"}',
    ])
      assert.ok((stats.get(name) ?? 0) >= 1, name);
  });
});

describe('of 25 users', () => {
  it('it takes two reports to make a text spam for the rest, and of 15 one', async () => {
    const daemon = await startDaemon();
    const client = new PnpClient({ path: daemon.unixPath, timeoutMs: 20_000 });
    try {
      const verdict = async (text: string) => (await client.check(chat(text), { to: nth(0) })).verdict;
      const [first, second] = [textOf(1_000), textOf(1_001)] as const;
      const report = (text: string, user: number) =>
        client.tell({ label: 'spam', stanza: chat(text), facts: { to: nth(user) } });
      for (let user = 0; user < 15; user += 1)
        await client.check(chat('hello there, stranger'), { to: nth(user) });
      await report(first, 1);
      assert.equal(await verdict(first), 'spam');
      for (let user = 15; user < 25; user += 1)
        await client.check(chat('hello there, stranger'), { to: nth(user) });
      assert.equal(await verdict(first), 'unsure');
      await report(second, 1);
      assert.equal(await verdict(second), 'unsure');
      await report(second, 2);
      assert.equal(await verdict(second), 'spam');
    } finally {
      client.close();
      await daemon.stop();
    }
  });
});

describe('copies of reported fixtures', () => {
  it('are spam to the same user, at least 95 % of them', async () => {
    const daemon = await startDaemon();
    const client = new PnpClient({ path: daemon.unixPath, timeoutMs: 20_000 });
    const fixtures = spimFixtures().filter(({ label, kind }) => label === 'spam' && kind === 'message');
    const missed: string[] = [];
    let sent = 0;
    try {
      for (const [number, { file, stanza }] of fixtures.entries()) {
        // A user each, so that no other fixture's report helps; what they teach is as little as one report.
        const facts = { to: nth(number), roster: 'none' } as const;
        if ((await client.tell({ label: 'spam', stanza, facts })).unchanged !== undefined) continue;
        for (let seed = 1; seed <= COPIES; seed += 1, sent += 1) {
          const { verdict } = await client.check(mutated(stanza, 50 * number + seed), facts);
          if (verdict !== 'spam') missed.push(file);
        }
      }
    } finally {
      client.close();
      await daemon.stop();
    }
    assert.ok(sent > 500, `${sent} copies`);
    assert.ok(missed.length <= 0.05 * sent, `${missed.length} of ${sent}: ${missed}`);
  });
});
