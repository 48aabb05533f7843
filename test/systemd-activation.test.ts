import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { PnpClient } from '../clients/node/pnp-client.ts';
import { type DaemonProcess, startDaemon } from './daemon-process.ts';
import { NotifySocket } from './notify-socket.ts';

const TOOL = 'systemd-socket-activate';
const skip =
  spawnSync('sh', ['-c', `command -v ${TOOL} && command -v perl`]).status === 0
    ? false
    : `${TOOL} or perl is not installed`;
const MAIN = join(import.meta.dirname, '../src/main.js');
const STARTS_MS_MAX = 20_000;

function directoryFor(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'pv-activate-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** The tool starts its program at the first connection: makes one, as soon as there is a socket. */
async function knock(path: string): Promise<void> {
  const end = performance.now() + STARTS_MS_MAX;
  while (!existsSync(path)) {
    assert.ok(performance.now() < end, `${TOOL} makes no socket`);
    await sleep(20);
  }
  const socket = createConnection(path);
  await once(socket, 'connect');
  socket.destroy();
}

/** A command line that opens the sockets, and hands on the environment, which the tool would drop. */
function activating(places: readonly string[], names: readonly string[] = []): string[] {
  const kept = [...Object.keys(process.env), ...names];
  return [TOOL, ...places.flatMap((place) => ['-l', place]), ...kept.flatMap((name) => ['-E', name])];
}

async function rightsAt(options: ConstructorParameters<typeof PnpClient>[0]): Promise<string> {
  const client = new PnpClient({ ...options, timeoutMs: 10_000 });
  const { rights } = await client.hello();
  client.close();
  return rights.join(' ');
}

describe('sockets that were opened before the daemon', { skip }, () => {
  async function activated(dir: string, port: number, env: NodeJS.ProcessEnv): Promise<DaemonProcess> {
    const places = [join(dir, 'p.sock'), `127.0.0.1:${port}`];
    const variables = { ...env, PROVIDENCE_LISTEN__TCP: `[{ port = ${port} }]` };
    const wrapper = activating(places, ['CAPULET_SECRET', ...Object.keys(variables)]);
    const [daemon] = await Promise.all([
      startDaemon({ dir, env: variables, wrapper }),
      knock(join(dir, 'p.sock')),
    ]);
    return daemon;
  }

  it('are served with the rights of their listeners, and stay as they were', async (t) => {
    const dir = directoryFor(t);
    const notify = await NotifySocket.open(join(dir, 'notify'));
    t.after(() => notify.close());
    const port = await freePort();
    const daemon = await activated(dir, port, { NOTIFY_SOCKET: notify.path });
    t.after(() => daemon.child.kill('SIGKILL'));
    const { mode, ino } = statSync(daemon.unixPath);
    assert.equal(await rightsAt({ path: daemon.unixPath }), 'check learn users');
    assert.equal(await rightsAt({ host: '127.0.0.1', port }), 'check');
    assert.equal(await rightsAt({ path: daemon.adminPath }), 'check learn users admin');
    assert.equal(daemon.tcpPort, port);
    assert.notEqual(mode & 0o777, 0o660, 'the mode is not that of the configuration');
    await notify.heard('READY');
    assert.ok(
      listenersOf(daemon.pid).length >= 4,
      'PNP on two Unix sockets and a port, the metrics on another',
    );
    const [helper] = readFileSync(`/proc/${daemon.pid}/task/${daemon.pid}/children`, 'utf8').split(' ');
    assert.deepEqual(listenersOf(Number(helper)), [], 'the helper keeps a listener open');
    assert.equal(await daemon.stop(), 0);
    assert.equal(statSync(daemon.unixPath).ino, ino);
    assert.equal(existsSync(daemon.adminPath), false);
  });

  it('are refused where no listener of the configuration is', async (t) => {
    const dir = directoryFor(t);
    const config = join(dir, 'providence.toml');
    writeFileSync(
      config,
      `listen.unix = [{ path = "${dir}/p.sock" }]\nlisten.tcp = []\nhttp.port = 0\nstore.directory = "${dir}/store"\nstore.secret_file = "${dir}/secret"`,
    );
    const [tool = '', ...args] = activating([join(dir, 'other.sock')]);
    const command = [...args, '--fdname=other.socket', process.execPath, MAIN, 'serve', '--config', config];
    const child = spawn(tool, command, { stdio: ['ignore', 'ignore', 'pipe'] });
    const said = text(child.stderr);
    const ended = once(child, 'exit');
    await knock(join(dir, 'other.sock'));
    assert.deepEqual(await ended, [69, null]);
    assert.match(
      await said,
      /Inherited socket 3 \(other\.socket\) is bound to .*other\.sock, where no listener/,
    );
    assert.match(await said, /Add it to listen\.unix or listen\.tcp/);
    assert.equal(existsSync(join(dir, 'p.sock')), false);
  });
});

/** Inodes of the listening sockets that a process holds. */
function listenersOf(pid: number): readonly (string | undefined)[] {
  const inodes = spawnSync('sh', ['-c', `readlink /proc/${pid}/fd/*`], { encoding: 'utf8' }).stdout;
  const held = new Set([...inodes.matchAll(/^socket:\[(\d+)\]$/gm)].map(([, inode]) => inode));
  const lines = (table: string) => readFileSync(`/proc/net/${table}`, 'utf8').split('\n');
  const listening = [
    ...lines('unix').flatMap((line) => (/ 00010000 0001 /.test(line) ? line.split(/ +/)[6] : [])),
    ...lines('tcp').flatMap((line) => (/ 0A /.test(line) ? line.trim().split(/ +/)[9] : [])),
  ];
  return listening.filter((inode) => held.has(inode));
}
