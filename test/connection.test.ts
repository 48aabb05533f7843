import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RequestError } from '../src/errors.ts';
import type { Request } from '../src/pnp/request.ts';
import type { Response } from '../src/pnp/response.ts';
import { echo, headerOf, request, settled, WireHarness, wordOf } from './wire-harness.ts';

/** Answers when the test says so, by body. */
class Later {
  readonly #pending = new Map<string, (response: Response) => void>();

  readonly serve = (asked: Request): Promise<Response> =>
    new Promise((resolve) => this.#pending.set(asked.body.toString(), resolve));

  get count(): number {
    return this.#pending.size;
  }

  settle(body: string): void {
    this.#pending.get(body)?.({ status: 'EX_OK', body });
    this.#pending.delete(body);
  }
}

test('requests without Id are answered in their order [PNP-2.3]', async () => {
  const client = new WireHarness(echo).connect();
  client.send(['a', 'b', 'c'].map((body) => request('CHECK', {}, body)).join(''));
  const answers = await client.answers(3);
  assert.deepEqual(
    answers.map((answer) => answer.body),
    ['a', 'b', 'c'],
  );
  assert.deepEqual(answers[0], { status: 0, name: 'EX_OK', headers: [], body: 'a' });
});

test('a slow answer holds back later ones without Id, and none with Id [PNP-2.3]', async () => {
  const later = new Later();
  const client = new WireHarness((asked) =>
    asked.verb === 'TELL' ? later.serve(asked) : echo(asked),
  ).connect();
  client.send(request('TELL', {}, 'slow') + request('TELL', { Id: '1' }, 'slow with id'));
  client.send(request('CHECK', {}, 'held back') + request('CHECK', { Id: '2' }, 'overtakes'));
  const first = await client.answer();
  assert.equal(first.body, 'overtakes');
  assert.equal(headerOf(first, 'Id'), '2');
  later.settle('slow with id');
  assert.equal((await client.answer()).body, 'slow with id');
  later.settle('slow');
  assert.deepEqual(
    (await client.answers(2)).map((answer) => answer.body),
    ['slow', 'held back'],
  );
});

test('an Id may be used again once it has been answered', async () => {
  const client = new WireHarness(echo).connect();
  for (const body of ['a', 'b'])
    assert.equal((await client.send(request('CHECK', { Id: 'x' }, body)).answer()).body, body);
});

test('an Id still in flight is refused, and the connection closes behind the answers due [PNP-2.4]', async () => {
  const later = new Later();
  const client = new WireHarness(later.serve).connect();
  client.send(
    request('CHECK', { Id: 'x' }, 'a') + request('CHECK', { Id: 'x' }, 'b') + request('CHECK', {}, 'c'),
  );
  await settled();
  assert.equal(later.count, 1);
  later.settle('a');
  const answers = await client.rest();
  assert.deepEqual(
    answers.map((answer) => answer.body),
    ['a', ''],
  );
  const refusal = answers[1] as (typeof answers)[number];
  assert.equal(wordOf(refusal), '64 id-in-flight');
  assert.equal(headerOf(refusal, 'Id'), undefined);
});

test('what breaks the framing is answered behind what came before, and nothing after it is read [PNP-2.4]', async () => {
  const later = new Later();
  const client = new WireHarness(later.serve).connect();
  client.send(`${request('CHECK', {}, 'a')}GET / HTTP/1.1\r\n\r\n${request('CHECK', {}, 'b')}`);
  await settled();
  client.send(request('CHECK', {}, 'c'));
  await settled();
  later.settle('a');
  const answers = await client.rest();
  assert.deepEqual(
    answers.map((answer) => answer.body),
    ['a', ''],
  );
  assert.equal(wordOf(answers[1]), '76 http');
  assert.equal(later.count, 0);
});

test('what breaks the framing is answered behind answers with an Id, too [PNP-2.4]', async () => {
  const later = new Later();
  const client = new WireHarness(later.serve).connect();
  client.send(`${request('CHECK', { Id: 'x' }, 'a')}${request('CHECK', { Id: 'y' }, 'b')}BROKEN\r\n\r\n`);
  await settled();
  later.settle('b');
  await settled();
  later.settle('a');
  const answers = await client.rest();
  assert.deepEqual(
    answers.map((answer) => answer.body),
    ['b', 'a', ''],
  );
  assert.equal(wordOf(answers[2]), '76 bad-request-line');
});

for (const [word, bytes] of [
  ['64 unknown-verb', request('PROCESS', { Id: '7' })],
  ['64 repeated-header', `CHECK PNP/1.0\r\nId: 7\r\nTo: a\r\nTo: b\r\nContent-Length: 0\r\n\r\n`],
  ['64 bad-deadline', request('CHECK', { Id: '7', Deadline: 'soon' })],
] as const) {
  test(`a sound frame with bad content is answered ${word}, and the connection stays open [PNP-2.4]`, async () => {
    const client = new WireHarness(echo).connect();
    const refusal = await client.send(bytes).answer();
    assert.equal(wordOf(refusal), word);
    assert.equal(headerOf(refusal, 'Id'), '7');
    assert.equal((await client.send(request('CHECK', {}, 'on')).answer()).body, 'on');
  });
}

test('refusals without Id keep their place among the answers', async () => {
  const client = new WireHarness(echo).connect();
  client.send(request('CHECK', {}, 'a') + request('NOVERB') + request('CHECK', {}, 'b'));
  assert.deepEqual(
    (await client.answers(3)).map((answer) => answer.body || wordOf(answer)),
    ['a', '64 unknown-verb', 'b'],
  );
});

test('SKIP has no answer, with or without Id, and frees its Id', async () => {
  const client = new WireHarness((asked) => (asked.verb === 'SKIP' ? undefined : echo(asked))).connect();
  client.send(request('SKIP') + request('SKIP', { Id: '1' }));
  await settled();
  client.send(request('SKIP', { Id: '1' }) + request('CHECK', {}, 'a')).finish();
  assert.deepEqual(
    (await client.rest()).map((answer) => answer.body),
    ['a'],
  );
});

test('a RequestError is answered as it says, thrown or rejected', async () => {
  const error = new RequestError('EX_DATAERR', 'bad-xml', 'Send a stanza');
  const client = new WireHarness((asked) => {
    if (asked.verb === 'CHECK') throw error;
    return Promise.reject(error);
  }).connect();
  client.send(request('CHECK', { Id: '1' }) + request('TELL', { Id: '2' }) + request('CHECK', { Id: '3' }));
  for (const answer of await client.answers(3))
    assert.equal(headerOf(answer, 'Error'), 'bad-xml ; Send a stanza');
});

test('any other failure is 70, told to the log and not to the client', async () => {
  const harness = new WireHarness((asked) => {
    if (asked.verb === 'CHECK') throw new TypeError('secret');
    return Promise.reject(new TypeError('secret'));
  });
  const client = harness.connect();
  client.send(request('CHECK') + request('TELL'));
  for (const answer of await client.answers(2)) {
    assert.equal(wordOf(answer), '70 internal');
    assert.doesNotMatch(JSON.stringify(answer), /secret/);
  }
  assert.equal(harness.failures.length, 2);
});

test('a verb beyond the rights of the listener is 77 and is not served [PNP-4]', async () => {
  let served = 0;
  const client = new WireHarness((asked) => {
    served += 1;
    return echo(asked);
  }).connect(['check']);
  client.send(request('TELL') + request('STATS') + request('CHECK') + request('PING'));
  const answers = await client.answers(4);
  assert.deepEqual(answers.map(wordOf), ['77 no-right', '77 no-right', '0 undefined', '0 undefined']);
  assert.equal(served, 2);
});

test('every answer is counted with its verb and status', async () => {
  const harness = new WireHarness(echo);
  const client = harness.connect(['check']);
  client.send(`${request('CHECK')}${request('TELL')}${request('NOVERB')}oops\r\n`);
  await client.rest();
  assert.deepEqual(harness.answered, [
    [undefined, 'EX_USAGE'],
    [undefined, 'EX_PROTOCOL'],
    ['CHECK', 'EX_OK'],
    ['TELL', 'EX_NOPERM'],
  ]);
});

test('half-close: all answers are delivered, then the stream ends [PNP-2.1]', async () => {
  const later = new Later();
  const client = new WireHarness((asked) =>
    asked.verb === 'TELL' ? later.serve(asked) : echo(asked),
  ).connect();
  client.finish(request('TELL', {}, 'slow') + request('CHECK', {}, 'x').repeat(300));
  await settled();
  later.settle('slow');
  const answers = await client.rest();
  assert.equal(answers.length, 301);
  assert.equal(answers[0]?.body, 'slow');
});

test('half-close amid a request is answered behind the others as truncated', async () => {
  const client = new WireHarness(echo).connect();
  client.finish(request('CHECK', {}, 'x').repeat(2).slice(0, -1));
  assert.deepEqual(
    (await client.rest()).map((answer) => answer.body || wordOf(answer)),
    ['x', '76 truncated'],
  );
});

test('half-close without a request ends the stream without a word', async () => {
  assert.deepEqual(await new WireHarness(echo).connect().finish().rest(), []);
});

test('a connection that is gone leaves nothing behind', async () => {
  const later = new Later();
  const harness = new WireHarness(later.serve);
  const client = harness.connect();
  client.send(request('CHECK', {}, 'a').repeat(50));
  await settled();
  client.send(request('CHECK', {}, 'b').repeat(50));
  client.far?.destroy();
  await settled();
  later.settle('a');
  await settled();
  assert.equal(harness.server.connections, 0);
  assert.equal(harness.server.queued, 0);
});
