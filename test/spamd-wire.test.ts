import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Request } from '../src/pnp/request.ts';
import type { Response } from '../src/pnp/response.ts';
import { spamc } from './spamd-exchange.ts';
import { request, settled, type WireClient, WireHarness } from './wire-harness.ts';

const CLEAN = 'SPAMD/1.1 0 EX_OK\r\nSpam: False ; 0.0 / 5.0\r\n\r\n';
const FAILED = 'SPAMD/1.0 76 Bad header line: ';

function ham(): Response {
  return { status: 'EX_OK', headers: { Spam: 'False ; 0.0 / 5.0' } };
}

/** All that the daemon says until it ends; undefined where it does not. */
async function said(client: WireClient): Promise<string | undefined> {
  let text = '';
  client.stream.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
  });
  await settled();
  return client.stream.readableEnded ? text : undefined;
}

const LIMITS = { head_bytes_max: 100, headers_max: 3, body_bytes_max: 50 };
const BEYOND: readonly (readonly [limit: string, bytes: string, sentence: string])[] = [
  ['a head', `CHECK SPAMC/1.5\r\nUser: ${'x'.repeat(200)}`, '(A head has at most 100 bytes)'],
  ['a request line', `CHECK SPAMC/1.${'5'.repeat(200)}`, '(A head has at most 100 bytes)'],
  ['many headers', `CHECK SPAMC/1.5\r\n${'A: b\r\n'.repeat(4)}\r\n`, '(too many headers)'],
  [
    'a body that is announced',
    'CHECK SPAMC/1.5\r\nContent-length: 51\r\n\r\n',
    '(A body has at most 50 bytes)',
  ],
  ['a body that is not', `CHECK SPAMC/1.5\r\n\r\n${'x'.repeat(51)}`, '(A body has at most 50 bytes)'],
];

for (const [limit, bytes, sentence] of BEYOND) {
  test(`${limit} beyond its limit is refused at once [PNP-10.5]`, async () => {
    const client = new WireHarness(ham, LIMITS).connect().send(bytes);
    assert.equal(await said(client), `${FAILED}${sentence}\r\n`);
  });
}

test('what just fits the limits is served', async () => {
  const client = new WireHarness(ham, LIMITS).connect();
  client.send(`CHECK SPAMC/1.5\r\n${'A: b\r\n'.repeat(3)}\r\n${'x'.repeat(50)}`);
  client.stream.end();
  assert.equal(await said(client), CLEAN);
});

test('a body whose end is not told is waited for, and then 79 [PNP-10.5]', async () => {
  const harness = new WireHarness(ham, { head_seconds_max: 30 });
  const client = harness.connect().send('CHECK SPAMC/1.5\r\n\r\nhello');
  assert.equal(await said(client), undefined);
  harness.pass(29_000);
  assert.equal(await said(client), undefined);
  harness.pass(2_000);
  await settled();
  assert.equal(client.stream.readableEnded, true);
  assert.deepEqual(harness.answered, [[undefined, 'EX_TIMEOUT']]);
});

test('a slow request is told so as spamd does', async () => {
  const harness = new WireHarness(ham, { head_seconds_max: 30 });
  const client = harness.connect().send('CHECK SPAMC/1.5\r\n');
  await settled();
  harness.pass(31_000);
  assert.equal(await said(client), 'SPAMD/1.0 79 Timeout: A request comes whole within 30 s\r\n');
});

test('a full queue is 75', async () => {
  const harness = new WireHarness(ham, { queue_requests_max: 0 });
  const client = harness.connect().send(spamc('CHECK', 'x'));
  assert.match((await said(client)) ?? '', /^SPAMD\/1\.0 75 EX_TEMPFAIL: queue-full ; [^\r]+\r\n$/);
  assert.equal(harness.server.queued, 0);
});

test('a request that waited longer than shed_ms is served with overload', async () => {
  const seen: boolean[] = [];
  const harness = new WireHarness(
    (asked) => {
      seen.push(asked.overload);
      harness.clock += 200;
      return ham();
    },
    { shed_ms: 100 },
  );
  const clients = [1, 2].map(() => harness.connect().send(spamc('CHECK', 'x')));
  for (const client of clients) assert.equal(await said(client), CLEAN);
  assert.deepEqual(seen, [false, true]);
});

test('a right that is missing is 77, and the verb does not run', async () => {
  const harness = new WireHarness(() => assert.fail('served'));
  for (const verb of ['CHECK', 'SYMBOLS', 'REPORT', 'REPORT_IFSPAM', 'PROCESS', 'HEADERS', 'TELL']) {
    const client = harness.connect([]).send(spamc(verb, 'x'));
    assert.match((await said(client)) ?? '', /^SPAMD\/1\.0 77 EX_NOPERM: no-right ; /, verb);
  }
});

test('a verb that fails is 70, without a word of why', async () => {
  const harness = new WireHarness(() => {
    throw new Error('secret');
  });
  const client = harness.connect().send(spamc('CHECK', 'x'));
  assert.match(
    (await said(client)) ?? '',
    /^SPAMD\/1\.0 70 EX_SOFTWARE: internal ; The daemon failed[^\r]*\r\n$/,
  );
  assert.equal(harness.failures.length, 1);
});

test('a sentence cannot end the line', async () => {
  const client = new WireHarness(ham).connect().send('FOO SPAMC/1.5\x1b[2J\u2028\r\n\r\n');
  assert.equal(await said(client), `${FAILED}(header not in 'Name: value' format)\r\n`);
});

test('a stop drops a request that is not whole, and answers one that is', async () => {
  const held: (() => void)[] = [];
  const slow = (_: Request) => new Promise<Response>((resolve) => held.push(() => resolve(ham())));
  const harness = new WireHarness(slow);
  const [cut, whole] = [harness.connect(), harness.connect()] as const;
  cut.send('CHECK SPAMC/1.5\r\n\r\nhello');
  whole.send(spamc('CHECK', 'x'));
  await settled();
  const drained = harness.server.drain(1_000);
  assert.equal(await said(cut), '');
  held[0]?.();
  assert.equal(await said(whole), CLEAN);
  for (const client of [cut, whole]) client.stream.end();
  await drained;
});

test('behind a request of PNP, be it refused, no line begins the dialect [PNP-10.1]', async () => {
  const harness = new WireHarness(() => assert.fail('served'));
  const client = harness.connect().send(request('CHECK', { Id: '?' }) + spamc('CHECK', 'x'));
  assert.match(
    (await said(client)) ?? '',
    /^PNP\/1\.0 64 EX_USAGE\r\nError: bad-id ; [^\r]+\r\nContent-Length: 0\r\n\r\n$/,
  );
});
