import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { connect as connectSocket, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { StartError } from '../src/errors.ts';
import type { Response } from '../src/pnp/response.ts';
import type { Limits } from '../src/server/limits.ts';
import { type Listener, listenTCP, listenUnix, type UnixOptions } from '../src/server/listener.ts';
import type { Serve } from '../src/server/serve.ts';
import { Server } from '../src/server/server.ts';
import { request, TEST_LIMITS, WireClient } from './wire-harness.ts';

const OK: Response = { status: 'EX_OK' };

/** A server that stops with the test. */
function serverFor(t: TestContext, serve: Serve = () => OK, limits: Partial<Limits> = {}): Server {
  const server = new Server({
    limits: { ...TEST_LIMITS, ...limits },
    serve,
    events: { answered: () => undefined, failed: (_verb, error) => assert.fail(String(error)) },
  });
  t.after(() => server.drain(0));
  return server;
}

function directoryFor(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'pnp-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

async function unix(t: TestContext, options: Partial<UnixOptions> & { path: string }): Promise<Listener> {
  const listener = await listenUnix(serverFor(t), { mode: '660', group: '', rights: ['check'], ...options });
  t.after(() => listener.close());
  return listener;
}

async function tcp(t: TestContext, server: Server, host = '127.0.0.1', port = 0): Promise<Listener> {
  const listener = await listenTCP(server, { host, port, rights: ['check'] });
  t.after(() => listener.close());
  return listener;
}

async function open(place: string | number | undefined): Promise<WireClient & { socket: Socket }> {
  const socket =
    typeof place === 'string' ? connectSocket(place) : connectSocket(place as number, '127.0.0.1');
  socket.allowHalfOpen = true;
  await once(socket, 'connect');
  return Object.assign(new WireClient(socket), { socket });
}

async function ping(place: string | number | undefined): Promise<number> {
  const client = await open(place);
  const { status } = await client.send(request('PING')).answer();
  client.socket.destroy();
  return status;
}

/** A sentence that names the place and says what to do. */
async function refusesToStart(
  starting: Promise<unknown>,
  ...words: readonly (string | RegExp)[]
): Promise<void> {
  await assert.rejects(starting, (error) => {
    assert.ok(error instanceof StartError, String(error));
    for (const word of words) assert.match(error.message, typeof word === 'string' ? new RegExp(word) : word);
    return true;
  });
}

test('a Unix socket is served, has its mode, and is gone at the stop', async (t) => {
  const path = join(directoryFor(t), 'p.sock');
  const listener = await unix(t, { path, mode: '620' });
  assert.equal(listener.name, path);
  assert.equal(statSync(path).mode & 0o777, 0o620);
  assert.equal(await ping(path), 0);
  listener.close();
  assert.equal(existsSync(path), false);
});

test('the rights of the listener are those of its connections', async (t) => {
  const path = join(directoryFor(t), 'p.sock');
  await unix(t, { path, rights: ['check'] });
  const client = await open(path);
  client.finish(request('CHECK') + request('TELL'));
  assert.deepEqual(
    (await client.rest()).map((answer) => answer.status),
    [0, 77],
  );
});

test('a Unix socket is given to its group, by number or by name', async (t) => {
  const directory = directoryFor(t);
  const own = process.getgid?.() ?? 0;
  const name = readFileSync('/etc/group', 'utf8')
    .split('\n')
    .find((line) => line.split(':')[2] === `${own}`)
    ?.split(':')[0];
  // Only root may give a socket to a group that it is not a member of.
  const other = own === 0 ? 12_345 : own;
  await unix(t, { path: join(directory, 'a.sock'), group: `${other}` });
  assert.equal(statSync(join(directory, 'a.sock')).gid, other);
  await unix(t, { path: join(directory, 'b.sock'), group: name ?? '' });
  assert.equal(statSync(join(directory, 'b.sock')).gid, own);
});

test('an unknown group is refused, and no socket is left behind', async (t) => {
  const path = join(directoryFor(t), 'p.sock');
  await refusesToStart(unix(t, { path, group: 'no-such-group' }), 'no-such-group', /Create it/);
  assert.equal(existsSync(path), false);
});

test('a socket left behind by a daemon that died is replaced', async (t) => {
  const path = join(directoryFor(t), 'p.sock');
  const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', script]);
  assert.ok(existsSync(path));
  await unix(t, { path });
  assert.equal(await ping(path), 0);
});

test('a socket that a living daemon listens on is refused by name, and stays', async (t) => {
  const path = join(directoryFor(t), 'p.sock');
  await unix(t, { path });
  await refusesToStart(unix(t, { path }), path, /listens on/, /Stop it/);
  assert.equal(await ping(path), 0);
});

test('a file that is no socket is refused by name, and stays', async (t) => {
  const directory = directoryFor(t);
  const path = join(directory, 'p.sock');
  writeFileSync(path, 'precious');
  await refusesToStart(unix(t, { path }), path, /no socket/);
  symlinkSync(path, join(directory, 'link'));
  await refusesToStart(unix(t, { path: join(directory, 'link') }), /no socket/);
  assert.equal(statSync(path).size, 8);
});

test('a socket path beyond 107 bytes is refused with a sentence', async (t) => {
  const directory = directoryFor(t);
  const longest = join(directory, 'x'.repeat(107 - directory.length - 1));
  await unix(t, { path: longest });
  assert.equal(await ping(longest), 0);
  await refusesToStart(unix(t, { path: `${longest}x` }), '107 bytes', /shorter/);
  await refusesToStart(unix(t, { path: join(directory, 'ä'.repeat(60)) }), '107 bytes');
});

test('a directory that is missing is refused with a sentence', async (t) => {
  const path = join(directoryFor(t), 'no', 'p.sock');
  await refusesToStart(unix(t, { path }), path, /Create it first/);
});

test('TCP on loopback is served, on 127.0.0.1, ::1 and localhost', async (t) => {
  const server = serverFor(t);
  const listener = await tcp(t, server);
  assert.match(listener.name, /^127\.0\.0\.1:[0-9]+$/);
  assert.equal(await ping(listener.port), 0);
  assert.match((await tcp(t, server, 'localhost')).name, /^(127\.0\.0\.1|\[::1\]):/);
});

test('TCP beyond loopback is refused', async (t) => {
  for (const host of ['0.0.0.0', '::', '192.0.2.1', '::ffff:192.0.2.1', '10.0.0.1']) {
    await refusesToStart(tcp(t, serverFor(t), host), /not a loopback address/, /127\.0\.0\.1/);
  }
});

test('a TCP port in use is refused by name', async (t) => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  t.after(() => other.close());
  const { port } = other.address() as { port: number };
  await refusesToStart(tcp(t, serverFor(t), '127.0.0.1', port), `127.0.0.1:${port}`, /already/);
});

test("a browser's POST gets the PNP line and the close; its body is never read as requests", async (t) => {
  let served = 0;
  const server = serverFor(t, () => {
    served += 1;
    return OK;
  });
  const { port } = await tcp(t, server);
  const body = request('CHECK').repeat(2_000);
  const client = await open(port);
  client.send(
    `POST / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n`,
  );
  client.send(body);
  const answers = await client.rest();
  assert.equal(answers.length, 1);
  assert.equal(answers[0]?.status, 76);
  assert.match(answers[0]?.headers[0]?.[1] ?? '', /^http ; /);
  client.finish();
  await once(client.socket, 'close');
  assert.equal(served, 0);
  await assert.rejects(fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: 'x' }));
});

test('half-close over a real socket: every answer arrives', async (t) => {
  const body = 'x'.repeat(2_000);
  const { port } = await tcp(
    t,
    serverFor(t, () => ({ status: 'EX_OK', body })),
  );
  const client = await open(port);
  client.finish(request('CHECK').repeat(500));
  await new Promise((resolve) => setTimeout(resolve, 50));
  const answers = await client.rest();
  assert.equal(answers.length, 500);
  assert.ok(answers.every((answer) => answer.body === body));
});

test('2,000 idle connections are held, and the next request is still served at once', async (t) => {
  const path = join(directoryFor(t), 'p.sock');
  const server = serverFor(t, () => OK, { connections_max: 2_001 });
  const listener = await listenUnix(server, { path, mode: '600', group: '', rights: ['check'] });
  t.after(() => listener.close());
  const idle: Socket[] = [];
  t.after(() => {
    for (const socket of idle) socket.destroy();
  });
  for (let batch = 0; batch < 20; batch += 1) {
    const opened = await Promise.all(Array.from({ length: 100 }, () => open(path)));
    idle.push(...opened.map((client) => client.socket));
    // The kernel queues only so many that are not accepted yet.
    while (server.connections < idle.length) await new Promise((resolve) => setImmediate(resolve));
  }
  const client = await open(path);
  assert.equal((await client.send(request('PING')).answer()).status, 0);
  assert.equal(server.connections, 2_001);
  const refused = await open(path);
  assert.equal((await refused.rest())[0]?.status, 75);
  const last = idle[1_999] as Socket;
  assert.equal((await new WireClient(last).send(request('PING')).answer()).status, 0);
  client.socket.destroy();
  refused.socket.destroy();
});

/** Whether the socket takes more within the time. */
async function drains(socket: Socket, milliseconds: number): Promise<boolean> {
  return once(socket, 'drain', { signal: AbortSignal.timeout(milliseconds) }).then(
    () => true,
    () => false,
  );
}

test('clients that never read cannot grow the daemon', async (t) => {
  const server = serverFor(t, () => ({ status: 'EX_OK', body: 'x'.repeat(20_000) }));
  const { port } = await tcp(t, server);
  const requests = Buffer.from(request('CHECK', {}, 'y'.repeat(500)).repeat(100));
  const clients = await Promise.all(Array.from({ length: 20 }, () => open(port)));
  const before = process.memoryUsage().rss;
  let sent = 0;
  const stuck = await Promise.all(
    clients.map(async ({ socket }) => {
      socket.pause();
      // 20 MB of requests each, answered with 700 MB: nobody gets that far.
      for (let round = 0; round < 350; round += 1) {
        if (socket.writableNeedDrain && !(await drains(socket, 300))) return true;
        socket.write(requests);
        sent += requests.length;
      }
      return false;
    }),
  );
  assert.ok(stuck.every(Boolean), 'a client could send all that it had');
  const grown = process.memoryUsage().rss - before;
  assert.ok(
    grown < 120_000_000,
    `${Math.round(grown / 1e6)} MB more after ${Math.round(sent / 1e6)} MB sent`,
  );
  assert.ok(server.queued <= 20 * 1_024);
  for (const { socket } of clients) socket.destroy();
});

test('the timer of the server looks at the time-outs', async (t) => {
  const { port } = await tcp(
    t,
    serverFor(t, () => OK, { idle_seconds_max: 0.05 }),
  );
  const client = await open(port);
  assert.deepEqual(await client.rest(), []);
  client.finish();
});

test('draining with open sockets answers what is in flight, then lets go of the place', async (t) => {
  const path = join(directoryFor(t), 'p.sock');
  const pending: ((response: Response) => void)[] = [];
  const server = serverFor(t, () => new Promise((resolve) => pending.push(resolve)));
  const listener = await listenUnix(server, { path, mode: '600', group: '', rights: ['learn'] });
  const client = await open(path);
  client.send(request('TELL'));
  while (pending.length === 0) await new Promise((resolve) => setImmediate(resolve));
  listener.close();
  const drained = server.drain(5_000);
  await assert.rejects(open(path));
  pending[0]?.(OK);
  assert.equal((await client.rest())[0]?.status, 0);
  client.finish();
  await drained;
  assert.equal(server.connections, 0);
});

test('out of file descriptors, a further connection is cut off, and the daemon goes on', async (t) => {
  const path = join(directoryFor(t), 'p.sock');
  const server = serverFor(t);
  const listener = await listenUnix(server, { path, mode: '600', group: '', rights: ['check'] });
  t.after(() => listener.close());
  const first = await open(path);
  await first.send(request('PING')).answer();
  // Accepting takes a descriptor of this process: none are left while these files are open.
  const files: number[] = [];
  const waiting = connectSocket(path);
  assert.throws(() => {
    for (;;) files.push(openSync('/dev/null', 'r'));
  }, /EMFILE/);
  await once(waiting, 'close');
  for (const file of files) closeSync(file);
  assert.equal((await first.send(request('PING')).answer()).status, 0);
  assert.equal(await ping(path), 0);
  first.socket.destroy();
});
