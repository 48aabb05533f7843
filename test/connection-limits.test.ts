import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import type { Response } from '../src/pnp/response.ts';
import { echo, request, settled, WireHarness, wordOf } from './wire-harness.ts';

const OK: Response = { status: 'EX_OK' };

test('no more requests of a connection are in flight than in_flight_max; the rest waits unread [PNP-2.2]', async () => {
  const pending: (() => void)[] = [];
  const harness = new WireHarness(() => new Promise((resolve) => pending.push(() => resolve(OK))), {
    in_flight_max: 3,
  });
  const client = harness.connect();
  client.send(request('CHECK').repeat(5)).send(request('CHECK').repeat(5));
  await settled();
  assert.equal(pending.length, 3);
  assert.equal(client.far?.isPaused(), true);
  let answered = 0;
  while (answered < 10) {
    for (const settle of pending.splice(0)) settle();
    answered += (await client.answers(Math.min(3, 10 - answered))).length;
    await settled();
    assert.ok(pending.length <= 3);
  }
  assert.equal(client.far?.isPaused(), false);
});

test('strangers cannot fill the queue of all: what they ask is taken one by one [PNP-2.1]', async () => {
  const harness = new WireHarness(echo, { queue_requests_max: 4 });
  const strangers = [1, 2].map(() => harness.connectStranger().send(request('PING').repeat(100)));
  const known = harness.connect().send(request('CHECK', {}, 'words'));
  assert.equal((await known.answer()).body, 'words');
  for (const client of strangers) {
    const words = (await client.finish().rest()).map(wordOf);
    assert.deepEqual(words, Array(100).fill('0 undefined'));
  }
});

test('half-close behind more requests than may be in flight: all are answered', async () => {
  const harness = new WireHarness(
    (asked) => new Promise((resolve) => setImmediate(() => resolve(echo(asked)))),
    { in_flight_max: 2 },
  );
  const client = harness.connect();
  client.finish(Array.from({ length: 20 }, (_, index) => request('CHECK', {}, `${index}`)).join(''));
  assert.deepEqual(
    (await client.rest()).map((answer) => answer.body),
    Array.from({ length: 20 }, (_, index) => `${index}`),
  );
});

test('requests under way on a connection take a bounded room', async () => {
  let held = 0;
  const harness = new WireHarness(
    (asked) => {
      held += asked.body.length;
      return new Promise(() => undefined);
    },
    { in_flight_max: 1_000 },
  );
  const client = harness.connect();
  client.stream.on('drain', () => undefined);
  client.send(request('CHECK', {}, 'x'.repeat(200_000)).repeat(20));
  await settled();
  assert.ok(held >= 1_000_000 && held < 1_300_000, `${held} bytes are held`);
});

test('a client that does not read is not served on: what it does not take is bounded [PNP-2.3]', async () => {
  let served = 0;
  const body = 'x'.repeat(10_000);
  const harness = new WireHarness(() => {
    served += 1;
    return { status: 'EX_OK', body };
  });
  const client = harness.connect();
  client.send(request('CHECK').repeat(1_000)).send(request('CHECK').repeat(1_000));
  await settled();
  const unsent = client.far?.writableLength ?? 0;
  assert.ok(unsent > 100_000 && unsent < 500_000, `${unsent} bytes are unsent`);
  const before = served;
  await settled();
  assert.equal(served, before);
  assert.equal((await client.answers(2_000)).length, 2_000);
});

test('a client that takes nothing for write_seconds_max is cut off', async () => {
  const harness = new WireHarness(() => ({ status: 'EX_OK', body: 'x'.repeat(100_000) }), {
    write_seconds_max: 1,
  });
  const client = harness.connect();
  const { far } = client;
  assert.ok(far !== undefined);
  client.send(request('CHECK').repeat(20));
  await settled();
  assert.equal(far.destroyed, false);
  const closed = once(far, 'close');
  harness.pass(900);
  assert.equal(far.destroyed, false);
  harness.pass(200);
  await closed;
  assert.equal(harness.server.connections, 0);
  assert.equal(harness.server.queued, 0);
});

test('an idle connection is closed after idle_seconds_max, without a word', async () => {
  const harness = new WireHarness(echo, { idle_seconds_max: 1 });
  const client = harness.connect();
  for (let round = 0; round < 3; round += 1) {
    harness.pass(900);
    await client.send(request('PING')).answer();
  }
  harness.pass(1_001);
  assert.deepEqual(await client.rest(), []);
});

test('a connection that waits for a slow answer is not idle', async () => {
  let settle: (response: Response) => void = () => undefined;
  const harness = new WireHarness(() => new Promise((resolve) => (settle = resolve)), {
    idle_seconds_max: 1,
  });
  const client = harness.connect();
  client.send(request('TELL'));
  await settled();
  harness.pass(5_000);
  settle(OK);
  assert.equal((await client.answer()).status, 0);
});

for (const [what, bytes] of [
  ['head', 'CHECK PNP/1.0\r\nFrom: a'],
  ['body', request('CHECK', {}, 'body').slice(0, -1)],
] as const) {
  test(`a ${what} that drips in longer than head_seconds_max is 79, and the connection closes`, async () => {
    const harness = new WireHarness(echo, { head_seconds_max: 1 });
    const client = harness.connect();
    await client.send(request('PING')).answer();
    harness.pass(900);
    for (const byte of bytes) {
      client.send(byte);
      await settled();
      harness.pass(1_000 / bytes.length);
    }
    harness.pass(1_000 / bytes.length);
    assert.deepEqual((await client.rest()).map(wordOf), ['79 slow-request']);
  });
}

test('a request whose rest is not read is not slow: the client waits for the daemon', async () => {
  let settle: (response: Response) => void = () => undefined;
  const harness = new WireHarness(() => new Promise((resolve) => (settle = resolve)), {
    head_seconds_max: 1,
    in_flight_max: 1,
  });
  const client = harness.connect();
  client.send(request('TELL') + request('PING').slice(0, -1));
  await settled();
  harness.pass(5_000);
  settle(OK);
  await client.answer();
  client.send(request('PING').slice(-1));
  await settled();
  settle(OK);
  assert.equal((await client.answer()).status, 0);
});

test('a connection beyond connections_max is answered 75 and closed; one that ends makes room', async () => {
  const harness = new WireHarness(echo, { connections_max: 2 });
  const first = harness.connect();
  const second = harness.connect();
  assert.deepEqual((await harness.connect().send(request('PING')).rest()).map(wordOf), [
    '75 too-many-connections',
  ]);
  assert.equal(harness.server.connections, 2);
  first.finish();
  await first.rest();
  await settled();
  assert.equal((await harness.connect().send(request('PING')).answer()).status, 0);
  assert.equal((await second.send(request('PING')).answer()).status, 0);
});

test('so many connections are told that there is no room, no more', async () => {
  const harness = new WireHarness(echo, { connections_max: 0 });
  const clients = Array.from({ length: 65 }, () => harness.connect());
  assert.equal(clients.filter((client) => client.far?.destroyed).length, 1);
  assert.deepEqual((await (clients[0] as (typeof clients)[0]).rest()).map(wordOf), [
    '75 too-many-connections',
  ]);
});

async function drained(harness: WireHarness, graceMs: number): Promise<number> {
  const began = performance.now();
  await harness.server.drain(graceMs);
  return performance.now() - began;
}

test('draining answers what was received, reads no more, and closes [PNP-2.1]', async (t: TestContext) => {
  t.plan(5);
  const pending: (() => void)[] = [];
  const harness = new WireHarness(
    (asked) =>
      asked.verb === 'TELL' ? new Promise((resolve) => pending.push(() => resolve(OK))) : echo(asked),
    { in_flight_max: 2 },
  );
  const client = harness.connect();
  const idle = harness.connect();
  client.send(`${request('TELL')}${request('TELL')}${request('CHECK', {}, 'waits')}CHECK PNP/1.0\r\n`);
  await settled();
  const done = drained(harness, 5_000);
  client.send(request('CHECK', {}, 'too late'));
  await settled();
  t.assert.equal(pending.length, 2);
  for (const settle of pending) settle();
  t.assert.deepEqual(
    (await client.rest()).map((answer) => answer.body),
    ['', '', 'waits'],
  );
  client.finish();
  t.assert.deepEqual(await idle.rest(), []);
  idle.finish();
  t.assert.ok((await done) < 1_000);
  t.assert.equal(harness.connect().far?.destroyed, true);
});

test('draining cuts off after its grace what does not end', async () => {
  const harness = new WireHarness(() => new Promise(() => undefined));
  const client = harness.connect();
  client.send(request('TELL'));
  await settled();
  const took = await drained(harness, 50);
  assert.ok(took >= 45 && took < 2_000, `${took} ms`);
  assert.equal(harness.server.connections, 0);
});

test('draining without connections is done at once', async () => {
  assert.ok((await drained(new WireHarness(echo), 5_000)) < 1_000);
});

test('a connection that has ended waits for the client to close, and not for ever', async () => {
  const harness = new WireHarness(echo);
  const client = harness.connect();
  const { far } = client;
  assert.ok(far !== undefined);
  client.send('oops\r\n');
  assert.deepEqual((await client.rest()).map(wordOf), ['76 bad-request-line']);
  await settled();
  assert.equal(far.destroyed, false);
  const closed = once(far, 'close');
  harness.pass(2_001);
  await closed;
});
