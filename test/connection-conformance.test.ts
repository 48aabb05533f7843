import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RequestError } from '../src/errors.ts';
import { Framer } from '../src/pnp/framer.ts';
import type { StatusName } from '../src/pnp/grammar.ts';
import type { Request } from '../src/pnp/request.ts';
import type { AnswerHeaders, Response } from '../src/pnp/response.ts';
import {
  type Answer,
  compareAnswers,
  encodeCall,
  readAnswers,
  readConformance,
  runFile,
} from './conformance-runner.ts';
import { TEST_LIMITS, WireHarness } from './wire-harness.ts';

/** The wire alone against the conformance files: verbs are played from the files themselves. */
const FILES = readConformance();

test('there are conformance files, and no Id is in two of them', () => {
  assert.ok(FILES.length >= 35);
  const ids = FILES.flatMap(({ name, exchanges }) =>
    [
      ...new Set(
        exchanges
          .flatMap(({ call }) => call?.headers ?? [])
          .filter(([header]) => header === 'Id')
          .map(([, id]) => id),
      ),
    ].map((id) => `${id} ${name}`),
  );
  assert.equal(new Set(ids.map((id) => id.split(' ')[0])).size, ids.length);
});

for (const file of FILES) {
  test(`${file.name}: the calls are the C: bytes, the S: bytes are the answers`, () => {
    const calls = file.exchanges.map(({ call }) => call);
    let at = 0;
    for (const call of calls) {
      const bytes = call === null ? '' : encodeCall(call);
      assert.equal(file.sent.toString('utf8', at, at + Buffer.byteLength(bytes)), bytes);
      at += Buffer.byteLength(bytes);
    }
    if (!calls.includes(null)) assert.equal(at, file.sent.length);
    const key = (answer: Answer | null) => JSON.stringify(answer);
    assert.deepEqual(
      readAnswers(file.received).map(key).sort(),
      file.exchanges
        .map(({ answer }) => answer)
        .filter((answer) => answer !== null)
        .map(key)
        .sort(),
    );
  });
}

/** Plays the answers of a file; the words of the wire itself are not played. */
function player(file: (typeof FILES)[number]): (request: Request) => Response | undefined {
  const due = [...file.exchanges];
  return ({ verb, id }) => {
    const index = due.findIndex(
      ({ call, answer }) => (call === null || call.verb === verb) && (answer === null || idOf(answer) === id),
    );
    const [exchange] = due.splice(index, 1);
    const answer = exchange?.answer ?? undefined;
    if (answer === undefined) return undefined;
    const headers = answer.headers.filter(([name]) => name !== 'Id');
    return {
      status: answer.name as StatusName,
      headers: Object.fromEntries(headers) as AnswerHeaders,
      body: answer.body,
      closes: file.closes && exchange === file.exchanges.at(-1),
    };
  };
}

function idOf(answer: Answer): string | undefined {
  return answer.headers.find(([name]) => name === 'Id')?.[1];
}

const RIGHTS = {
  unix: ['check', 'learn', 'users'],
  admin: ['check', 'learn', 'users', 'admin'],
  tcp: ['check'],
} as const;

for (const [how, step] of [
  ['whole', 1_000_000],
  ['byte by byte', 1],
  ['in threes', 3],
] as const) {
  test(`every file runs ${how} over the wire`, async () => {
    for (const file of FILES.filter(({ atOnce }) => !atOnce || step > 3)) {
      const harness = new WireHarness(player(file));
      // What AUTH gives is played from the file, too, and the connection has it from the start.
      const proves = file.exchanges.some(({ call }) => call?.verb === 'AUTH');
      const { stream } = harness.connect(proves ? RIGHTS.admin : RIGHTS[file.listener]);
      await runFile(file, stream, step).catch((error: unknown) => {
        throw new Error(`${file.name} ${how}`, { cause: error });
      });
    }
  });
}

/** What a framer finds in the bytes: how many requests that are answered, and whether something is wrong behind them. */
function requestsIn(bytes: Buffer): number {
  const framer = new Framer(TEST_LIMITS);
  framer.push(Buffer.from(bytes));
  let count = 0;
  try {
    for (let frame = framer.next(); frame !== undefined; frame = framer.next()) {
      if (!frame.head.startsWith('SKIP ')) count += 1;
    }
  } catch (error) {
    assert.ok(error instanceof RequestError);
    return count + 1;
  }
  return count + (framer.partial ? 1 : 0);
}

/** Every length from nothing to all but one; of very long requests the ends, and every 97th between. */
function truncations(length: number): number[] {
  const all = Array.from({ length }, (_, end) => end);
  return length < 3_000 ? all : all.filter((end) => end < 300 || end > length - 300 || end % 97 === 0);
}

test('every truncation of every conformance request is answered, and the stream ends', async () => {
  for (const file of FILES) {
    const harness = new WireHarness(({ verb }) => (verb === 'SKIP' ? undefined : { status: 'EX_OK' }));
    await Promise.all(
      truncations(file.sent.length).map(async (end) => {
        const bytes = file.sent.subarray(0, end);
        const client = harness.connect();
        client.stream.end(bytes);
        const answers = await client.rest();
        assert.equal(answers.length, requestsIn(bytes), `${file.name} cut at ${end}`);
      }),
    );
    assert.equal(harness.server.connections, 0);
    assert.deepEqual(harness.failures, []);
  }
});

test('an answer that differs from its file is seen', () => {
  const [exchange] = FILES.find(({ name }) => name === 'check')?.exchanges ?? [];
  assert.ok(exchange?.answer);
  const { answer } = exchange;
  compareAnswers([answer], [exchange]);
  const changed: readonly Partial<Answer>[] = [
    { status: 64 },
    { name: 'EX_USAGE' },
    { headers: answer.headers.slice(1) },
    { headers: answer.headers.slice(0, -1) },
    { headers: answer.headers.map(([name, value]) => [name, name === 'Trace' ? 'short' : value]) },
    { headers: answer.headers.map(([name, value]) => [name, name === 'Id' ? `${value}x` : value]) },
    { body: 'x' },
  ];
  for (const change of changed) assert.throws(() => compareAnswers([{ ...answer, ...change }], [exchange]));
  assert.throws(() => compareAnswers([], [exchange]));
  assert.throws(() => compareAnswers([answer, answer], [exchange]));
});
