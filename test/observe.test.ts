import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { PnpClient, PnpError, type Taught } from '../clients/node/pnp-client.ts';
import { CAPULET_SECRET, type DaemonProcess, startDaemon } from './daemon-process.ts';
import { chat, madeUp } from './stanzas.ts';
import { until } from './until.ts';

const JULIET = 'juliet@capulet.example';
const NURSE = 'nurse@capulet.example';
const DAY_MS = 86_400_000;

const said = ({ didSet, didRemove, unchanged }: Taught) =>
  unchanged ?? `${didSet ? 'set' : ''}${didRemove ? ' removed' : ''}`;

function refusedWith(word: string): (error: unknown) => boolean {
  return (error) =>
    error instanceof PnpError && error.answer?.headers.get('Error')?.startsWith(`${word} ;`) === true;
}

describe('OBSERVE through the real daemon', () => {
  let daemon: DaemonProcess;
  let client: PnpClient;
  let admin: PnpClient;
  let strangers = 0;
  const dir = mkdtempSync(join(tmpdir(), 'pv-observe-'));
  const clock = join(dir, 'clock');
  let ahead = 0;

  const start = async (config = '') => {
    const nodeOptions = ['--import', join(import.meta.dirname, 'shifted-clock.js')];
    daemon = await startDaemon({ dir, config, nodeOptions, env: { TEST_CLOCK_AHEAD: clock } });
    client = new PnpClient({ path: daemon.unixPath, timeoutMs: 10_000 });
    admin = new PnpClient({ path: daemon.adminPath, timeoutMs: 10_000 });
  };
  const stop = async () => {
    client.close();
    admin.close();
    await daemon.stop();
  };
  const pass = (ms: number) => {
    ahead += ms;
    writeFileSync(clock, String(ahead));
  };
  before(async () => {
    await start();
    const labels = ['spam', 'ham'] as const;
    for (let number = 0; number < 40; number += 1)
      await Promise.all(labels.map((label) => admin.tell({ label, stanza: chat(madeUp(label, number)) })));
  });
  after(async () => {
    await stop();
    rmSync(dir, { recursive: true });
  });

  const stranger = () => `stranger${++strangers}@one.example/phone`;
  /** A stranger writes to a user. */
  const writes = async (from: string, text: string, user = JULIET) =>
    (await client.check(chat(text, from), { to: user })).trace;
  const observe = async (event: string, from: string | undefined, user = JULIET, trace?: string) =>
    said(await client.observe({ event, from, user, trace }));
  /** Ham lessons that the user lacks for an opinion, by the abstention. */
  const hamLacking = async (user: string) => {
    const { answer } = await client.symbols(chat('whatever'), { to: user });
    return Number(/^- bayes\.user abstained untrained spam=\d+ ham=(\d+)/m.exec(answer.body.toString())?.[1]);
  };

  it('says in HELLO from which events it learns', async () => {
    assert.deepEqual((await client.hello()).events, ['replied', 'rostered', 'released']);
  });

  for (const event of ['replied', 'rostered', 'released'] as const)
    it(`learns ham from ${event}, by the last trace of the sender, once per sender and user`, async () => {
      const from = stranger();
      const lacking = await hamLacking(`${event}@capulet.example`);
      await writes(from, `first words ${event}`, `${event}@capulet.example`);
      await writes(from, `last words ${event}`, `${event}@capulet.example`);
      assert.equal(await observe(event, from, `${event}@capulet.example`), 'set');
      assert.equal(await hamLacking(`${event}@capulet.example`), lacking - 1);
      const lesson = { stanza: chat(`last words ${event}`, from), reporter: `${event}@capulet.example` };
      assert.equal(said(await client.tell({ ...lesson, label: 'ham' })), 'already-taught', 'the last one');
      await writes(from, `still more words ${event}`, `${event}@capulet.example`);
      for (const again of ['replied', 'rostered'])
        assert.equal(await observe(again, from, `${event}@capulet.example`), 'already-taught');
      assert.equal(await hamLacking(`${event}@capulet.example`), lacking - 1);
      // Somebody else's stranger is a stranger still.
      await writes(from, `to another one ${event}`, 'other@capulet.example');
      assert.equal(await observe('replied', from, 'other@capulet.example'), 'set');
    });

  it('learns from the trace that is named, and from no other sender or user', async () => {
    const from = stranger();
    const trace = await writes(from, 'words of a trace that is named');
    await writes(from, 'words that came later');
    await assert.rejects(
      observe('replied', 'somebody@else.example', JULIET, trace),
      refusedWith('contradiction'),
    );
    await assert.rejects(observe('replied', from, NURSE, trace), refusedWith('trace-expired'));
    assert.equal(await observe('replied', from, JULIET, trace), 'set');
    const lesson = { stanza: chat('words of a trace that is named', from), reporter: JULIET };
    assert.equal(said(await client.tell({ ...lesson, label: 'ham' })), 'already-taught');
    const another = await writes(stranger(), 'nobody is named but by the trace');
    assert.equal(await observe('replied', undefined, JULIET, another), 'set');
  });

  it('takes an event that it does not use whatever else is said', async () => {
    const { answer } = await client.observe({ event: 'caps', from: '@', user: '@@@' });
    assert.equal(answer.headers.get('Unchanged'), 'not-used');
  });

  it('learns each stanza that is released, whoever sent it', async () => {
    const from = stranger();
    await writes(from, 'words that are answered');
    assert.equal(await observe('replied', from), 'set');
    for (const text of ['words that are released', 'other words that are released'])
      assert.equal(await observe('released', from, JULIET, await writes(from, text)), 'set');
  });

  it('learns once from what is told at the same instant', async () => {
    const from = stranger();
    const traces = [];
    for (const part of ['one', 'two', 'three'])
      traces.push(await writes(from, `words at once, part ${part}`));
    const outcomes = await Promise.all(traces.map((trace) => observe('replied', from, JULIET, trace)));
    assert.deepEqual(outcomes.sort(), ['already-taught', 'already-taught', 'set']);
  });

  it('learns nothing from an answer to spam, unless the user releases it', async () => {
    const from = stranger();
    const stanza = chat(madeUp('spam', 300), from);
    const { verdict, trace } = await client.check(stanza, { to: JULIET });
    assert.equal(verdict, 'spam');
    for (const event of ['replied', 'rostered']) {
      assert.equal(await observe(event, from), 'judged-spam');
      assert.equal(await observe(event, from, JULIET, trace), 'judged-spam');
    }
    assert.equal(await observe('released', from, JULIET, trace), 'set');
    assert.equal(said(await client.tell({ label: 'spam', stanza, reporter: JULIET })), 'set removed');
  });

  it('lets a report replace what was learnt, and never what the user has reported', async () => {
    const from = stranger();
    const trace = await writes(from, 'words that are reported afterwards');
    assert.equal(await observe('replied', from), 'set');
    assert.equal(said(await client.tell({ label: 'spam', trace, reporter: JULIET })), 'set removed');
    assert.equal(await observe('rostered', from), 'already-taught');

    const reported = stranger();
    const first = await writes(reported, 'words that are reported first');
    await client.tell({ label: 'spam', trace: first, reporter: JULIET });
    const second = await writes(reported, 'other words of the same one');
    for (const trace of [undefined, first, second])
      assert.equal(await observe('replied', reported, JULIET, trace), 'already-taught');
    assert.equal(await observe('released', reported, JULIET, first), 'set removed');
  });

  it('says so where there is nothing to learn from', async () => {
    assert.equal(await observe('replied', stranger()), 'no-trace');
    const from = stranger();
    await client.check(`<presence from='${from}' type='subscribe'/>`, { to: JULIET });
    assert.equal(await observe('rostered', from), 'no-text');
    const past = stranger();
    await writes(past, 'words of long ago');
    pass(8 * DAY_MS);
    assert.equal(await observe('replied', past), 'no-trace');
  });

  it('keeps to the key of the user', async () => {
    const userKey = Buffer.alloc(32, 3);
    const facts = { to: 'keyed@capulet.example', userKey };
    const from = stranger();
    await client.check(chat('words under a key', from), facts);
    const seen = { event: 'replied', from, user: facts.to };
    await assert.rejects(client.observe(seen), refusedWith('wrong-key'));
    assert.equal(said(await client.observe({ ...seen, facts: { userKey } })), 'set');
  });

  it('remembers over a restart whom a user has answered, and who wrote last', async () => {
    const [answered, waiting] = [stranger(), stranger()];
    await writes(answered, 'words that are answered before');
    assert.equal(await observe('replied', answered), 'set');
    await writes(answered, 'more of them');
    await writes(waiting, 'words that are answered after it');
    await stop();
    await start();
    assert.equal(await observe('rostered', answered), 'already-taught');
    assert.equal(await observe('replied', waiting), 'set');
    await writes(answered, 'words after a long time');
    pass(366 * DAY_MS);
    await writes(answered, 'words after an even longer time');
    assert.equal(await observe('replied', answered), 'set', 'learn.sender_days are over');
  });

  it('remembers after a crash what it has answered', async () => {
    const from = stranger();
    await writes(from, 'words before the crash');
    assert.equal(await observe('replied', from), 'set');
    client.close();
    admin.close();
    await daemon.kill();
    await start();
    await writes(from, 'words after the crash');
    assert.equal(await observe('replied', from), 'already-taught');
  });

  it('gives a user with three talks and five reports a table with opinions', async () => {
    const user = 'ordinary@capulet.example';
    const verdict = (text: string) => client.symbols(chat(text, stranger()), { to: user });
    for (let number = 0; number < 5; number += 1) {
      const { trace } = await verdict(madeUp('spam', 400 + number));
      await client.tell({ label: 'spam', trace, reporter: user });
    }
    for (let talk = 0; talk < 3; talk += 1) {
      const { answer } = await verdict(madeUp('spam', 500));
      const lacking = `bayes.user abstained untrained spam=0 ham=${3 - talk}`;
      assert.ok(answer.body.toString().includes(lacking), answer.body.toString());
      const from = stranger();
      await writes(from, madeUp('ham', 400 + talk), user);
      assert.equal(await observe('replied', from, user), 'set');
    }
    const { symbols } = await verdict(madeUp('spam', 500));
    assert.ok(symbols.some(({ unit }) => unit === 'bayes.user'));
  });

  it('counts and logs what was made of events, without a name', async () => {
    const from = stranger();
    await writes(from, 'words that are counted');
    await observe('replied', from);
    await observe('caps', from);
    const stats = await admin.stats();
    assert.ok((stats.get('providence_observations_total{event="replied",outcome="learnt"}') ?? 0) > 0);
    assert.ok((stats.get('providence_observations_total{event="caps",outcome="not-used"}') ?? 0) > 0);
    await until(() => /"label":"ham","outcome":"set","by":"observation"/.test(daemon.log()));
    assert.doesNotMatch(daemon.log(), /stranger\d+@|juliet@/);
  });
});

describe('samples of talk with contacts', () => {
  const CONTACT = 'romeo@montague.example/phone';
  let daemon: DaemonProcess;
  let client: PnpClient;
  before(async () => {
    const config = `learn = { contacts = "sample", contact_samples_per_day = 3, contact_lessons_max = 5 }`;
    const nodeOptions = ['--import', join(import.meta.dirname, 'shifted-clock.js')];
    const dir = mkdtempSync(join(tmpdir(), 'pv-samples-'));
    daemon = await startDaemon({ dir, config, nodeOptions, env: { TEST_CLOCK_AHEAD: join(dir, 'clock') } });
    client = new PnpClient({ path: daemon.unixPath, timeoutMs: 10_000 });
  });
  after(async () => {
    client.close();
    await daemon.stop();
    rmSync(daemon.dir, { recursive: true });
  });

  let messages = 0;
  const talk = () => chat(`ordinary talk of number ${++messages}`, CONTACT);
  const sample = async (stanza: string, user = JULIET) =>
    said(await client.observe({ event: 'sample', stanza, user }));
  const wants = async (stanza: string, user = JULIET, roster: 'both' | 'none' = 'both') =>
    (await client.check(stanza, { to: user, roster })).wants;

  it('says that it wants them, in HELLO and of what a contact wrote', async () => {
    assert.deepEqual((await client.hello()).events, ['replied', 'rostered', 'released', 'sample']);
    assert.deepEqual(await wants(talk()), ['sample']);
    assert.deepEqual(await wants(talk(), JULIET, 'none'), []);
  });

  it('learns as many as it wants in a day, and in all, of what comes in and goes out', async () => {
    assert.equal(await sample(talk()), 'set');
    const out = chat('what the user answers', `${NURSE}/x`).replace(
      'type=',
      "to='romeo@montague.example' type=",
    );
    const going = { event: 'sample', stanza: out, facts: { direction: 'out' } } as const;
    assert.equal(said(await client.observe(going)), 'set');
    assert.equal(await sample(talk()), 'set');
    assert.equal(await sample(talk()), 'set');
    assert.deepEqual(await wants(talk()), []);
    assert.equal(await sample(talk()), 'enough', 'of today');
    assert.equal(await sample(talk(), NURSE), 'set', 'of somebody else');
    writeFileSync(join(daemon.dir, 'clock'), String(DAY_MS));
    assert.deepEqual(await wants(talk()), ['sample']);
    assert.equal(await sample(talk()), 'set');
    assert.equal(await sample(talk()), 'set');
    assert.equal(await sample(talk()), 'enough', 'five in all');
    assert.deepEqual(await wants(talk()), []);
  });

  it('is taken of the users of its domains alone from whoever is bound to them', async () => {
    const auth = { credential: 'capulet', secret: CAPULET_SECRET };
    const bound = new PnpClient({ host: '127.0.0.1', port: daemon.tcpPort, auth });
    const going = (from: string, to: string) =>
      bound.observe({
        event: 'sample',
        stanza: chat('what goes out', `${from}/x`).replace('type=', `to='${to}' type=`),
        facts: { direction: 'out' },
      });
    assert.equal(said(await going('bound@capulet.example', 'romeo@montague.example')), 'set');
    await assert.rejects(
      going('romeo@montague.example', 'bound@capulet.example'),
      refusedWith('foreign-domain'),
    );
    bound.close();
  });

  it('takes nothing that is encrypted, and no test line', async () => {
    const encrypted = `<message from='${CONTACT}' type='chat'><body>words beside it</body><encrypted xmlns='eu.siacs.conversations.axolotl'><header sid='1'/></encrypted></message>`;
    assert.deepEqual(await wants(encrypted, NURSE), []);
    await assert.rejects(sample(encrypted, NURSE), refusedWith('encrypted'));
    const line = chat('PROVIDENCE-TEST-SPAM-7c3f1e9a52d84b06a1e5f0936bd2c847', CONTACT);
    assert.equal(await sample(line, NURSE), 'test-stanza');
    assert.equal(
      await sample(`<message from='${CONTACT}'><active xmlns='urn:x'/></message>`, NURSE),
      'no-text',
    );
  });
});
