import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { describe, it, type TestContext } from 'node:test';
import { type Answer, PnpClient, PnpError, type Verdict } from '../clients/node/pnp-client.ts';
import { runCli } from './cli-process.ts';
import { REFUSED, RELOADED, type ReloadingDaemon, startReloading } from './reloading-daemon.ts';
import { chat, madeUp } from './stanzas.ts';
import { until } from './until.ts';

const TO = 'juliet@capulet.example';
const SECURE = { to: TO, peerTLS: 'TLSv1.3', peerAuth: 'external' } as const;
/** Senders of these tests write a lot, on a busy machine, and that is not what they are about. */
const CALM = 'karma.jid_rate = { weight = 0, stanzas_burst = 100000 }\nlimits.shed_ms = 60000\n';
/** Without a unit that is fitted when it likes. */
const QUIET = `${CALM}linear.server.weight = 0\n`;

function clientOf(t: TestContext, { process }: ReloadingDaemon, path = process.unixPath): PnpClient {
  const client = new PnpClient({ path, timeoutMs: 20_000, inFlightMax: 64 });
  t.after(() => client.close());
  return client;
}

const refusedWith = (pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof PnpError && error.answer?.status === 78, String(error));
  assert.match(error.answer.headers.get('Error') ?? '', /^bad-config ; /);
  assert.match(error.answer.headers.get('Error') ?? '', pattern);
  return true;
};

describe('RELOAD', () => {
  it('puts what has changed in force, and names it', async (t) => {
    const daemon = await startReloading(t);
    const client = clientOf(t, daemon);
    assert.equal((await client.check(chat('hello'), SECURE)).threshold, 5);
    const { changed, restart, answer } = await daemon.reload('thresholds.spam = 6\nauth.stream.weight = 1.5');
    assert.deepEqual([changed, restart], [['thresholds.spam', 'auth.stream.weight'], []]);
    assert.deepEqual([answer.headers.get('Changed'), answer.headers.get('Restart')], ['2', '0']);
    assert.equal((await client.check(chat('hello'), SECURE)).threshold, 6);
    assert.deepEqual((await daemon.reload('thresholds.spam = 6\nauth.stream.weight = 1.5')).changed, []);
    assert.deepEqual((await daemon.reload('')).changed, ['thresholds.spam', 'auth.stream.weight']);
    assert.equal((await client.check(chat('hello'), SECURE)).threshold, 5);
  });

  it('applies the rest beside keys that need a restart, and names those until it comes', async (t) => {
    const daemon = await startReloading(t);
    const lines = 'store.sync = false\nbayes.server.tokens_max = 5000\nthresholds.spam = 7';
    const first = await daemon.reload(lines);
    assert.deepEqual(first.changed, ['thresholds.spam']);
    assert.deepEqual(first.restart, ['store.sync', 'bayes.server.tokens_max']);
    assert.deepEqual((await daemon.reload(lines)).restart, first.restart);
    const [warned] = daemon.logged('changed keys wait for a restart');
    assert.deepEqual([warned?.level, warned?.['keys']], [40, first.restart]);
    assert.equal((await daemon.operator.stats()).get('providence_config_restart_keys'), 2);
    assert.deepEqual((await daemon.reload('')).restart, []);
    assert.equal((await daemon.operator.stats()).get('providence_config_restart_keys'), 0);
  });

  it('needs the right admin', async (t) => {
    const daemon = await startReloading(t);
    const places = [{ path: daemon.process.unixPath }, { host: '127.0.0.1', port: daemon.process.tcpPort }];
    daemon.write('thresholds.spam = 9');
    for (const place of places) {
      const client = new PnpClient(place);
      const answer = await client.call('RELOAD');
      client.close();
      assert.deepEqual([answer.status, answer.headers.get('Error')?.split(' ')[0]], [77, 'no-right']);
    }
    assert.equal(daemon.logged(RELOADED).length, 0);
  });

  it('leaves the environment above the file', async (t) => {
    const daemon = await startReloading(t, { env: { PROVIDENCE_THRESHOLDS__SPAM: '8' } });
    const { changed } = await daemon.reload('thresholds = { spam = 6, ham = -1 }');
    assert.deepEqual(changed, ['thresholds.ham']);
    assert.equal((await clientOf(t, daemon).check(chat('hello'), SECURE)).threshold, 8);
  });
});

describe('a configuration that cannot be used', () => {
  const write = (lines: string) => (path: string) => writeFileSync(path, `${lines}\n`, { flag: 'a' });
  const instead = (text: string | Buffer) => (path: string) => writeFileSync(path, text);
  const BAD: readonly (readonly [name: string, spoil: (path: string) => void, says: RegExp])[] = [
    [
      'an unknown key',
      write('thresholds.spam = 7\nthresholds.spm = 4'),
      /line \d+: unknown key `thresholds\.spm`; .*`thresholds\.spam`/,
    ],
    [
      'a value out of bounds',
      write('thresholds.spam = 0'),
      /line \d+: `thresholds\.spam` must be at least 0\.5/,
    ],
    [
      'keys that contradict each other',
      write('thresholds = { spam = 7, ham = 8 }'),
      /line \d+: `thresholds\.ham` must be below/,
    ],
    ['a file cut off amid a table', write('thresholds = { spam = 7,'), /line \d+, column \d+/],
    ['a file cut off amid a string', write('thresholds.spam = 7\nlog.level = "de'), /line \d+, column \d+/],
    ['an empty file', instead(''), /is empty/],
    ['a file that is gone', unlinkSync, /cannot be read \(ENOENT\)/],
    ['a directory in its place', makeDirectory, /is no regular file/],
    ['bytes that are no text', instead(Buffer.alloc(64, 0xff)), /line 1/],
    ['a file beyond any size', instead('#'.repeat(1_048_577)), /longer than 1048576 bytes/],
  ];

  it('is refused whole, by RELOAD and by SIGHUP, and the old one stays', async (t) => {
    const daemon = await startReloading(t);
    const client = clientOf(t, daemon);
    await daemon.reload('thresholds.spam = 6');
    let refused = 0;
    const isLogged = () => daemon.logged(REFUSED).length === refused;
    for (const [name, spoil, says] of BAD) {
      await t.test(name, async () => {
        rmSync(daemon.path, { recursive: true, force: true });
        daemon.write('auth.stream.weight = 9');
        spoil(daemon.path);
        await assert.rejects(daemon.operator.reload(), refusedWith(says));
        refused += 1;
        await until(isLogged);
        daemon.process.child.kill('SIGHUP');
        refused += 1;
        await until(isLogged);
        const last = daemon.logged(REFUSED).at(-1);
        assert.equal(last?.level, 50);
        assert.match(String(last?.['reason']), says);
        const { symbols, threshold } = await client.symbols(chat('hello'), SECURE);
        assert.deepEqual([threshold, symbols.at(-1)?.weight], [6, 2]);
      });
    }
    rmSync(daemon.path, { recursive: true, force: true });
    const mended = await daemon.reload('thresholds.spam = 7');
    assert.deepEqual(mended.changed, ['thresholds.spam']);
    const counters = await daemon.operator.stats();
    assert.equal(counters.get('providence_config_reloads_total{result="applied"}'), 2);
    assert.equal(counters.get('providence_config_reloads_total{result="refused"}'), 2 * BAD.length);
  });

  it('is refused whole where one part of the daemon cannot follow', async (t) => {
    const daemon = await startReloading(t);
    daemon.write('thresholds.spam = 7');
    const text = readFileSync(daemon.path, 'utf8').replace('environment:CAPULET_SECRET', '/nowhere/secret');
    writeFileSync(daemon.path, text);
    await assert.rejects(daemon.operator.reload(), refusedWith(/credential capulet cannot be opened/));
    assert.equal((await clientOf(t, daemon).check(chat('hello'), SECURE)).threshold, 5);
  });

  it('is refused where the daemon may not read it', { skip: process.getuid?.() !== 0 }, async (t) => {
    // The superuser reads everything, but for these two capabilities.
    const wrapper = ['setpriv', '--bounding-set=-dac_override,-dac_read_search'];
    const daemon = await startReloading(t, { wrapper });
    chmodSync(daemon.path, 0);
    await assert.rejects(daemon.operator.reload(), refusedWith(/cannot be read \(EACCES\)/));
  });
});

function makeDirectory(path: string): void {
  unlinkSync(path);
  mkdirSync(path);
}

describe('SIGHUP', () => {
  it('does what RELOAD does, and says so in the log', async (t) => {
    const daemon = await startReloading(t);
    const client = clientOf(t, daemon);
    const line = await daemon.hangup('thresholds.spam = 6\nstore.sync = false');
    assert.deepEqual([line.msg, line.level, line['changed']], [RELOADED, 30, ['thresholds.spam']]);
    assert.equal((await client.check(chat('hello'), SECURE)).threshold, 6);
    assert.deepEqual((await daemon.hangup('')).msg, RELOADED);
    assert.equal((await client.check(chat('hello'), SECURE)).threshold, 5);
  });

  it('storms are few reloads, and the last of them has read the last file', async (t) => {
    const daemon = await startReloading(t);
    const client = clientOf(t, daemon);
    const began = performance.now();
    for (let number = 1; number <= 300; number += 1) {
      daemon.write(`thresholds.spam = ${(1 + number / 100).toFixed(2)}`);
      daemon.process.child.kill('SIGHUP');
      await new Promise((resolve) => setImmediate(resolve));
    }
    const stormMs = performance.now() - began;
    // The file is written in place: a reload amid that may be refused, the one after the last signal is not.
    await until(async () => (await client.check(chat('hello'), SECURE)).threshold === 4);
    const reloads = daemon.logged(RELOADED).length + daemon.logged(REFUSED).length;
    assert.ok(reloads <= 3 + stormMs / 100, `${reloads} reloads in ${stormMs} ms`);
  });

  it('during the stop is passed over, and the stop goes on', async (t) => {
    const daemon = await startReloading(t, { config: 'limits.drain_seconds_max = 60' });
    const holder = clientOf(t, daemon, daemon.process.adminPath);
    // So many reloads are not done at once: the stop has to wait for them.
    const pending = Promise.all(Array.from({ length: 5 }, () => holder.reload()));
    await holder.ping();
    daemon.process.child.kill('SIGTERM');
    daemon.process.child.kill('SIGHUP');
    const [code] = await once(daemon.process.child, 'exit');
    assert.equal(code, 0);
    assert.equal((await pending).length, 5);
    assert.equal(daemon.logged('stopped').length, 1);
  });
});

describe('reloads amid traffic', () => {
  const CONNECTIONS = 64;
  const BATCH = 16;
  const OLD = `${QUIET}thresholds.spam = 5\nauth.stream.weight = 2\nbayes.server.weight = 20`;
  const NEW = `${QUIET}thresholds.spam = 6\nauth.stream.weight = 1\nbayes.server.weight = 5`;

  it('lose no request, close no connection, and every verdict is wholly of the old or of the new', async (t) => {
    const daemon = await startReloading(t, { config: OLD });
    await train(daemon);
    const clients = Array.from({ length: CONNECTIONS }, () => clientOf(t, daemon));
    const spam = chat(madeUp('spam', 77));
    const one = async (client: PnpClient) => partsOf(await client.symbols(spam, SECURE));
    // Thrice: the third verdict is made of cached opinions.
    for (let sight = 0; sight < 2; sight += 1) await one(daemon.operator);
    const old = await one(daemon.operator);
    await daemon.reload(NEW);
    const fresh = await one(daemon.operator);
    assert.notEqual(old, fresh);

    const seen = new Map<string, number>();
    let asked = 0;
    let isOver = false;
    const ask = async (client: PnpClient) => {
      while (!isOver) {
        asked += BATCH;
        const all = await Promise.all(Array.from({ length: BATCH }, () => one(client)));
        for (const parts of all) seen.set(parts, (seen.get(parts) ?? 0) + 1);
      }
    };
    const traffic = Promise.all(clients.map(ask));
    for (let round = 0; round < 10; round += 1) {
      const isOld = round % 2 === 0;
      const { changed } = await daemon.reload(isOld ? OLD : NEW);
      assert.equal(changed.length, 3);
      // The very next verdict, on a connection that was busy all the time.
      assert.equal(await one(clients[round] as PnpClient), isOld ? old : fresh);
    }
    isOver = true;
    await traffic;
    assert.deepEqual(new Set(seen.keys()), new Set([old, fresh]));
    assert.equal(
      [...seen.values()].reduce((sum, count) => sum + count, 0),
      asked,
    );
    const counters = await daemon.operator.stats();
    assert.equal(counters.get('providence_connections'), CONNECTIONS + 1);
    assert.ok((counters.get('providence_cache_lookups_total{filter="bayes.server",result="hit"}') ?? 0) > 0);
    assert.doesNotMatch(daemon.process.log(), /a request failed|a filter failed/);
  });

  it('answers every one of many RELOADs at once', async (t) => {
    const daemon = await startReloading(t);
    daemon.write('thresholds.spam = 6');
    const reports = await Promise.all(Array.from({ length: 200 }, () => daemon.operator.reload()));
    assert.deepEqual(reports[0]?.changed, ['thresholds.spam']);
    assert.equal(reports.length, 200);
    const done = daemon.logged(RELOADED).length;
    assert.ok(done <= 20, `${done} reloads`);
  });
});

/** All of a verdict that the configuration has a part in. */
function partsOf(verdict: Verdict & { readonly answer: Answer }): string {
  return [verdict.answer.headers.get('Spam'), verdict.probability, verdict.answer.body].join(' ');
}

async function train({ operator }: ReloadingDaemon): Promise<void> {
  const lessons = Array.from({ length: 30 }, (_, number) => [
    operator.tell({ label: 'spam', stanza: chat(madeUp('spam', number)) }),
    operator.tell({ label: 'ham', stanza: chat(madeUp('ham', number)) }),
  ]);
  await Promise.all(lessons.flat());
}

describe('what connections that are open keep and what they follow', () => {
  it('the log level follows, also on connections that were open before', async (t) => {
    const daemon = await startReloading(t);
    const client = clientOf(t, daemon);
    const verdicts = async () => {
      const before = daemon.logged('verdict').length;
      await client.check(chat('hello'), SECURE);
      // A later line of the same process: what came before it is here.
      await daemon.operator.reload();
      return daemon.logged('verdict').length - before;
    };
    assert.equal(await verdicts(), 0);
    await daemon.reload('log.level = "debug"');
    await until(async () => (await verdicts()) === 1);
    const line = daemon.logged('verdict').at(-1);
    assert.equal(typeof line?.['conn'], 'number');
    await daemon.reload('log.level = "warn"');
    const reloads = daemon.logged(RELOADED).length;
    assert.equal(await verdicts(), 0);
    assert.equal(daemon.logged(RELOADED).length, reloads);
  });

  it('limits that HELLO announced hold to the end of the connection', async (t) => {
    const daemon = await startReloading(t);
    const old = clientOf(t, daemon);
    const told = (await old.hello()).limits;
    await daemon.reload('limits = { body_bytes_max = 1024, head_bytes_max = 512, in_flight_max = 2 }');
    const long = chat('x'.repeat(5_000));
    assert.equal((await old.check(long, { ...SECURE, lookalike: 'y'.repeat(2_000) })).verdict, 'unsure');
    assert.deepEqual((await old.hello()).limits, told);
    const fresh = clientOf(t, daemon);
    assert.equal((await fresh.hello()).limits.get('Body-Bytes-Max'), 1_024);
    await assert.rejects(fresh.check(long, SECURE), /body-too-long|longer than|76/);
    assert.equal((await old.check(long, SECURE)).verdict, 'unsure');
  });
});

describe('providence reload', () => {
  it('says what has changed and what waits, in 80 columns', async (t) => {
    const daemon = await startReloading(t);
    const socket = ['--socket', daemon.process.adminPath];
    assert.deepEqual(await runCli(['reload', ...socket]), {
      code: 0,
      stdout: 'Read again: nothing has changed.\n',
      stderr: '',
    });
    daemon.write('thresholds.spam = 6\nstore.sync = false');
    const { stdout } = await runCli(['reload', '--config', daemon.path]);
    assert.equal(stdout, 'Changed:\n  thresholds.spam\nWait for a restart:\n  store.sync\n');
    const json = JSON.parse((await runCli(['reload', '--json', ...socket])).stdout);
    assert.deepEqual(json, { changed: [], restart: ['store.sync'] });
  });

  it("ends with 78 and the daemon's sentence where the file is bad", async (t) => {
    const daemon = await startReloading(t);
    daemon.write('thresholds.spm = 6');
    const { code, stderr, stdout } = await runCli(['reload', '--socket', daemon.process.adminPath]);
    assert.deepEqual([code, stdout], [78, '']);
    assert.match(stderr, /^providence: [^\n]+line \d+: unknown key `thresholds\.spm`[^\n]+\n$/);
  });
});
