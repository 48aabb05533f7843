import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { PnpClient } from '../clients/node/pnp-client.ts';
import { openStore } from '../src/store/lmdb/store.ts';
import { type DaemonProcess, startDaemon } from './daemon-process.ts';
import { chat, madeUp } from './stanzas.ts';
import { QUIET, START } from './store-fixture.ts';
import { until } from './until.ts';

const CONFIG = 'linear.server.fit_seconds = 1';
const JULIET = 'juliet@capulet.example';
const ROMEO = 'romeo@montague.example';
const SPAM = chat(madeUp('spam', 77));
const LESSONS = 40;
/** After a fit that a busy machine made slow, the next one rests the longer. */
const FIT_PATIENCE_MS = 120_000;

describe('linear.server in a daemon', () => {
  const dir = mkdtempSync(join(tmpdir(), 'pv-linear-'));
  let daemon: DaemonProcess;
  let operator: PnpClient;

  const start = async () => {
    daemon = await startDaemon({ dir, config: CONFIG });
    operator = new PnpClient({ path: daemon.adminPath, timeoutMs: 20_000 });
  };
  const stop = async () => {
    operator.close();
    return await daemon.stop();
  };
  before(start);
  after(() => rmSync(dir, { recursive: true }));

  const teach = (label: 'spam' | 'ham', from: number, to: number) =>
    Promise.all(
      Array.from({ length: to - from }, (_, index) =>
        operator.tell({ label, stanza: chat(madeUp(label, from + index)) }),
      ),
    );
  const forget = (label: 'spam' | 'ham', from: number, to: number) =>
    Promise.all(
      Array.from({ length: to - from }, (_, index) =>
        operator.tell({ label: 'forget', stanza: chat(madeUp(label, from + index)) }),
      ),
    );
  const fittedTo = (count: number) =>
    until(async () => (await operator.stats()).get('providence_linear_lessons') === count, FIT_PATIENCE_MS);
  const line = async (stanza = SPAM) => {
    const { text } = await operator.report(stanza);
    return /^.* linear\.server .*$/m.exec(text)?.[0].trim() ?? text;
  };

  it('says which lessons it lacks, of a fresh daemon and of one with a few', async () => {
    assert.match(await line(), /^- +linear\.server +abstains: not enough lessons: 20 spam, 20 ham missing$/);
    await teach('spam', 0, LESSONS);
    await teach('ham', 0, 5);
    await fittedTo(LESSONS + 5);
    assert.match(await line(), /abstains: not enough lessons: 0 spam, 15 ham missing$/);
    const fit = /"spam":40,"ham":5,"ms":\d+,"msg":"linear\.server fitted"/;
    // The daemon says so behind the fit, and what it writes is read later still.
    await until(() => fit.test(daemon.log()));
  });

  it('has an opinion once it is fitted to enough of both classes, and a word that it is on its way', async () => {
    await teach('ham', 5, LESSONS);
    assert.match(await line(), /abstains: not worked out yet$|% of features known/);
    await fittedTo(2 * LESSONS);
    assert.match(await line(), /^-?\d+\.\d+ +linear\.server +-?0\.\d{3} +120\.0 +\d+ % of features known/);
    const { symbols } = await operator.symbols(SPAM);
    const both = symbols.filter(({ unit }) => unit === 'bayes.server' || unit === 'linear.server');
    assert.equal(both.length, 2);
    assert.equal((await operator.stats()).get('providence_linear_caution'), 1);
  });

  it('says the same after a restart, without having been taught again', async () => {
    const before = await line();
    assert.equal(await stop(), 0);
    await start();
    await fittedTo(2 * LESSONS);
    assert.equal(await line(), before);
  });

  it('says something else once lessons are forgotten, and nothing once they are too few', async () => {
    const before = await line();
    await forget('spam', 0, 10);
    await fittedTo(2 * LESSONS - 10);
    assert.notEqual(await line(), before);
    await forget('spam', 10, LESSONS);
    assert.match(await line(), /abstains: not enough|features known/);
    await fittedTo(0);
    assert.match(await line(), /abstains: not enough lessons: 20 spam, 0 ham missing$/);
  });

  it('learns the same of a message by its body as by the trace of its verdict', async () => {
    const text = 'Отличное предложение, only 4 you: vk7 казино!';
    const { trace } = await operator.check(chat(text), { to: JULIET });
    assert.ok(trace !== undefined);
    await operator.tell({ label: 'spam', trace, facts: { to: JULIET } });
    await operator.tell({ label: 'spam', stanza: chat(text), reporter: ROMEO });
    assert.equal(await stop(), 0);
    const store = await openStore({
      dir: join(dir, 'store'),
      secret: readFileSync(join(dir, 'secret')),
      now: () => START,
      log: QUIET,
    });
    const { lessons } = store.lessons.newestBefore(Number.POSITIVE_INFINITY, 2, () => true);
    await store.close();
    const [byBody, byTrace] = lessons;
    assert.ok(byBody !== undefined && byTrace !== undefined && byBody.slots.length > 50);
    assert.deepEqual({ ...byBody, reporter: 0 }, { ...byTrace, reporter: 0 });
    assert.notEqual(byBody.reporter, byTrace.reporter);
  });

  it('holds no stop up: SIGTERM amid a fit ends the daemon as ever', async () => {
    await start();
    await teach('spam', 0, 300);
    await stop();
    // This one begins with a fit.
    await start();
    assert.equal(await stop(), 0);
    assert.doesNotMatch(daemon.log(), /could not be fitted|"level":(?:40|50)/);
  });
});
