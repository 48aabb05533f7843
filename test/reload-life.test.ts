import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { changesTo } from '../src/config/changes.ts';
import { defaultConfig } from '../src/config/load.ts';
import type { Config } from '../src/config/schema.ts';
import { ConfigSource } from '../src/config/source.ts';
import { createDaemon } from '../src/daemon.ts';
import { ConfigError, StartError } from '../src/errors.ts';
import { createLogger } from '../src/logger.ts';
import { Metrics } from '../src/metrics/metrics.ts';
import { type Reloadable, Reloader } from '../src/reload.ts';
import { until } from './until.ts';

const DEFAULTS = defaultConfig();

function directory(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'pv-life-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** A file that a daemon can run with, and a way to give it another threshold. */
function file(t: TestContext): { readonly path: string; write(spam: number): void } {
  const dir = directory(t);
  const path = join(dir, 'providence.toml');
  const base = `listen.unix = [{ path = "p.sock" }]\nlisten.tcp = []\nhttp.host = ""\nlog.level = "silent"`;
  const store = 'store = { directory = "store", secret_file = "secret" }';
  const write = (spam: number) => writeFileSync(path, `${base}\n${store}\nthresholds.spam = ${spam}\n`);
  write(5);
  return { path, write };
}

describe('a reload that is asked for', () => {
  it('before and during the start is done once, after it', async (t) => {
    const { path, write } = file(t);
    const daemon = createDaemon({ configPath: path });
    write(6);
    void daemon.reload();
    const started = daemon.start();
    void daemon.reload();
    await turn();
    void daemon.reload();
    await started;
    assert.equal(daemon.config.thresholds.spam, 5);
    await until(() => daemon.config.thresholds.spam === 6);
    await daemon.stop();
  });

  it('before a stop is done, during and after it is not', async (t) => {
    const { path, write } = file(t);
    const daemon = createDaemon({ configPath: path });
    await daemon.start();
    write(6);
    void daemon.reload();
    const stopped = daemon.stop();
    write(7);
    void daemon.reload();
    await stopped;
    void daemon.reload();
    await turn();
    assert.notEqual(daemon.config.thresholds.spam, 5);
    const last = daemon.config.thresholds.spam;
    write(8);
    void daemon.reload();
    await turn();
    assert.equal(daemon.config.thresholds.spam, last);
  });

  it('after a start that failed does nothing', async (t) => {
    const { path } = file(t);
    writeFileSync(
      path,
      'listen.unix = [{ path = "/proc/no/p.sock" }]\nlisten.tcp = []\nlog.level = "silent"\n',
    );
    const daemon = createDaemon({ configPath: path });
    await assert.rejects(daemon.start());
    void daemon.reload();
    await daemon.stop();
  });
});

it('a stop that is asked for during the start closes what the start has opened', async (t) => {
  const { path } = file(t);
  const daemon = createDaemon({ configPath: path });
  const started = daemon.start();
  const stopped = daemon.stop();
  await started;
  await stopped;
  assert.deepEqual(readdirSync(dirname(path)).sort(), ['providence.toml', 'secret', 'store']);
  assert.deepEqual(readdirSync(join(dirname(path), 'store')).sort(), ['data.mdb', 'lock.mdb']);
});

describe('the reloader', () => {
  /** A reloader over a file, with parts that say what they were told. */
  function reloaderOver(t: TestContext, parts: readonly Reloadable[]) {
    const { path, write } = file(t);
    const source = new ConfigSource(path, {});
    const { config } = source.load();
    const metrics = new Metrics();
    const log = createLogger('silent');
    const heard: string[] = [];
    const events = {
      reloading: () => void heard.push('reloading'),
      reloaded: () => void heard.push('reloaded'),
    };
    const reloader = new Reloader({ source, config, parts, log, metrics, events });
    return { write, metrics, heard, reloader };
  }

  it('changes nothing where the last of its parts refuses', async (t) => {
    const applied: number[] = [];
    const follow: Reloadable =
      ({ thresholds }) =>
      () =>
        applied.push(thresholds.spam);
    const refuse: Reloadable = async ({ thresholds }) => {
      await turn();
      if (thresholds.spam === 6) throw new StartError('the certificate cannot be read.');
      return () => undefined;
    };
    const { reloader, write } = reloaderOver(t, [follow, refuse]);
    write(6);
    const refused = await reloader.reload();
    assert.ok(refused instanceof StartError);
    assert.match(refused.message, /certificate/);
    assert.deepEqual([applied, reloader.config.thresholds.spam], [[], 5]);
    write(7);
    await reloader.reload();
    assert.deepEqual([applied, reloader.config.thresholds.spam], [[7], 7]);
  });

  it('goes on where the making ready fails in a way that nobody has thought of', async (t) => {
    const stumble: Reloadable = () => {
      throw new RangeError('too deep');
    };
    const { reloader, write, metrics } = reloaderOver(t, [stumble]);
    write(6);
    const refused = await reloader.reload();
    assert.ok(refused instanceof StartError);
    assert.match(refused.message, /cannot be read \(RangeError: too deep\)/);
    assert.equal(reloader.config.thresholds.spam, 5);
    assert.match(await metrics.lines(), /providence_config_reloads_total\{result="refused"\} 1\r\n/);
  });

  it('applies what all parts have prepared in one turn', async (t) => {
    const order: string[] = [];
    const part =
      (name: string, turns: number): Reloadable =>
      async () => {
        for (let count = 0; count < turns; count += 1) await turn();
        order.push(`${name} ready`);
        return () => {
          order.push(name);
          void Promise.resolve().then(() => order.push('a promise'));
        };
      };
    const { reloader } = reloaderOver(t, [part('a', 3), part('b', 0), part('c', 1)]);
    await reloader.reload();
    assert.deepEqual(order.slice(0, 6), ['a ready', 'b ready', 'c ready', 'a', 'b', 'c']);
  });

  it('does one reload at a time, and those who wait for the same one share it', async (t) => {
    let under = 0;
    let done = 0;
    const slow: Reloadable = async () => {
      under += 1;
      assert.equal(under, 1, 'two at once');
      await turn();
      under -= 1;
      done += 1;
      return () => undefined;
    };
    const { reloader, write } = reloaderOver(t, [slow]);
    write(6);
    const first = [reloader.reload(), reloader.reload()];
    assert.equal(first[0], first[1]);
    // The file has been read then.
    await until(() => under + done > 0);
    write(7);
    const second = [reloader.reload(), reloader.reload(), reloader.reload()];
    assert.notEqual(first[0], second[0]);
    await reloader.settled();
    assert.deepEqual([done, reloader.config.thresholds.spam], [2, 7]);
    await Promise.all([...first, ...second]);
  });

  it('goes on after a refusal, and tells the supervisor of both', async (t) => {
    const { reloader, write, metrics, heard } = reloaderOver(t, []);
    write(-1);
    assert.ok((await reloader.reload()) instanceof ConfigError);
    write(6);
    assert.ok(!((await reloader.reload()) instanceof ConfigError));
    assert.deepEqual(heard, ['reloading', 'reloaded', 'reloading', 'reloaded']);
    const lines = await metrics.lines();
    assert.match(lines, /providence_config_reloads_total\{result="refused"\} 1\r\n/);
    assert.match(lines, /providence_config_reloads_total\{result="applied"\} 1\r\n/);
  });
});

describe('where the configuration comes from', () => {
  it('a daemon without a file finds one that appears, and then stays with it', (t) => {
    const system = join(directory(t), 'system.toml');
    const source = new ConfigSource(undefined, {}, system);
    assert.equal(source.load().path, undefined);
    assert.equal(source.reload().config.thresholds.spam, 5);
    writeFileSync(system, 'thresholds.spam = 6');
    const found = source.reload();
    assert.deepEqual([found.path, found.config.thresholds.spam], [system, 6]);
    rmSync(system);
    assert.throws(() => source.reload(), /system\.toml: cannot be read \(ENOENT\)/);
  });

  it('a file that was named stays the file, whatever else appears', (t) => {
    const { path } = file(t);
    const system = join(directory(t), 'system.toml');
    const source = new ConfigSource(undefined, { PROVIDENCE_CONFIG: path }, system);
    assert.equal(source.load().path, path);
    writeFileSync(system, 'thresholds.spam = 6');
    assert.equal(source.reload().path, path);
  });

  it('what is no regular file is read once', () => {
    const source = new ConfigSource('/dev/null', {});
    assert.equal(source.load().config.thresholds.spam, 5);
    assert.throws(() => source.reload(), /\/dev\/null: is no regular file/);
  });
});

describe('changesTo', () => {
  const socket = DEFAULTS.listen.unix[0] as Config['listen']['unix'][number];
  const DEFAULT_TCP = DEFAULTS.listen.tcp[0] as Config['listen']['tcp'][number];
  const withUnix = (unix: Config['listen']['unix']): Config => ({
    ...DEFAULTS,
    listen: { ...DEFAULTS.listen, unix },
  });

  it('finds nothing between equals', () => {
    const { config, changed, restart } = changesTo(structuredClone(DEFAULTS), DEFAULTS);
    assert.deepEqual([config, changed, restart], [DEFAULTS, [], []]);
  });

  it('keeps the values of keys that wait, and touches neither configuration', () => {
    const wanted = structuredClone(DEFAULTS);
    wanted.store.directory = '/elsewhere';
    wanted.thresholds.spam = 6;
    const before = structuredClone([wanted, DEFAULTS]);
    const { config, changed, restart } = changesTo(wanted, DEFAULTS);
    assert.deepEqual([changed, restart], [['thresholds.spam'], ['store.directory']]);
    assert.equal(config.store.directory, DEFAULTS.store.directory);
    assert.equal(config.thresholds.spam, 6);
    assert.deepEqual([wanted, DEFAULTS], before);
  });

  it('lets a certificate come from elsewhere, and TLS neither come nor go', () => {
    const tcp = (tls_certificate: string): Config => ({
      ...DEFAULTS,
      listen: { ...DEFAULTS.listen, tcp: [{ ...DEFAULT_TCP, tls_certificate, tls_key: tls_certificate }] },
    });
    const keys = ['listen.tcp.0.tls_certificate', 'listen.tcp.0.tls_key'];
    const elsewhere = changesTo(tcp('/new.pem'), tcp('/old.pem'));
    assert.deepEqual([elsewhere.changed, elsewhere.restart], [keys, []]);
    for (const [wanted, inForce] of [
      [tcp('/new.pem'), tcp('')],
      [tcp(''), tcp('/old.pem')],
    ] as const) {
      const { changed, restart, config } = changesTo(wanted, inForce);
      assert.deepEqual([changed, restart, config], [[], keys, inForce]);
    }
  });

  it('names keys in entries of lists, and a list of another length as a whole', () => {
    const moved = withUnix([socket, { ...socket, path: '/elsewhere', mode: '666' }]);
    assert.deepEqual(changesTo(moved, DEFAULTS).restart, [
      'listen.unix.1.path',
      ...(DEFAULTS.listen.unix[1]?.mode === '666' ? [] : ['listen.unix.1.mode']),
      'listen.unix.1.rights',
    ]);
    assert.deepEqual(changesTo(moved, DEFAULTS).config.listen.unix, DEFAULTS.listen.unix);
    const open = changesTo(withUnix([socket, { ...socket, rights: ['admin'] }]), withUnix([socket, socket]));
    assert.deepEqual([open.changed, open.restart], [['listen.unix.1.rights'], []]);
    assert.deepEqual(open.config.listen.unix[1]?.rights, ['admin']);
    const shorter = changesTo(withUnix([socket]), DEFAULTS);
    assert.deepEqual([shorter.restart, shorter.config.listen], [['listen.unix'], DEFAULTS.listen]);
  });
});
