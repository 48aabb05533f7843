import assert from 'node:assert/strict';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { connect as connectSocket, type Socket } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Response } from '../src/pnp/response.ts';
import { listenUnix } from '../src/server/listener.ts';
import { directoryFor, listenOnTCP, OK, open, ping, serverFor } from './socket-harness.ts';
import { doorFor, request, WireClient } from './wire-harness.ts';

test("a browser's POST gets the PNP line and the close; its body is never read as requests", async (t) => {
  let served = 0;
  const server = serverFor(t, () => {
    served += 1;
    return OK;
  });
  const { port } = await listenOnTCP(t, server);
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
  const { port } = await listenOnTCP(
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
  const listener = await listenUnix(server, { path, mode: '600', group: '', door: doorFor(['check']) });
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
  const { port } = await listenOnTCP(t, server);
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
  // Garbage included, of both sides: on a busy machine it waits. Without a bound it would be gigabytes.
  assert.ok(
    grown < 250_000_000,
    `${Math.round(grown / 1e6)} MB more after ${Math.round(sent / 1e6)} MB sent`,
  );
  assert.ok(server.queued <= 20 * 1_024);
  for (const { socket } of clients) socket.destroy();
});

test('the timer of the server looks at the time-outs', async (t) => {
  const { port } = await listenOnTCP(
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
  const listener = await listenUnix(server, { path, mode: '600', group: '', door: doorFor(['learn']) });
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
  const listener = await listenUnix(server, { path, mode: '600', group: '', door: doorFor(['check']) });
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
