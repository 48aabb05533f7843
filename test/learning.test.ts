import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { PnpClient } from '../clients/node/pnp-client.ts';
import { type DaemonProcess, startDaemon } from './daemon-process.ts';
import { chat, madeUp } from './stanzas.ts';

const USER = 'juliet@capulet.example';
const FACTS = { to: USER };

describe('learning through the real daemon', () => {
  let daemon: DaemonProcess;
  let client: PnpClient;
  let admin: PnpClient;

  before(async () => {
    daemon = await startDaemon();
    client = new PnpClient({ path: daemon.unixPath, timeoutMs: 5_000 });
    admin = new PnpClient({ path: daemon.adminPath, timeoutMs: 5_000 });
    for (let number = 0; number < 40; number += 1) {
      await Promise.all(
        (['spam', 'ham'] as const).map((label) => admin.tell({ label, stanza: chat(madeUp(label, number)) })),
      );
    }
  });
  after(async () => {
    client.close();
    admin.close();
    await daemon.stop();
  });

  const score = async (text: string, to = USER) => {
    const verdict = await client.symbols(chat(text), { to });
    return Number(/^BAYES_SERVER \S+ (\S+)/m.exec(verdict.answer.body.toString())?.[1]);
  };

  it('tells taught spam from taught ham', async () => {
    assert.ok((await score(madeUp('spam', 100))) > 0.3);
    assert.ok((await score(madeUp('ham', 100))) < -0.3);
  });

  it('teaches the same lesson once, and says so', async () => {
    const lesson = {
      label: 'spam',
      stanza: chat('once upon a time there was a unicorn'),
      reporter: USER,
    } as const;
    assert.deepEqual(did(await client.tell(lesson)), { set: true, removed: false, unchanged: undefined });
    assert.deepEqual(did(await client.tell(lesson)), {
      set: false,
      removed: false,
      unchanged: 'already-taught',
    });
  });

  it('relearns as the other class, undoing the first', async () => {
    const stanza = chat('a lesson that was wrong at first');
    await client.tell({ label: 'spam', stanza, reporter: USER });
    assert.deepEqual(did(await client.tell({ label: 'ham', stanza, reporter: USER })), {
      set: true,
      removed: true,
      unchanged: undefined,
    });
  });

  it('forgets exactly: the score is what it was, to the last digit', async () => {
    const probe = madeUp('ham', 200);
    const before = await score(probe);
    const lesson = { stanza: chat(madeUp('ham', 201)) } as const;
    await admin.tell({ label: 'spam', ...lesson });
    assert.notEqual(await score(probe), before);
    assert.equal((await admin.tell({ label: 'forget', ...lesson })).didRemove, true);
    assert.equal(await score(probe), before);
    assert.equal(did(await admin.tell({ label: 'forget', ...lesson })).unchanged, 'not-taught');
  });

  it('teaches by trace what it would teach by body', async () => {
    const stanza = chat('learnt without its body, by the trace alone');
    const { answer } = await client.check(stanza, FACTS);
    const trace = answer.headers.get('Trace');
    assert.match(trace ?? '', /^[0-9A-HJKMNP-TV-Z]{26}$/);
    assert.equal((await client.tell({ label: 'spam', trace, facts: { to: USER } })).didSet, true);
    const byBody = await client.tell({ label: 'spam', stanza, facts: FACTS });
    assert.equal(did(byBody).unchanged, 'already-taught');
    assert.equal((await client.tell({ label: 'forget', stanza, facts: FACTS })).didRemove, true);
  });

  it("refuses another user's trace, and one that never was", async () => {
    const { answer } = await client.check(chat('this trace is of juliet'), FACTS);
    const trace = answer.headers.get('Trace');
    for (const [to, id] of [
      ['nurse@capulet.example', trace],
      [USER, '01ARZ3NDEKTSV4RRFFQ69G5FAV'],
      [USER, 'nonsense'],
    ]) {
      const refused = await client.call('TELL', { 'Message-Class': 'spam', Set: 'local', To: to, Trace: id });
      assert.equal(refused.status, 66);
      assert.match(refused.headers.get('Error') ?? '', /^trace-expired ; /);
    }
  });

  it("lets a user's own lessons outweigh the server's, for that user only", async () => {
    const other = 'nurse@capulet.example';
    for (let number = 0; number < 12; number += 1) {
      await client.tell({
        label: 'ham',
        stanza: chat(`casino jackpot dealer shift roster ${number}`, `a${number}@x.example`),
        facts: { to: other },
      });
      await client.tell({
        label: 'spam',
        stanza: chat(`utterly unrelated words of number ${number} zebra`, `b${number}@x.example`),
        facts: { to: other },
      });
    }
    const text = chat('casino jackpot dealer shift');
    const mine = await client.check(text, { to: other });
    const theirs = await client.check(text, FACTS);
    assert.ok(mine.score < theirs.score, `${mine.score} is not below ${theirs.score}`);
  });

  it('does not let one reporter alone move the table of all', async () => {
    const text = 'quokka wombat numbat bilby potoroo';
    const before = await score(text);
    for (let number = 0; number < 10; number += 1) {
      await client.tell({
        label: 'spam',
        stanza: chat(`${text} ${number}`),
        reporter: 'mallory@capulet.example',
      });
    }
    const after = await score(text, 'nurse@capulet.example');
    assert.ok(Number.isNaN(after) || Math.abs(after - before) < 0.1 || Number.isNaN(before));
  });

  const REFUSED: readonly (readonly [string, Record<string, string>, number, string])[] = [
    ['an unknown class', { 'Message-Class': 'spma', Set: 'local', To: USER }, 64, 'unknown-class'],
    ['no class', { Set: 'local', To: USER }, 64, 'no-class'],
    ['nothing to do', { 'Message-Class': 'spam', To: USER }, 64, 'nothing-to-do'],
    [
      'setting and removing at once',
      { 'Message-Class': 'spam', Set: 'local', Remove: 'local', To: USER },
      64,
      'set-and-remove',
    ],
    ['a word in another case', { 'Message-Class': 'spam', Set: 'Local', To: USER }, 64, 'unknown-place'],
    ['an unknown place', { 'Message-Class': 'spam', Set: 'everywhere', To: USER }, 64, 'unknown-place'],
    [
      'no reporter without the right of an admin',
      { 'Message-Class': 'spam', Set: 'local' },
      64,
      'no-reporter',
    ],
    [
      'a key that is none',
      { 'Message-Class': 'spam', Set: 'local', To: USER, 'User-Key': 'abc' },
      65,
      'bad-user-key',
    ],
  ];
  for (const [name, headers, status, word] of REFUSED) {
    it(`refuses ${name}, and teaches nothing`, async () => {
      const stanza = chat(`refused: ${name}`);
      const answer = await client.call('TELL', headers, stanza);
      assert.equal(answer.status, status);
      assert.match(answer.headers.get('Error') ?? '', new RegExp(`^${word} ; `));
      const { To } = headers;
      if (To !== undefined)
        assert.equal(
          did(await client.tell({ label: 'forget', stanza, facts: { to: To } })).unchanged,
          'not-taught',
        );
    });
  }

  it('says that a stanza without text taught nothing', async () => {
    const stanza = `<presence xmlns='jabber:client' from='a@b.example' type='subscribe'/>`;
    assert.equal(did(await client.tell({ label: 'spam', stanza, reporter: USER })).unchanged, 'no-text');
  });

  it('learns nothing from the test stanza', async () => {
    const stanza = chat('XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X');
    assert.equal(did(await client.tell({ label: 'spam', stanza, reporter: USER })).unchanged, 'test-stanza');
    const verdict = await client.check(stanza, FACTS);
    assert.equal(verdict.verdict, 'spam');
    assert.equal(verdict.answer.headers.get('Symbol'), 'TEST_STANZA');
  });

  it("abstains with wrong-key once another key than the user's first comes", async () => {
    const keyed = { to: 'paris@capulet.example' };
    const key = (byte: number) => Buffer.alloc(32, byte);
    await client.check(chat('first sight of a key'), { ...keyed, userKey: key(1) });
    const wrong = await client.check(chat('another key'), { ...keyed, userKey: key(2) });
    assert.match(wrong.answer.headers.get('Abstained') ?? '', /bayes\.user=wrong-key/);
    const told = await client.call(
      'TELL',
      { 'Message-Class': 'spam', Set: 'local', 'User-Key': key(2).toString('base64'), To: keyed.to },
      chat('keyed'),
    );
    assert.deepEqual([told.status, told.headers.get('Error')?.split(' ')[0]], [77, 'wrong-key']);
    const right = { label: 'spam', stanza: chat('keyed'), facts: { ...keyed, userKey: key(1) } } as const;
    assert.equal((await client.tell(right)).didSet, true);
    const none = await client.check(chat('no key at all'), keyed);
    assert.match(none.answer.headers.get('Abstained') ?? '', /bayes\.user=wrong-key/);
  });

  function did(taught: Awaited<ReturnType<PnpClient['tell']>>) {
    return {
      set: taught.didSet,
      removed: taught.didRemove,
      unchanged: taught.answer.headers.get('Unchanged'),
    };
  }
});
