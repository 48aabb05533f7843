import assert from 'node:assert/strict';
import { test } from 'node:test';
import { echo, request, settled, WireHarness, wordOf } from './wire-harness.ts';

test('a deadline that passed before the turn came is 79, and nothing is judged [PNP-2.3]', async () => {
  const served: string[] = [];
  const harness = new WireHarness((asked) => {
    served.push(asked.body.toString());
    harness.clock += 30;
    return echo(asked);
  });
  const client = harness.connect();
  const ask = (id: string, deadline: string) => request('CHECK', { Id: id, Deadline: deadline }, id);
  client.send(ask('none-left', '0') + ask('first', '10') + ask('late', '30') + ask('in-time', '31'));
  const answers = await client.answers(4);
  assert.deepEqual(answers.map(wordOf), ['79 deadline', '0 undefined', '79 deadline', '0 undefined']);
  assert.deepEqual(served, ['first', 'in-time']);
});

test('a deadline runs from the last byte of the request', async () => {
  const harness = new WireHarness(echo);
  const client = harness.connect();
  const bytes = request('CHECK', { Deadline: '10' }, 'body');
  client.send(bytes.slice(0, -1));
  await settled();
  harness.clock += 1_000;
  assert.equal((await client.send(bytes.slice(-1)).answer()).status, 0);
});

test('a request that waited longer than shed_ms is served with overload [PNP-2.3]', async () => {
  const overloads: boolean[] = [];
  const harness = new WireHarness(
    (asked) => {
      overloads.push(asked.overload);
      harness.clock += 60;
      return echo(asked);
    },
    { shed_ms: 100 },
  );
  const client = harness.connect();
  client.send(request('CHECK').repeat(4));
  await client.answers(4);
  assert.deepEqual(overloads, [false, false, true, true]);
});

test('a full queue is 75 at once, and the requests before it are served [PNP-2.3]', async () => {
  const harness = new WireHarness(echo, { queue_requests_max: 2 });
  const client = harness.connect();
  client.send(['a', 'b', 'c', 'd'].map((id) => request('CHECK', { Id: id }, id)).join(''));
  const answers = await client.answers(4);
  assert.deepEqual(
    answers.map((answer) => answer.body || wordOf(answer)),
    ['75 queue-full', '75 queue-full', 'a', 'b'],
  );
  assert.equal(harness.server.queued, 0);
  assert.equal((await client.send(request('CHECK', {}, 'e')).answer()).body, 'e');
});

test('the answers of a turn are written at once, sixteen requests a turn', async () => {
  const client = new WireHarness(echo).connect();
  const sizes: number[] = [];
  client.stream.on('data', (chunk: Buffer) => sizes.push(chunk.toString().split('EX_OK').length - 1));
  client.send(request('PING').repeat(40));
  await settled();
  assert.deepEqual(sizes, [16, 16, 8]);
});

test('a turn ends after half a millisecond', async () => {
  const harness = new WireHarness((asked) => {
    harness.clock += 0.2;
    return echo(asked);
  });
  const client = harness.connect();
  const sizes: number[] = [];
  client.stream.on('data', (chunk: Buffer) => sizes.push(chunk.toString().split('EX_OK').length - 1));
  client.send(request('PING').repeat(7));
  await settled();
  assert.deepEqual(sizes, [3, 3, 1]);
});

test('connections take turns: a flood on one does not hold up another', async () => {
  const served: string[] = [];
  const harness = new WireHarness((asked) => {
    served.push(asked.body.toString());
    return echo(asked);
  });
  const flood = harness.connect();
  const other = harness.connect();
  flood.send(request('CHECK', {}, 'flood').repeat(200));
  other.send(request('CHECK', {}, 'other'));
  await other.answer();
  assert.ok(served.indexOf('other') <= 32, `the other was served as number ${served.indexOf('other')}`);
  await flood.answers(200);
});
