import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, afterEach, describe, it } from 'node:test';
import { PnpClient } from '../clients/node/pnp-client.ts';
import { parseScript } from '../src/cli/fake-script.ts';
import { type Fake, startFake } from '../src/cli/fake-server.ts';
import { runCli } from './cli-process.ts';

const DIR = mkdtempSync(join(tmpdir(), 'pv-fake-'));
after(() => rmSync(DIR, { recursive: true }));

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});

/** A fake on a free TCP port, and a client of it. */
async function start(script: string, log: string[] = []): Promise<{ client: PnpClient; fake: Fake }> {
  const fake = await startFake({
    rules: parseScript(script, 'script'),
    listen: { host: '127.0.0.1', port: 0 },
    onRequest: (line) => log.push(line),
  });
  const client = new PnpClient({ host: '127.0.0.1', port: fake.port as number, timeoutMs: 2_000 });
  open.push(fake, client);
  return { client, fake };
}

describe('the fake daemon', () => {
  it('is friendly without a script', async () => {
    const { client } = await start('');
    const hello = await client.hello();
    assert.equal(hello.server, 'providence-fake');
    assert.ok(hello.verbs.includes('CHECK') && hello.rights.includes('learn'));
    assert.equal(hello.limits.get('In-Flight-Max'), 1_024);
    await client.ping();
    assert.equal((await client.check('<message/>')).verdict, 'ham');
    assert.equal((await client.report('<message/>')).text, 'Verdict ham, by a script.\n');
    assert.equal((await client.symbols('<message/>')).symbols[0]?.symbol, 'SCRIPTED');
    assert.equal((await client.tell({ label: 'spam', stanza: '<message/>' })).didSet, true);
    assert.equal((await client.tell({ label: 'forget', stanza: '<message/>' })).didRemove, true);
    assert.equal((await client.stats()).get('providence_fake'), 1);
  });

  it('takes the first rule that fits by verb, header and body', async () => {
    const log: string[] = [];
    const { client } = await start(
      [
        '# three rules',
        '{"verb":"CHECK","contains":"casino","verdict":"spam","action":"junk","score":9.5}',
        '{"from":"bot@spam.example","to":"me@a.example","verdict":"unsure"}',
        '',
        '{"verb":"REPORT","status":"EX_TEMPFAIL","error":"queue-full ; Try later"}',
      ].join('\n'),
      log,
    );
    const spam = await client.check('<message>casino</message>');
    assert.deepEqual([spam.verdict, spam.action, spam.score, spam.threshold], ['spam', 'junk', 9.5, 5]);
    const facts = { from: 'bot@spam.example', to: 'me@a.example' };
    assert.equal((await client.check('<message/>', facts)).verdict, 'unsure');
    assert.equal((await client.check('<message/>', { ...facts, to: 'you@a.example' })).verdict, 'ham');
    await assert.rejects(client.report('<message/>'), (error: { answer?: { status: number } }) => {
      assert.equal(error.answer?.status, 75);
      return true;
    });
    assert.match(
      log[1] ?? '',
      /^CHECK Id=\S+ From=bot@spam\.example To=me@a\.example \(10 bytes\): .*unsure/,
    );
  });

  it('uses a rule only so many times', async () => {
    const { client } = await start('{"verdict":"spam","times":2}');
    const verdicts = [];
    for (let count = 0; count < 3; count += 1) verdicts.push((await client.check('<message/>')).verdict);
    assert.deepEqual(verdicts, ['spam', 'spam', 'ham']);
  });

  it('delays one answer and lets the others overtake it', async () => {
    const { client } = await start('{"verb":"CHECK","delay_ms":40}');
    const order: string[] = [];
    await Promise.all([
      client.check('<message/>').then(() => order.push('check')),
      client.ping().then(() => order.push('ping')),
    ]);
    assert.deepEqual(order, ['ping', 'check']);
  });

  it('drops, closes and talks nonsense', async () => {
    const { client } = await start(
      '{"contains":"a","drop":true}\n{"contains":"b","close":true}\n{"contains":"c","garbage":"what?\\r\\n\\r\\n"}',
    );
    await assert.rejects(client.check('a', {}, { deadlineMs: 20 }), { code: 'timeout' });
    await assert.rejects(client.check('b'), { code: 'disconnected' });
    await assert.rejects(client.check('c'), { code: 'protocol' });
    await client.ping();
  });

  it('sets headers and bodies as told', async () => {
    const { client } = await start('{"headers":{"Trace":"T1","Unchanged":"already-taught"},"body":"x"}');
    const answer = await client.call('TELL', { Set: 'local' });
    assert.equal(answer.headers.get('Trace'), 'T1');
    assert.equal(answer.headers.get('Unchanged'), 'already-taught');
    assert.equal(`${answer.body}`, 'x');
  });

  it('answers the requests of a client that has half-closed', async () => {
    const { client } = await start('{"delay_ms":20}');
    const calls = [client.ping(), client.ping()];
    await Promise.all([...calls, client.end()]);
  });

  it('answers what breaks the framing, and closes', async () => {
    const { fake } = await start('');
    const response = await fetch(`http://127.0.0.1:${fake.port}/`).catch((error: Error) => error);
    assert.ok(response instanceof Error, 'a browser got an answer');
  });

  const BAD = [
    ['{"verb":"NOPE"}', /line 1: 'verb'/],
    ['\n{"verdikt":"spam"}', /line 2: .*verdikt/],
    ['{"delay_ms":-1}', /'delay_ms'/],
    ['{"headers":{"Content-Length":"5"}}', /'headers/],
    ['verdict=spam', /line 1/],
    ['[]', /line 1/],
  ] as const;
  for (const [script, message] of BAD) {
    it(`refuses the script ${JSON.stringify(script)}`, () => {
      assert.throws(() => parseScript(script, 'script'), { exitCode: 65, message });
    });
  }
});

/** Starts `providence fake` and waits until it listens. */
async function spawnFake(...args: string[]) {
  const main = join(import.meta.dirname, '../src/main.js');
  const child = spawn(process.execPath, [main, 'fake', ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout });
  reader.on('line', (line) => lines.push(line));
  await once(reader, 'line');
  const stop = async () => {
    child.kill('SIGTERM');
    const [code] = await once(child, 'exit');
    return code as number;
  };
  open.push({ close: () => child.kill('SIGKILL') });
  return { lines, stop };
}

describe('providence fake', () => {
  it('speaks on a socket, says what it was asked, and leaves nothing behind', async () => {
    const path = join(DIR, 'fake.sock');
    const { lines, stop } = await spawnFake('--socket', path, '--verdict', 'spam', '--delay-ms', '10');
    assert.equal(lines[0], `Ready. A scripted daemon listens on ${path}.`);
    const judged = await runCli(['check', '-', '--exit-code', '--socket', path], '<message/>');
    assert.equal(judged.code, 1, judged.stderr);
    assert.match(judged.stdout, /^spam: 8 of 5 points, action mark, trace /);
    assert.match(lines[1] ?? '', /^CHECK /);
    assert.equal(await stop(), 0);
    assert.equal(existsSync(path), false);
  });

  it('reads its rules from a file', async () => {
    const script = join(DIR, 'script');
    writeFileSync(script, '{"verb":"PING","status":"EX_TEMPFAIL"}\n');
    const path = join(DIR, 'scripted.sock');
    const { stop } = await spawnFake('--socket', path, '--script', script);
    assert.equal((await runCli(['ping', '--socket', path])).code, 75);
    assert.equal(await stop(), 0);
  });

  it('refuses a socket that is in use', async () => {
    const path = join(DIR, 'busy.sock');
    const { stop } = await spawnFake('--socket', path, '--drop');
    const second = await runCli(['fake', '--socket', path, '--drop']);
    assert.equal(second.code, 69);
    assert.match(second.stderr, /listens on .*busy\.sock already/);
    await stop();
  });

  const USAGE = [
    ['nothing to answer', ['--port', '0']],
    ['nowhere to listen', ['--verdict', 'spam']],
    ['two places', ['--port', '0', '--socket', 'x', '--drop']],
    ['a verdict that is none', ['--port', '0', '--verdict', 'maybe']],
    ['a delay that is no number', ['--port', '0', '--verdict', 'ham', '--delay-ms', 'soon']],
    ['a script and a verdict', ['--port', '0', '--verdict', 'ham', '--script', 'x']],
    ['a port that is none', ['--port', '70000', '--drop']],
  ] as const;
  for (const [name, args] of USAGE) {
    it(`refuses ${name}`, async () => {
      const { code, stderr } = await runCli(['fake', ...args]);
      assert.equal(code, 64, stderr);
      assert.match(stderr, /^providence: [^\n]+\n$/);
    });
  }
});
