import assert from 'node:assert/strict';
import { duplexPair } from 'node:stream';
import { it, type TestContext } from 'node:test';
import pino from 'pino';
import { createAttendants, type DaemonContext } from '../src/attendant.ts';
import { Metrics } from '../src/metrics/metrics.ts';
import type { Pipeline } from '../src/pipeline/pipeline.ts';
import { Server } from '../src/server/server.ts';
import { chat } from './stanzas.ts';
import { doorFor, request, settled, TEST_LIMITS, WireClient } from './wire-harness.ts';

const PEER = doorFor(['check', 'learn']).admit('memory', 'memory');
const SLOW_MS = 60;

/** A pipeline that throws at the text `fail`, and takes its time with every other. */
const PIPELINE = {
  judge: ({ texts }: { texts: readonly { text: string }[] }) => {
    if (texts[0]?.text === 'fail') throw new Error('a mistake in the program');
    const until = performance.now() + SLOW_MS;
    while (performance.now() < until);
    const numbers = { total: 0, threshold: 5, probability: 0.5 };
    return { verdict: { verdict: 'unsure', action: 'deliver', ...numbers, opinions: [] } };
  },
} as unknown as Pipeline;

function serverWithLog(t: TestContext) {
  const lines: Record<string, unknown>[] = [];
  const log = pino({ level: 'debug', base: null }, { write: (line: string) => lines.push(JSON.parse(line)) });
  const context = { pipeline: PIPELINE, metrics: new Metrics(), now: Date.now } as unknown as DaemonContext;
  const events = {
    opened: createAttendants(context, log),
    answered: () => undefined,
    acceptFailed: (error: Error) => assert.fail(error),
    handshakeFailed: (_listener: string, error: Error) => assert.fail(error),
  };
  const server = new Server({ limits: TEST_LIMITS, events });
  t.after(() => server.drain(0));
  const connect = () => {
    const [near, far] = duplexPair();
    server.accept(far, PEER);
    return new WireClient(near, far);
  };
  return { lines, connect };
}

it("numbers connections, and names the number in all that is logged of a connection's life", async (t) => {
  const { lines, connect } = serverWithLog(t);
  const [first, second] = [connect(), connect()];
  assert.equal((await second.send(request('CHECK', {}, chat('fail'))).answer()).status, 70);
  assert.equal((await first.send(request('CHECK', {}, chat('slow'))).answer()).status, 0);
  first.finish();
  await first.rest();
  await settled();
  assert.deepEqual(
    lines.map(({ msg, conn, level }) => [msg, conn, level]),
    [
      ['connection opened', 1, 20],
      ['connection opened', 2, 20],
      ['a request failed', 2, 50],
      ['slow verdict', 1, 40],
      ['connection closed', 1, 20],
    ],
  );
  assert.equal(lines[0]?.['listener'], 'memory');
  assert.equal(lines[2]?.['verb'], 'CHECK');
  assert.ok(Number(lines[3]?.['milliseconds']) >= SLOW_MS);
});
