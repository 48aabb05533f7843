import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import pino from 'pino';
import { PnpClient } from '../clients/node/pnp-client.ts';
import { Notifier } from '../src/supervisor/notifier.ts';
import { Supervisor } from '../src/supervisor/supervisor.ts';
import { type DaemonOptions, type DaemonProcess, startDaemon } from './daemon-process.ts';
import { NotifySocket } from './notify-socket.ts';
import { ping } from './socket-harness.ts';
import { chat, madeUp } from './stanzas.ts';
import { until } from './until.ts';

const has = (tool: string) => spawnSync('sh', ['-c', `command -v ${tool}`]).status === 0;
const skip = has('systemd-notify') && has('perl') ? false : 'systemd-notify or perl is not installed';

const WATCHDOG_MS = 2_000;
const STALL_MS = 4_000;
/** On SIGUSR2 the event loop stands still for a while: no timer fires, no socket is read. */
const STALLS_ON_SIGNAL = `data:text/javascript,process.on('SIGUSR2', () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ${STALL_MS}))`;

/** Processes that the daemon started. */
function childrenOf(pid: number): readonly number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text.split(' ').filter(Boolean).map(Number);
}

/** What the open files of a process are. */
function descriptorsOf(pid: string): readonly string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
    } catch {
      // Closed at this moment, as that of the listing itself.
      return [];
    }
  });
}

describe('a daemon under a supervisor', { skip }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'pv-notify-'));
  let socket: NotifySocket;
  before(async () => {
    socket = await NotifySocket.open(join(directory, 'notify'));
  });
  after(async () => {
    await socket.close();
    rmSync(directory, { recursive: true });
  });
  beforeEach(() => {
    socket.messages.length = 0;
  });

  async function supervised(t: TestContext, options: DaemonOptions = {}): Promise<DaemonProcess> {
    const env = { NOTIFY_SOCKET: socket.path, ...options.env };
    const daemon = await startDaemon({ ...options, env });
    t.after(() => daemon.child.kill('SIGKILL'));
    return daemon;
  }

  it('says READY with its status once it serves, and STOPPING when it is asked to stop', async (t) => {
    const daemon = await supervised(t);
    const ready = await socket.heard('READY');
    assert.equal(ready.values['READY'], '1');
    assert.match(
      ready.values['STATUS'] ?? '',
      /^Serving on 2 Unix sockets and 1 port; 0 lessons; 0 verdicts\/s$/,
    );
    assert.equal(await ping(daemon.unixPath), 0);
    assert.equal(socket.all('STOPPING').length, 0);
    const helpers = childrenOf(daemon.pid);
    assert.equal(helpers.length, 1);
    assert.equal(await daemon.stop(), 0);
    const stopping = await socket.heard('STOPPING');
    assert.equal(stopping.values['STATUS'], 'Stopping');
    assert.equal(stopping.values['EXTEND_TIMEOUT_USEC'], '30000000');
    assert.equal(socket.all('WATCHDOG').length, 0, 'nobody watches');
    await until(() => !existsSync(`/proc/${helpers[0]}`));
  });

  it('tells a status that has changed', async (t) => {
    const daemon = await supervised(t);
    const admin = new PnpClient({ path: daemon.adminPath, timeoutMs: 10_000 });
    await admin.tell({ label: 'spam', stanza: chat(madeUp('spam', 1)) });
    admin.close();
    await until(() => socket.messages.some(({ values }) => /; 1 lesson; /.test(values['STATUS'] ?? '')));
    assert.equal(socket.all('READY').length, 1);
    await daemon.stop();
  });

  it('gives the helper nothing of its environment, and no descriptor', async (t) => {
    const daemon = await supervised(t, { env: { NOTIFY_SOCKET: socket.path, SOME_SECRET: 'x' } });
    const [helper] = childrenOf(daemon.pid);
    const environment = readFileSync(`/proc/${helper}/environ`, 'utf8');
    const names = environment.split('\0').map((entry) => entry.split('=', 1)[0]);
    // The shell sets one, and Node hands another down where coverage is measured.
    const unasked = ['', 'PWD', 'NODE_V8_COVERAGE'];
    assert.deepEqual(names.filter((name) => !unasked.includes(name ?? '')).sort(), ['NOTIFY_SOCKET', 'PATH']);
    // What came down from whoever started the tests is not the daemon's.
    const own = descriptorsOf('self');
    const inherited = descriptorsOf(`${helper}`).filter((target) => !own.includes(target));
    assert.equal(inherited.length, 2, `${inherited.join(' ')}: more than the two pipes`);
    await daemon.stop();
  });

  it('feeds the watchdog at half its interval', async (t) => {
    const daemon = await supervised(t, { env: { WATCHDOG_USEC: `${WATCHDOG_MS * 1_000}` } });
    await socket.heard('WATCHDOG', 8);
    const gaps = gapsOf(socket.all('WATCHDOG').map(({ at }) => at)).sort((a, b) => a - b);
    // Single ones come late on a busy machine, and the next one early.
    const usual = (gaps[3] as number) / WATCHDOG_MS;
    assert.ok(usual > 0.25 && usual < 0.75, `signs of life came every ${usual.toFixed(2)} of the interval`);
    await daemon.stop();
  });

  it('leaves the watchdog hungry while the event loop stands still', async (t) => {
    const daemon = await supervised(t, {
      env: { WATCHDOG_USEC: `${(WATCHDOG_MS / 4) * 1_000}` },
      nodeOptions: ['--import', STALLS_ON_SIGNAL],
    });
    await socket.heard('WATCHDOG', 3);
    daemon.child.kill('SIGUSR2');
    const before = socket.all('WATCHDOG').length;
    // One may be under way; the rest come when the loop goes on.
    await socket.heard('WATCHDOG', before + 5);
    const silence = Math.max(...gapsOf(socket.all('WATCHDOG').map(({ at }) => at)));
    assert.ok(silence > STALL_MS / 2, `the longest silence was ${silence.toFixed(0)} ms`);
    await daemon.stop();
  });

  it('asks for more time while lessons are replayed', async (t) => {
    const dir = mkdtempSync(join(tmpdir(), 'pv-replay-'));
    t.after(() => rmSync(dir, { recursive: true }));
    const config = 'store.checkpoint_seconds = 3600';
    const killed = await startDaemon({ dir, config });
    const admin = new PnpClient({ path: killed.adminPath, timeoutMs: 10_000 });
    await admin.tell({ label: 'spam', stanza: chat(madeUp('spam', 1)) });
    admin.close();
    await killed.kill();
    const daemon = await supervised(t, { dir, config });
    await socket.heard('READY');
    const { values } = socket.messages[0] ?? { values: {} };
    assert.deepEqual(values, { EXTEND_TIMEOUT_USEC: '60000000', STATUS: 'Opening the store' });
    await daemon.stop();
  });

  it('goes on without its helper, and says once that it is gone', async (t) => {
    const daemon = await supervised(t, { env: { WATCHDOG_USEC: '100000' } });
    await socket.heard('WATCHDOG');
    process.kill(childrenOf(daemon.pid)[0] as number, 'SIGKILL');
    await until(() => daemon.log().includes('the supervisor is told nothing any more'));
    await sleep(300);
    assert.equal(await ping(daemon.unixPath), 0);
    assert.equal(await daemon.stop(), 0);
    assert.equal(daemon.log().match(/told nothing any more/g)?.length, 1);
    assert.match(daemon.log(), /the helper ended: SIGKILL/);
  });

  it('says that systemd-notify is missing', async (t) => {
    const daemon = await supervised(t, { env: { PATH: '/nowhere' } });
    await until(() => daemon.log().includes('systemd-notify is not installed'));
    assert.equal(await daemon.stop(), 0);
  });

  it('says when nobody listens, and goes on', async (t) => {
    const daemon = await supervised(t, { env: { NOTIFY_SOCKET: join(directory, 'nobody') } });
    await until(() => daemon.log().includes('the supervisor could not be told something'));
    assert.equal(await ping(daemon.unixPath), 0);
    assert.equal(await daemon.stop(), 0);
  });

  it('starts nothing where nobody supervises', async () => {
    const daemon = await startDaemon();
    assert.deepEqual(childrenOf(daemon.pid), []);
    assert.equal(await daemon.stop(), 0);
    assert.deepEqual(socket.messages, []);
  });

  it('frames a reload by RELOADING, with the time, and READY, be the file good or bad', async (t) => {
    const daemon = await supervised(t);
    await socket.heard('READY');
    const usec = () => Number(process.hrtime.bigint() / 1_000n);
    const earliest = usec();
    daemon.child.kill('SIGHUP');
    await socket.heard('READY', 2);
    const at = Number((await socket.heard('RELOADING')).values['MONOTONIC_USEC']);
    assert.ok(at >= earliest && at <= usec(), 'the time is not that of the monotonic clock');
    appendFileSync(join(daemon.dir, 'providence.toml'), '\nno_such_key = 1\n');
    daemon.child.kill('SIGHUP');
    await socket.heard('READY', 3);
    const framing = socket.messages.filter(({ values }) => 'READY' in values || 'RELOADING' in values);
    assert.deepEqual(
      framing.map(({ values }) => Object.keys(values).join(' ')),
      ['READY STATUS', ...Array(2).fill(['RELOADING MONOTONIC_USEC', 'READY STATUS']).flat()],
    );
    assert.equal(await ping(daemon.unixPath), 0);
    await daemon.stop();
  });

  it('is told of no reload before it serves, nor once it stops', async () => {
    const supervisor = new Supervisor(pino({ level: 'silent' }), { NOTIFY_SOCKET: socket.path });
    const reload = () => {
      supervisor.reloading();
      supervisor.reloaded();
    };
    reload();
    supervisor.ready(() => 'serving');
    supervisor.reloading();
    supervisor.stopping(1);
    supervisor.reloaded();
    reload();
    supervisor.close();
    await socket.heard('STOPPING');
    const told = socket.messages.flatMap(({ values }) => Object.keys(values));
    assert.deepEqual(
      told.filter((name) => /^(READY|RELOADING|STOPPING)$/.test(name)),
      ['READY', 'RELOADING', 'STOPPING'],
    );
  });

  it('keeps a value in its message and its place', async (t) => {
    const notifier = new Notifier(socket.path, pino({ level: 'silent' }));
    t.after(() => notifier.close());
    notifier.send({ STATUS: 'a\nREADY=1\tSTOPPING=1 * $HOME `id` \\n "q" ä' });
    notifier.send({ STATUS: 'x'.repeat(5_000) });
    notifier.send({ READY: 1 });
    await socket.heard('READY');
    assert.deepEqual(
      socket.messages.map(({ values }) => values),
      [
        { STATUS: 'a READY=1 STOPPING=1 * $HOME `id` \\n "q" ä' },
        { STATUS: 'x'.repeat(200) },
        { READY: '1' },
      ],
    );
  });
});

function gapsOf(times: readonly number[]): number[] {
  return times.slice(1).map((at, index) => at - (times[index] as number));
}
