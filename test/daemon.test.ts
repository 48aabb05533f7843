import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { PnpClient } from '../clients/node/pnp-client.ts';
import { UNITS } from '../src/model/unit.ts';
import { type DaemonProcess, startDaemon } from './daemon-process.ts';
import { chat, madeUp, spimFixtures } from './stanzas.ts';

const MAIN = join(import.meta.dirname, '../src/main.js');
const FACTS = { to: 'juliet@capulet.example' };

function serveOnce(config: string) {
  const dir = mkdtempSync(join(tmpdir(), 'pv-once-'));
  const path = join(dir, 'providence.toml');
  writeFileSync(path, config.replaceAll('DIR', dir));
  const run = spawnSync(process.execPath, [MAIN, 'serve', '--config', path], {
    encoding: 'utf8',
    timeout: 20_000,
  });
  rmSync(dir, { recursive: true });
  return run;
}

describe('the daemon', () => {
  let daemon: DaemonProcess;
  let client: PnpClient;

  before(async () => {
    daemon = await startDaemon({ config: 'log.level = "debug"' });
    client = new PnpClient({ path: daemon.unixPath, timeoutMs: 10_000 });
  });
  after(async () => {
    client.close();
    assert.equal(await daemon.stop(), 0);
  });

  it('answers on both Unix sockets and on TCP, each with its own rights', async () => {
    const rights = async (options: ConstructorParameters<typeof PnpClient>[0]) => {
      const one = new PnpClient(options);
      const hello = await one.hello();
      one.close();
      return hello.rights.join(' ');
    };
    assert.equal(await rights({ path: daemon.unixPath }), 'check learn users');
    assert.equal(await rights({ path: daemon.adminPath }), 'check learn users admin');
    assert.equal(await rights({ host: '127.0.0.1', port: daemon.tcpPort }), 'check');
    assert.equal(statSync(daemon.unixPath).mode & 0o777, 0o660);
    assert.equal(statSync(daemon.adminPath).mode & 0o777, 0o600);
  });

  it('judges every fixture, and tells of each unit what it said or why it did not', async () => {
    const fixtures = spimFixtures();
    assert.ok(fixtures.length >= 300);
    await Promise.all(
      fixtures.map(async ({ file, stanza }) => {
        const { answer } = await client.symbols(stanza, { to: FACTS.to });
        const units = [...answer.body.toString().matchAll(/^\S+ (\S+)/gm)].map(([, unit]) => unit);
        assert.deepEqual(units, UNITS, file);
        assert.match(answer.headers.get('Spam') ?? '', /^(True|False) ; -?\d+\.\d \/ 5\.0$/);
      }),
    );
  });

  it('passes a sender whom the recipient knows, unjudged', async () => {
    const { answer, verdict, action } = await client.check(chat('hello'), { ...FACTS, roster: 'both' });
    assert.deepEqual([verdict, action, answer.headers.get('Symbol')], ['ham', 'deliver', 'KNOWN_SENDER']);
    assert.equal(answer.headers.get('Trace'), undefined);
  });

  it('counts each stanza of a pipelined burst of 1,000 in its rate', async () => {
    const from = 'flood@one.example/bot';
    const verdicts = await Promise.all(
      Array.from({ length: 1_000 }, (_, number) =>
        client.check(chat(`number ${number}`, from), { to: FACTS.to }),
      ),
    );
    const scores = verdicts.map((verdict) => verdict.score);
    for (let index = 1; index < scores.length; index += 1)
      assert.ok((scores[index] ?? 0) >= (scores[index - 1] ?? 0));
    assert.equal(verdicts[0]?.verdict, 'unsure');
    assert.equal(verdicts.at(-1)?.verdict, 'spam');
    assert.equal(verdicts.at(-1)?.action, 'mark');
    const calm = await client.check(chat('hello', 'calm@one.example'), { to: FACTS.to });
    assert.equal(calm.verdict, 'unsure');
  });

  it('serves metrics, health and readiness, and nothing else', async () => {
    const get = async (path: string, method = 'GET') => {
      const response = await fetch(`http://127.0.0.1:${daemon.httpPort}${path}`, { method });
      return { status: response.status, text: await response.text() };
    };
    const { text } = await get('/metrics');
    for (const name of [
      'providence_verdicts_total{verdict="ham",action="deliver"}',
      'providence_verdict_seconds_bucket{le="0.001"}',
      'providence_filter_score_count{filter="karma.jid_rate"}',
      'providence_filter_abstentions_total{filter="bayes.server",reason="untrained"}',
      'providence_cache_lookups_total{filter="bayes.server",result="miss"}',
      'providence_queue_requests',
      'providence_connections',
      'providence_store_bytes',
      'providence_server_tokens',
      'providence_requests_total{verb="CHECK",code="0"}',
      'process_resident_memory_bytes',
    ]) {
      assert.ok(text.includes(`\n${name}`), `${name} is missing`);
    }
    assert.ok(!/capulet|montague|one\.example/.test(text), 'a JID or a domain is in the metrics');
    assert.deepEqual(await get('/healthz'), { status: 200, text: 'ok\n' });
    assert.deepEqual(await get('/readyz'), { status: 200, text: 'ready\n' });
    assert.equal((await get('/etc/passwd')).status, 404);
    assert.equal((await get('/metrics', 'POST')).status, 405);
  });

  it('has the metrics that docs/operating.md lists, and no others', async () => {
    const served = await (await fetch(`http://127.0.0.1:${daemon.httpPort}/metrics`)).text();
    const names = [...served.matchAll(/^# TYPE (providence_\w+) /gm)].map(([, name]) => name);
    const page = readFileSync('docs/operating.md', 'utf8');
    const listed = [...page.matchAll(/^\| `(providence_\w+)` \|/gm)].map(([, name]) => name);
    assert.deepEqual(listed.sort(), names.sort());
  });

  it('answers HTTP by address only, so that no web page can ask by a name of its own', async () => {
    const socket = createConnection(daemon.httpPort, '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    socket.write('GET /metrics HTTP/1.1\r\nHost: rebound.example\r\nConnection: close\r\n\r\n');
    await once(socket, 'close');
    assert.match(answer, /^HTTP\/1\.1 403 /);
  });

  it('judges each of many bodies by itself: the worst counts', async () => {
    const admin = new PnpClient({ path: daemon.adminPath, timeoutMs: 10_000 });
    for (let number = 0; number < 40; number += 1) {
      await Promise.all(
        (['spam', 'ham'] as const).map((label) => admin.tell({ label, stanza: chat(madeUp(label, number)) })),
      );
    }
    admin.close();
    const spam = `<body xml:lang='xx'>${madeUp('spam', 99)}</body>`;
    const ham = Array.from(
      { length: 90 },
      (_, number) => `<body xml:lang='l${number}'>${madeUp('ham', number)}</body>`,
    );
    const total = async (bodies: string) =>
      (await client.check(`<message type='chat'>${bodies}</message>`, FACTS)).score;
    const alone = await total(spam);
    assert.ok(alone > 0);
    assert.equal(await total(ham.join('') + spam), alone);
    assert.equal(await total(spam + ham.join('')), alone);
  });

  it('gives its statistics to admins only', async () => {
    const admin = new PnpClient({ path: daemon.adminPath });
    const stats = await admin.stats();
    assert.ok(Number(stats.get('providence_connections')) >= 1);
    admin.close();
    assert.equal((await client.call('STATS')).status, 77);
  });

  it("refuses a browser's POST to the TCP port, and closes", async () => {
    const socket = createConnection(daemon.tcpPort, '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    socket.write(
      'POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 30\r\n\r\nPING PNP/1.0\r\nContent-Length: 0\r\n\r\n',
    );
    await once(socket, 'close');
    assert.match(answer, /^PNP\/1\.0 76 EX_PROTOCOL\r\n/);
    assert.equal(answer.match(/PNP\/1\.0 /g)?.length, 1);
  });

  it('keeps bodies and JIDs out of its log, at debug too', async () => {
    await client.check(chat('secretword beyond all doubt', 'hidden@secret.example/x'), FACTS);
    await client.tell({ label: 'ham', stanza: chat('secretword taught'), facts: FACTS });
    await client.call('CHECK', { From: 'hidden@secret.example' }, '<message>secretword<broken');
    assert.match(daemon.log(), /"msg":"started"/);
    for (const name of ['connection opened', 'verdict', 'lesson', 'connection closed'])
      assert.match(daemon.log(), new RegExp(`"conn":\\d+,.*"msg":"${name}"`));
    assert.ok(!/secretword|hidden@|secret\.example|juliet@/.test(daemon.log()), daemon.log());
  });
});

describe('starting and stopping', () => {
  it('answers what is in flight at SIGTERM, ends with 0 and removes its sockets', async () => {
    const daemon = await startDaemon();
    const client = new PnpClient({ path: daemon.adminPath, timeoutMs: 10_000 });
    await client.ping();
    const tells = Array.from({ length: 200 }, (_, number) =>
      client.tell({ label: 'spam', stanza: chat(`in flight ${number}`) }),
    );
    await client.ping();
    daemon.child.kill('SIGTERM');
    for (const { didSet } of await Promise.all(tells)) assert.equal(didSet, true);
    const [code] =
      daemon.child.exitCode === null ? await once(daemon.child, 'exit') : [daemon.child.exitCode];
    assert.equal(code, 0);
    assert.ok(!existsSync(daemon.unixPath));
    client.close();
    rmSync(daemon.dir, { recursive: true });
  });

  it('warns of a variable that was meant to set a key', async () => {
    const daemon = await startDaemon({ env: { PROVIDENCE_THRESHOLDS_SPAM: '7' } });
    assert.match(
      daemon.log(),
      /"level":"?(40|warn)"?.*"variable":"PROVIDENCE_THRESHOLDS_SPAM","nearest":"PROVIDENCE_THRESHOLDS__SPAM"/,
    );
    await daemon.stop();
  });

  it('replaces the sockets of a daemon that was killed, and keeps off a living one', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'pv-stale-'));
    const first = await startDaemon({ dir });
    await first.kill();
    assert.ok(existsSync(first.unixPath));
    const second = await startDaemon({ dir });
    await assert.rejects(startDaemon({ dir }), /did not start/);
    const client = new PnpClient({ path: second.unixPath });
    await client.ping();
    client.close();
    await second.stop();
    rmSync(dir, { recursive: true });
  });

  it('makes no new secret for a store that was written with another', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'pv-lost-'));
    await (await startDaemon({ dir })).stop();
    const secret = join(dir, 'secret');
    renameSync(secret, join(dir, 'kept'));
    await assert.rejects(startDaemon({ dir }), /is missing, and the store in .* Restore it from a backup/);
    assert.ok(!existsSync(secret));
    renameSync(join(dir, 'kept'), secret);
    assert.equal(await (await startDaemon({ dir })).stop(), 0);
    rmSync(dir, { recursive: true });
  });

  const BROKEN: readonly (readonly [name: string, config: string, code: number, message: RegExp])[] = [
    [
      'an unknown key',
      '[thresholds]\nspm = 5\n',
      78,
      /line 2: unknown key `thresholds\.spm`; did you mean `thresholds\.spam`/,
    ],
    [
      'TCP beyond loopback',
      'listen.unix = []\nlisten.tcp = [{ host = "192.0.2.1" }]\nstore.directory = "DIR/s"\nstore.secret_file = "DIR/k"\n',
      78,
      /line 2: `listen\.tcp\.0\.host` 192\.0\.2\.1:7711 lies beyond loopback, where TLS is needed: set tls_cert/,
    ],
    [
      'a socket path that is too long',
      `listen.unix = [{ path = "${'x'.repeat(100)}" }]\nlisten.tcp = []\nstore.directory = "DIR/s"\nstore.secret_file = "DIR/k"\n`,
      69,
      /longer than 107 bytes/,
    ],
    [
      'a socket in a directory that cannot be made',
      'listen.unix = [{ path = "/proc/no/p.sock" }]\nlisten.tcp = []\nstore.directory = "DIR/s"\nstore.secret_file = "DIR/k"\n',
      69,
      /^providence: The directory of the socket \/proc\/no\/p\.sock cannot be made \(ENOENT\)\. [^\n]+\n$/,
    ],
    [
      'a store where nothing can be written',
      'listen.unix = [{ path = "DIR/p.sock" }]\nlisten.tcp = []\nstore.directory = "/proc/self"\nstore.secret_file = "DIR/k"\n',
      69,
      /^providence: The store in \/proc\/self cannot be opened: [^\n]+\n$/,
    ],
  ];
  for (const [name, config, code, message] of BROKEN) {
    it(`refuses ${name} with one sentence and exit code ${code}`, () => {
      const { status, stderr } = serveOnce(config);
      assert.match(stderr, message);
      assert.equal(status, code);
    });
  }
});

describe('a daemon that is behind', () => {
  it('lets text abstain, while rates go on', async () => {
    const daemon = await startDaemon({ config: 'limits.shed_ms = 1\nlimits.in_flight_max = 20000' });
    const socket = createConnection(daemon.unixPath);
    const body = chat('a word of text '.repeat(100), 'busy@one.example');
    const frame = (id: number) =>
      `CHECK PNP/1.0\r\nId: ${id}\r\nTo: ${FACTS.to}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
    socket.end(Array.from({ length: 3_000 }, (_, id) => frame(id)).join(''));
    let answers = '';
    for await (const chunk of socket) answers += chunk;
    assert.equal(answers.match(/^PNP\/1\.0 0 EX_OK/gm)?.length, 3_000);
    assert.ok((answers.match(/bayes\.server=overload, bayes\.user=overload/g)?.length ?? 0) > 100);
    assert.ok((answers.match(/^Verdict: spam/gm)?.length ?? 0) > 100, 'the flood was a way around the rate');
    await daemon.stop();
  });
});
