import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { padding } from '../bench/eval/tricks.ts';
import { createRandom } from '../bench/random.ts';
import { PnpClient } from '../clients/node/pnp-client.ts';
import { type DaemonProcess, startDaemon } from './daemon-process.ts';
import { chat } from './stanzas.ts';

/** No fit comes between two verdicts. */
const CONFIG = 'linear.server.lessons_min = 5_000\ncache.bayes.server.ttl_seconds = 600';
const JULIET = 'juliet@capulet.example';
const LESSONS = 60;

const random = createRandom(1);
const words = (letter: string) =>
  Array.from({ length: LESSONS }, (_, at) => `${letter}${(1e6 + 7919 * at).toString(36)}`);
const vocabulary = { spam: words('s'), ham: words('h') };
const written = (label: 'spam' | 'ham', count: number) =>
  Array.from({ length: count }, () => random.pick(vocabulary[label])).join(' ');
const HAM = Array.from({ length: LESSONS }, () => written('ham', 12));
const padded = (place: 'start' | 'end' | 'both') =>
  padding(place, 2)(written('spam', 10), { random, ham: HAM });

describe('spam between words of ham, in a daemon', () => {
  const dir = mkdtempSync(join(tmpdir(), 'pv-stretch-'));
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
  before(async () => {
    await start();
    for (const text of HAM)
      await Promise.all([
        operator.tell({ label: 'ham', stanza: chat(text) }),
        operator.tell({ label: 'spam', stanza: chat(written('spam', 12)) }),
      ]);
  });
  after(async () => {
    await stop();
    rmSync(dir, { recursive: true });
  });
  const reasonOf = async (stanza: string) => {
    const { answer } = await operator.symbols(stanza);
    return /^BAYES_SERVER .*$/m.exec(answer.body.toString())?.[0];
  };

  it('is spam, wherever it stands, and the reason says that it is a stretch', async () => {
    for (const place of ['start', 'end', 'both'] as const) {
      const stanza = chat(padded(place));
      assert.equal((await operator.check(stanza)).verdict, 'spam', place);
      assert.match((await reasonOf(stanza)) ?? '', / stretch=1 /);
      assert.match(
        (await operator.report(stanza)).text,
        /bayes\.server .* features known here in a stretch, log-odds \+/,
      );
    }
  });

  it('is no reason to call ham spam that is long, quotes a word of spam, or was never seen', async () => {
    for (const text of [
      HAM.join(' '),
      `${HAM[0]} ${vocabulary.spam[0]} ${HAM[1]}`,
      'nobody ever wrote this',
    ]) {
      assert.notEqual((await operator.check(chat(text))).verdict, 'spam', text);
      assert.doesNotMatch((await reasonOf(chat(text))) ?? '', / stretch=1 /);
    }
  });

  it('is found in one of several bodies, and not where only the pieces of several would make it', async () => {
    const body = (text: string) => `<body>${text}</body>`;
    const message = (...texts: string[]) =>
      `<message xmlns='jabber:client' type='chat'>${texts.map(body).join('')}</message>`;
    const stanza = message(HAM[0]!, padded('both'), HAM[1]!);
    assert.equal((await operator.check(stanza)).verdict, 'spam');
    assert.match((await reasonOf(stanza)) ?? '', / stretch=1 /);
    assert.notEqual((await operator.check(message(HAM[2]!, HAM[3]!))).verdict, 'spam');
  });

  it('is said alike by a cached opinion, and after a restart', async () => {
    const stanza = chat(padded('both'));
    const first = await operator.check(stanza);
    const reason = await reasonOf(stanza);
    for (let again = 0; again < 3; again += 1) {
      assert.equal((await operator.check(stanza)).score, first.score);
      assert.equal(await reasonOf(stanza), reason);
    }
    assert.equal(await stop(), 0);
    await start();
    assert.equal((await operator.check(stanza)).score, first.score);
    assert.equal(await reasonOf(stanza), reason);
  });

  it('is learnt as the whole text, also by the trace of its verdict', async () => {
    const text = padded('both');
    const { trace } = await operator.check(chat(text), { to: JULIET });
    assert.ok(trace !== undefined);
    await operator.tell({ label: 'spam', trace, facts: { to: JULIET } });
    const { texts, userLessons } = await operator.tokens(chat(text), { to: JULIET });
    assert.deepEqual(userLessons, { spam: 1, ham: 0 });
    assert.equal(texts.length, 1);
    assert.ok(texts[0]!.tokens.length > 45, `${texts[0]!.tokens.length} features`);
    for (const { user } of texts[0]!.tokens) assert.deepEqual([user?.spam, user?.ham], [1, 0]);
  });
});
