import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { PnpClient } from '../clients/node/pnp-client.ts';
import { TEST_LINES } from '../src/model/test-line.ts';
import { type DaemonProcess, startDaemon } from './daemon-process.ts';
import { chat } from './stanzas.ts';

const FACTS = { to: 'juliet@capulet.example' };
const SENDER = 'probe@one.example/x';
/** More than any sender may write at once. */
const MANY = 200;

describe('the test stanza', () => {
  let daemon: DaemonProcess;
  let client: PnpClient;
  before(async () => {
    daemon = await startDaemon();
    client = new PnpClient({ path: daemon.adminPath, timeoutMs: 10_000 });
  });
  after(async () => {
    client.close();
    assert.equal(await daemon.stop(), 0);
  });

  const counted = async (name: string) => {
    const { body } = await client.call('STATS');
    return Number(new RegExp(`^${name} (\\S+)\r$`, 'm').exec(body.toString())?.[1]);
  };

  it('is always spam, however often it comes, and leaves no trace to learn from', async () => {
    for (let number = 0; number < MANY; number += 1) {
      const line = TEST_LINES[number % 2]!;
      const verdict = await client.check(chat(`Is anybody there? ${line}`, SENDER), FACTS);
      assert.deepEqual([verdict.verdict, verdict.symbol, verdict.trace], ['spam', 'TEST_STANZA', undefined]);
    }
    assert.equal(await counted('providence_trace_bytes'), 0);
  });

  it('counts nothing against its sender', async () => {
    for (let number = 0; number < MANY; number += 1)
      await client.check(chat(`${number} ${TEST_LINES[0]}`, SENDER), { to: `user${number}@capulet.example` });
    const { answer } = await client.check(chat('a word of my own', SENDER), FACTS);
    assert.match(answer.headers.get('Abstained') ?? '', /karma\.jid_rate=within-allowance/);
  });

  it('teaches nothing to anybody, under any label', async () => {
    const stanza = chat(`harpsichord ${TEST_LINES[1]} xylophone`, SENDER);
    const tokens = await counted('providence_server_tokens');
    for (const label of ['spam', 'ham', 'forget'] as const)
      for (const reporter of [undefined, 'juliet@capulet.example', 'romeo@capulet.example']) {
        const told = await client.tell({ label, stanza, ...(reporter !== undefined && { reporter }) });
        assert.deepEqual([told.didSet, told.didRemove, told.unchanged], [false, false, 'test-stanza']);
      }
    assert.equal(await counted('providence_lessons_live'), 0);
    assert.equal(await counted('providence_server_tokens'), tokens);
  });

  it('is a message like any other from somebody whom the recipient knows', async () => {
    for (const roster of ['both', 'to', 'from', 'ask'] as const) {
      const verdict = await client.check(chat(TEST_LINES[0], SENDER), { ...FACTS, roster });
      assert.deepEqual([verdict.verdict, verdict.symbol], ['ham', 'KNOWN_SENDER']);
    }
  });
});
