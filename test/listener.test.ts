import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { StartError } from '../src/errors.ts';
import { directoryFor, listenOnTCP, listenOnUnix, open, ping, serverFor } from './socket-harness.ts';
import { doorFor, request } from './wire-harness.ts';

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
  const listener = await listenOnUnix(t, { path, mode: '620' });
  assert.equal(listener.name, path);
  assert.equal(statSync(path).mode & 0o777, 0o620);
  assert.equal(await ping(path), 0);
  listener.close();
  assert.equal(existsSync(path), false);
});

test('the rights of the listener are those of its connections', async (t) => {
  const path = join(directoryFor(t), 'p.sock');
  await listenOnUnix(t, { path, door: doorFor(['check']) });
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
  await listenOnUnix(t, { path: join(directory, 'a.sock'), group: `${other}` });
  assert.equal(statSync(join(directory, 'a.sock')).gid, other);
  await listenOnUnix(t, { path: join(directory, 'b.sock'), group: name ?? '' });
  assert.equal(statSync(join(directory, 'b.sock')).gid, own);
});

test('an unknown group is refused, and no socket is left behind', async (t) => {
  const path = join(directoryFor(t), 'p.sock');
  await refusesToStart(listenOnUnix(t, { path, group: 'no-such-group' }), 'no-such-group', /Create it/);
  assert.equal(existsSync(path), false);
});

test('a socket left behind by a daemon that died is replaced', async (t) => {
  const path = join(directoryFor(t), 'p.sock');
  const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', script]);
  assert.ok(existsSync(path));
  await listenOnUnix(t, { path });
  assert.equal(await ping(path), 0);
});

test('a socket that a living daemon listens on is refused by name, and stays', async (t) => {
  const path = join(directoryFor(t), 'p.sock');
  await listenOnUnix(t, { path });
  await refusesToStart(listenOnUnix(t, { path }), path, /listens on/, /Stop it/);
  assert.equal(await ping(path), 0);
});

test('a file that is no socket is refused by name, and stays', async (t) => {
  const directory = directoryFor(t);
  const path = join(directory, 'p.sock');
  writeFileSync(path, 'precious');
  await refusesToStart(listenOnUnix(t, { path }), path, /no socket/);
  symlinkSync(path, join(directory, 'link'));
  await refusesToStart(listenOnUnix(t, { path: join(directory, 'link') }), /no socket/);
  assert.equal(statSync(path).size, 8);
});

test('a socket path beyond 107 bytes is refused with a sentence', async (t) => {
  const directory = directoryFor(t);
  const longest = join(directory, 'x'.repeat(107 - directory.length - 1));
  await listenOnUnix(t, { path: longest });
  assert.equal(await ping(longest), 0);
  await refusesToStart(listenOnUnix(t, { path: `${longest}x` }), '107 bytes', /shorter/);
  await refusesToStart(listenOnUnix(t, { path: join(directory, 'ä'.repeat(60)) }), '107 bytes');
});

test('a directory that is missing is refused with a sentence', async (t) => {
  const path = join(directoryFor(t), 'no', 'p.sock');
  await refusesToStart(listenOnUnix(t, { path }), path, /Create it first/);
});

test('TCP on loopback is served, on 127.0.0.1, ::1 and localhost', async (t) => {
  const server = serverFor(t);
  const listener = await listenOnTCP(t, server);
  assert.match(listener.name, /^127\.0\.0\.1:[0-9]+$/);
  assert.equal(await ping(listener.port), 0);
  assert.match((await listenOnTCP(t, server, 'localhost')).name, /^(127\.0\.0\.1|\[::1\]):/);
});

test('TCP beyond loopback is refused', async (t) => {
  for (const host of ['0.0.0.0', '::', '192.0.2.1', '::ffff:192.0.2.1', '10.0.0.1']) {
    await refusesToStart(listenOnTCP(t, serverFor(t), host), /no loopback address/, /127\.0\.0\.1/);
  }
});

test('a TCP port in use is refused by name', async (t) => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  t.after(() => other.close());
  const { port } = other.address() as { port: number };
  await refusesToStart(listenOnTCP(t, serverFor(t), '127.0.0.1', port), `127.0.0.1:${port}`, /already/);
});
