import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { PnpClient, PnpError } from '../clients/node/pnp-client.ts';
import { startDaemon } from './daemon-process.ts';
import { chat, madeUp } from './stanzas.ts';
import { until } from './until.ts';

const USER = 'juliet@capulet.example';
const KEY = Buffer.alloc(32, 'the key of now, of 32 bytes');
const OTHER = Buffer.alloc(32, 'another one, of 32 bytes as well');

function refusedWith(word: string): (error: unknown) => boolean {
  return (error) =>
    error instanceof PnpError && error.answer?.headers.get('Error')?.startsWith(`${word} ;`) === true;
}

describe('REKEY through the real daemon', { timeout: 60_000 }, () => {
  it('keeps every verdict, over a crash, and no key in files or log', async (t) => {
    const config = 'bayes.user.lessons_min = 5\nbayes.server.lessons_min = 5\nlog.level = "trace"';
    const first = await startDaemon({ config });
    const clientOf = (path: string) => new PnpClient({ path, timeoutMs: 10_000 });
    let client = clientOf(first.unixPath);
    for (let number = 0; number < 12; number += 1)
      for (const label of ['spam', 'ham'] as const)
        await client.tell({ label, stanza: chat(madeUp(label, number)), reporter: USER });
    const judged = async (userKey: Buffer | undefined) => {
      const verdict = await client.symbols(chat(madeUp('spam', 100)), { to: USER, userKey });
      return verdict.symbols.find(({ unit }) => unit === 'bayes.user') ?? verdict.abstained.get('bayes.user');
    };
    const before = await judged(undefined);
    assert.equal(typeof before, 'object', `${before}`);

    assert.equal((await client.rekey({ user: USER, before: undefined, after: KEY })).lessons, 24);
    assert.deepEqual(await judged(KEY), before);
    assert.equal(await judged(undefined), 'wrong-key');
    await first.kill();
    client.close();
    const second = await startDaemon({ config, dir: first.dir });
    t.after(() => second.stop());
    client = clientOf(second.unixPath);
    t.after(() => client.close());
    assert.deepEqual(await judged(KEY), before);

    const facts = { to: USER, userKey: KEY };
    const { trace } = await client.check(chat('something new to everybody'), facts);
    const change = { user: USER, before: undefined, after: OTHER };
    await assert.rejects(client.rekey(change), refusedWith('wrong-key'));
    assert.equal((await client.rekey({ ...change, after: KEY })).unchanged, 'same-key');
    const moved = await client.rekey({ ...change, before: KEY });
    assert.deepEqual([moved.lessons, moved.unchanged], [24, undefined]);
    assert.deepEqual(await judged(OTHER), before);
    const lesson = { label: 'spam', reporter: USER, trace } as const;
    await assert.rejects(client.tell({ ...lesson, facts: { userKey: KEY } }), refusedWith('wrong-key'));
    assert.equal((await client.tell({ ...lesson, facts: { userKey: OTHER } })).didSet, true);
    assert.equal((await client.rekey({ user: USER, before: OTHER, after: undefined })).lessons, 25);

    const lines = () => (first.log() + second.log()).match(/"msg":"a user's key"/g)?.length;
    await until(() => lines() === 5);
    const log = first.log() + second.log();
    const files = ['data.mdb'].map((file) => readFileSync(join(first.dir, 'store', file), 'latin1'));
    for (const key of [KEY, OTHER])
      for (const form of [key.toString('latin1'), key.toString('base64'), key.toString('hex')])
        for (const text of [log, ...files]) assert.ok(!text.includes(form), 'a key lies open');
    assert.ok(!log.includes('juliet'));
  });

  it('holds back lessons of the user that are restored meanwhile', async (t) => {
    const daemon = await startDaemon();
    t.after(() => daemon.stop());
    const admin = new PnpClient({ path: daemon.adminPath, timeoutMs: 10_000 });
    t.after(() => admin.close());
    const lesson = { label: 'spam', stanza: chat(madeUp('spam', 1)), reporter: USER } as const;
    await admin.tell(lesson);
    const dump = (await admin.call('LESSONS', { Act: 'dump' }, 'after 0\r\n')).body.toString();
    await admin.tell({ ...lesson, label: 'forget' });
    const restore = () => admin.call('LESSONS', { Act: 'restore' }, dump);
    const changing = admin.rekey({ user: USER, before: undefined, after: KEY });
    const meanwhile = await restore();
    assert.match(meanwhile.headers.get('Error') ?? '', /^rekeying ;/);
    await changing;
    assert.match((await restore()).body.toString(), /^other_key 1\r$/m);
  });
});
