import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Conformance, readConformance, runFile, runPipelined } from './conformance-runner.ts';
import { type DaemonProcess, startDaemon } from './daemon-process.ts';
import { request, WireClient } from './wire-harness.ts';

const FILES = readConformance();
/** A machine that is busy must not make text abstain. */
const UNHURRIED = 'limits.shed_ms = 60000';

async function open(daemon: DaemonProcess, listener: Conformance['listener']): Promise<Socket> {
  const place = {
    unix: { path: daemon.unixPath },
    admin: { path: daemon.adminPath },
    tcp: { host: '127.0.0.1', port: daemon.tcpPort },
  }[listener];
  const socket = connect({ ...place, allowHalfOpen: true });
  await once(socket, 'connect');
  return socket;
}

for (const [how, step] of [
  ['whole', 1_000_000],
  ['byte by byte', 1],
] as const) {
  test(`a fresh daemon answers every conformance file ${how}`, async (t) => {
    const daemon = await startDaemon({ config: UNHURRIED });
    t.after(() => daemon.stop());
    for (const file of FILES.filter(({ atOnce }) => !atOnce || step > 1)) {
      await t.test(file.name, async () => runFile(file, await open(daemon, file.listener), step));
    }
  });
}

test('a fresh daemon answers all conformance files behind each other on one connection', async (t) => {
  const daemon = await startDaemon({ config: UNHURRIED });
  t.after(() => daemon.stop());
  for (const listener of ['unix', 'admin', 'tcp'] as const) {
    const files = FILES.filter((file) => file.listener === listener && !file.closes && !file.first);
    await t.test(`${files.length} on ${listener}`, async () =>
      runPipelined(files, await open(daemon, listener)),
    );
  }
});

test('cut requests and noise leave a daemon as it was', async (t) => {
  const daemon = await startDaemon({ config: UNHURRIED });
  t.after(() => daemon.stop());
  const requests = Buffer.concat(FILES.map((file) => file.sent.subarray(0, 2_000)));
  const cut = fc
    .nat(requests.length - 1)
    .chain((from) => fc.tuple(fc.constant(from), fc.integer({ min: 1, max: 900 })));
  const input = fc.oneof(
    cut.map(([from, length]) => requests.subarray(from, from + length)),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    fc.tuple(cut, fc.uint8Array({ minLength: 1, maxLength: 9 })).map(([[from, length], noise]) => {
      const bytes = Buffer.from(requests.subarray(from, from + length));
      bytes.set(
        noise.slice(0, bytes.length),
        Math.floor(bytes.length / 2) - Math.min(noise.length, bytes.length >> 1),
      );
      return bytes;
    }),
  );
  await fc.assert(
    fc.asyncProperty(input, async (bytes) => {
      const client = new WireClient(await open(daemon, 'unix'));
      client.stream.end(bytes);
      await client.rest();
    }),
    { seed: 22, numRuns: 400 },
  );
  const client = new WireClient(await open(daemon, 'unix'));
  assert.equal((await client.send(request('PING')).answer()).status, 0);
  client.stream.destroy();
  assert.doesNotMatch(daemon.log(), /a request failed/);
});
