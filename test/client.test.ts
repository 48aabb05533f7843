import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, describe, it } from 'node:test';
import { PnpClient, type PnpClientOptions, PnpError, type PnpErrorCode } from '../clients/node/pnp-client.ts';
import { type Frame, Framer } from '../src/pnp/framer.ts';
import { until } from './until.ts';

const DIR = mkdtempSync(join(tmpdir(), 'pv-client-'));
after(() => rmSync(DIR, { recursive: true }));

const LIMITS = { head_bytes_max: 16_384, headers_max: 64, body_bytes_max: 1_048_576 };
const VERDICT = 'Spam: False ; -1.0 / 5.0\r\nVerdict: ham\r\nAction: deliver\r\n';

/** A request as the peer saw it. */
interface Seen {
  readonly id: string;
  readonly head: string;
  readonly body: string;
  readonly socket: Socket;
}

/** The other end: a server whose every answer the test writes itself. */
class Peer {
  readonly path = join(DIR, `${Math.random()}.sock`);
  readonly sockets: Socket[] = [];
  readonly seen: Seen[] = [];
  /** Chunks that came. */
  reads = 0;
  onEnd = (socket: Socket): unknown => socket.end();
  #server: Server | undefined;
  readonly #onRequest: (request: Seen) => void;

  constructor(onRequest: (request: Seen) => void) {
    this.#onRequest = onRequest;
  }

  async listen(): Promise<this> {
    this.#server = createServer({ allowHalfOpen: true }, (socket) => {
      const framer = new Framer(LIMITS);
      this.sockets.push(socket);
      socket.on('error', () => socket.destroy());
      socket.on('end', () => this.onEnd(socket));
      socket.on('data', (chunk) => {
        this.reads += 1;
        framer.push(chunk);
        for (let frame = framer.next(); frame !== undefined; frame = framer.next()) this.#take(frame, socket);
      });
    });
    this.#server.listen(this.path);
    await once(this.#server, 'listening');
    return this;
  }

  #take({ head, body }: Frame, socket: Socket): void {
    const request = { id: /^Id: (\S+)/m.exec(head)?.[1] ?? '', head, body: `${body}`, socket };
    this.seen.push(request);
    this.#onRequest(request);
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.#server?.close();
    if (this.#server?.listening) await once(this.#server, 'close');
  }
}

function answer({ socket, id }: Seen, lines = VERDICT, status = '0 EX_OK'): void {
  socket.write(`PNP/1.0 ${status}\r\nId: ${id}\r\n${lines}Content-Length: 0\r\n\r\n`);
}

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});

async function startPeer(onRequest: (request: Seen) => void = answer): Promise<Peer> {
  const peer = await new Peer(onRequest).listen();
  open.push(peer);
  return peer;
}

function clientOf(path: string, options: Partial<PnpClientOptions> = {}): PnpClient {
  const client = new PnpClient({ path, random: () => 0, ...options } as PnpClientOptions);
  open.push(client);
  return client;
}

function failsWith(code: PnpErrorCode) {
  return (error: unknown) =>
    error instanceof PnpError && error.code === code && /^[^\n]+[.?]$/.test(error.message);
}

describe('PnpClient', () => {
  it('gives every call its own answer, whatever their order', async () => {
    const held: Seen[] = [];
    const peer = await startPeer((request) => {
      held.push(request);
      if (held.length === 3)
        for (const one of held.toReversed()) answer(one, `Error: ${one.body}\r\n`, '65 EX_DATAERR');
    });
    const client = clientOf(peer.path);
    const answers = await Promise.all(['a', 'b', 'c'].map((body) => client.call('CHECK', {}, body)));
    assert.deepEqual(
      answers.map(({ status, headers }) => [status, headers.get('error')]),
      [
        [65, 'a'],
        [65, 'b'],
        [65, 'c'],
      ],
    );
  });

  it('writes all calls of one turn at once, bodies of bytes among them', async () => {
    const peer = await startPeer();
    const client = clientOf(peer.path);
    await client.ping();
    const before = peer.reads;
    const bodies = Array.from({ length: 40 }, (_, index) =>
      index % 2 ? `text ${index}` : Buffer.from(`bytes ${index}`),
    );
    await Promise.all(bodies.map((body) => client.call('CHECK', {}, body)));
    assert.equal(peer.reads - before, 1);
    assert.deepEqual(
      peer.seen.slice(1).map(({ body }) => body),
      bodies.map(String),
    );
  });

  it('keeps to the number of requests in flight', async () => {
    const held: Seen[] = [];
    const peer = await startPeer((request) => held.push(request));
    const client = clientOf(peer.path, { inFlightMax: 2 });
    const calls = Array.from({ length: 5 }, () => client.call('PING'));
    let answered = 0;
    while (answered < 5) {
      await until(() => held.length > 0);
      assert.ok(peer.seen.length - answered <= 2, 'more than two in flight');
      answer(held.shift() as Seen);
      answered += 1;
    }
    await Promise.all(calls);
  });

  it('rejects one call more than may wait', async () => {
    const peer = await startPeer(() => undefined);
    const client = clientOf(peer.path, { queueMax: 3 });
    const waiting = [1, 2, 3].map(() => client.ping());
    await assert.rejects(client.ping(), failsWith('queue-full'));
    client.close();
    for (const call of waiting) await assert.rejects(call, failsWith('closed'));
  });

  it('lets a call that was aborted make room in the queue', async () => {
    const peer = await startPeer();
    const client = clientOf(peer.path, { queueMax: 1 });
    const abort = new AbortController();
    const first = client.ping({ signal: abort.signal });
    abort.abort();
    await assert.rejects(first, failsWith('aborted'));
    await client.ping();
    assert.equal(peer.seen.length, 1, 'the aborted call was sent');
  });

  it('sends what is left of the deadline, and gives up by itself after it', async () => {
    const held: Seen[] = [];
    const peer = await startPeer((request) =>
      /PING/.test(request.head) ? answer(request) : held.push(request),
    );
    const client = clientOf(peer.path);
    const start = performance.now();
    await assert.rejects(client.check('<message/>', {}, { deadlineMs: 40 }), failsWith('timeout'));
    assert.ok(performance.now() - start >= 40);
    const sent = Number(/^Deadline: (\d+)\r$/m.exec(held[0]?.head ?? '')?.[1]);
    assert.ok(sent >= 1 && sent <= 40, `Deadline: ${sent}`);
    answer(held[0] as Seen);
    await client.ping();
    assert.equal(peer.sockets.length, 1, 'the late answer broke the connection');
  });

  it('gives a call without a deadline the time of the client', async () => {
    const peer = await startPeer(() => undefined);
    await assert.rejects(clientOf(peer.path, { timeoutMs: 30 }).ping(), failsWith('timeout'));
    assert.doesNotMatch(peer.seen[0]?.head ?? '', /Deadline/);
  });

  it('gives up a call when its signal says so, and drops its answer', async () => {
    const peer = await startPeer(() => undefined);
    const client = clientOf(peer.path);
    const abort = new AbortController();
    const first = client.ping({ signal: abort.signal });
    await until(() => peer.seen.length === 1);
    abort.abort();
    await assert.rejects(first, failsWith('aborted'));
    await assert.rejects(client.ping({ signal: AbortSignal.abort() }), failsWith('aborted'));
    answer(peer.seen[0] as Seen);
    const second = client.ping();
    await until(() => peer.seen.length === 2);
    answer(peer.seen[1] as Seen);
    await second;
    assert.equal(peer.sockets.length, 1);
  });

  it('rejects what is in flight when the connection is lost, and connects again for the next call', async () => {
    const peer = await startPeer((request) =>
      /SKIPPY/.test(request.body) ? request.socket.destroy() : answer(request),
    );
    const client = clientOf(peer.path);
    const calls = [client.call('CHECK', {}, 'SKIPPY'), client.call('CHECK', {}, 'SKIPPY')];
    for (const call of calls) await assert.rejects(call, failsWith('disconnected'));
    await client.ping();
    assert.equal(peer.sockets.length, 2);
  });

  it('rejects calls when the daemon closes amid an answer', async () => {
    const peer = await startPeer(({ socket }) => socket.end('PNP/1.0 0 EX_OK\r\nId: 1\r\nContent-Le'));
    await assert.rejects(clientOf(peer.path).ping(), failsWith('disconnected'));
  });

  it('takes the close of an idle connection as no failure', async () => {
    const peer = await startPeer();
    const client = clientOf(peer.path, { random: () => 1, timeoutMs: 5_000 });
    await client.ping();
    const waits: number[] = [];
    // The fastest of some, since a busy machine may be as slow as the back-off.
    for (let round = 0; round < 5; round += 1) {
      peer.sockets[round]?.destroy();
      // The client sees the end one turn of the loop after the peer has closed.
      await until(() => peer.sockets[round]?.closed === true);
      for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      const start = performance.now();
      await client.ping();
      waits.push(performance.now() - start);
    }
    assert.ok(Math.min(...waits) < 45, 'it kept away for the back-off');
  });

  const GARBAGE = [
    ['noise', '\x00\x01\x02\x03 nonsense \r\n\r\n'],
    ['HTTP', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
    ['an answer to nobody', 'PNP/1.0 0 EX_OK\r\nId: zzz\r\nContent-Length: 0\r\n\r\n'],
    [
      'an answer without an id',
      'PNP/1.0 76 EX_PROTOCOL\r\nError: bad-head ; No\r\nContent-Length: 0\r\n\r\n',
    ],
    ['a head without an end', 'PNP/1.0 0 EX_OK\r\nA: '.padEnd(70_000, 'x')],
  ] as const;
  for (const [name, text] of GARBAGE) {
    it(`rejects all calls of a connection that brings ${name}, and lets it go`, async () => {
      const peer = await startPeer(({ socket }) => socket.write(text));
      const client = clientOf(peer.path);
      const calls = [client.ping(), client.ping()];
      for (const call of calls) await assert.rejects(call, failsWith('protocol'));
      await until(() => peer.sockets[0]?.destroyed === true);
    });
  }

  it('rejects a second answer to the same call', async () => {
    const peer = await startPeer((request) => {
      answer(request);
      answer(request);
    });
    const client = clientOf(peer.path);
    await client.ping();
    await until(() => peer.sockets[0]?.destroyed === true);
  });

  it('gives a silent connection up after some calls have run out of time', async () => {
    const peer = await startPeer(() => undefined);
    const client = clientOf(peer.path, { timeoutMs: 20 });
    await Promise.all(Array.from({ length: 8 }, () => assert.rejects(client.ping())));
    await until(() => peer.sockets[0]?.destroyed === true);
  });

  it('says at once that there is no daemon, and stays away for its back-off', async () => {
    const path = join(DIR, 'nobody.sock');
    const client = clientOf(path, { random: () => 1, timeoutMs: 40 });
    await assert.rejects(client.ping(), failsWith('unreachable'));
    // The back-off (50 ms) is longer than the call may take: no attempt is made.
    const start = performance.now();
    await assert.rejects(client.ping(), failsWith('unreachable'));
    assert.ok(performance.now() - start < 20);
  });

  it('waits out the back-off where the call has the time, and finds the daemon that came meanwhile', async () => {
    const peer = new Peer(answer);
    open.push(peer);
    const client = clientOf(peer.path, { timeoutMs: 5_000 });
    await assert.rejects(client.ping(), failsWith('unreachable'));
    const second = client.ping();
    await peer.listen();
    await second;
  });

  it('opens as many connections as it may', async () => {
    const held: Seen[] = [];
    const peer = await startPeer((request) => {
      held.push(request);
      if (held.length === 3) for (const one of held) answer(one);
    });
    const client = clientOf(peer.path, { connections: 3 });
    await Promise.all([client.ping(), client.ping(), client.ping()]);
    assert.equal(peer.sockets.length, 3);
  });

  it('ends when everything is answered', async () => {
    let ended = false;
    let answered = 0;
    const peer = await startPeer((request) => {
      setTimeout(() => {
        answer(request);
        answered += 1;
        if (answered === 9) request.socket.end();
      }, 5);
    });
    peer.onEnd = () => {
      ended = true;
    };
    const client = clientOf(peer.path, { inFlightMax: 2 });
    const calls = Array.from({ length: 9 }, () => client.ping());
    await Promise.all([...calls, client.end()]);
    assert.equal(ended, true, 'the client has not half-closed');
    await assert.rejects(client.ping(), failsWith('closed'));
  });

  it('ends although the daemon never answers', async () => {
    const peer = await startPeer(() => undefined);
    const client = clientOf(peer.path, { timeoutMs: 30 });
    const call = assert.rejects(client.ping());
    await client.end();
    await call;
  });

  it('ends at once where it has never connected', () => clientOf(join(DIR, 'none')).end());

  it('gets everything through to a daemon that reads slowly', async () => {
    const peer = await startPeer();
    const client = clientOf(peer.path, { timeoutMs: 10_000 });
    await client.ping();
    peer.sockets[0]?.pause();
    const calls = Array.from({ length: 30 }, () => client.call('CHECK', {}, 'x'.repeat(200_000)));
    setTimeout(() => peer.sockets[0]?.resume(), 20);
    await Promise.all(calls);
    assert.equal(peer.seen.length, 31);
  });

  it('does not send a body that would cost the connection', async () => {
    const peer = await startPeer();
    const client = clientOf(peer.path, { requestBytesMax: 5 });
    const calls = [client.call('CHECK', {}, '12345'), client.call('CHECK', {}, 'zwölf')];
    await assert.rejects(calls[1] as Promise<unknown>, failsWith('bad-request'));
    assert.equal((await calls[0])?.status, 0);
    assert.equal(peer.seen.length, 1);
  });

  it('has no call for SKIP, since nobody answers it', async () => {
    await assert.rejects(clientOf(join(DIR, 'none')).call('SKIP'), failsWith('bad-request'));
  });
});

describe('checkOrDeliver', () => {
  const FAILURES: readonly (readonly [name: string, onRequest: (request: Seen) => void])[] = [
    ['the daemon hangs', () => undefined],
    ['the daemon closes', ({ socket }) => socket.destroy()],
    ['the daemon talks nonsense', ({ socket }) => socket.write('nonsense\r\n\r\n')],
    ['the daemon is busy', (request) => answer(request, 'Error: queue-full ; Later\r\n', '75 EX_TEMPFAIL')],
    ['the answer holds no verdict', (request) => answer(request, '')],
  ];
  for (const [name, onRequest] of FAILURES) {
    it(`delivers where ${name}`, async () => {
      const peer = await startPeer(onRequest);
      const decision = await clientOf(peer.path, { timeoutMs: 50 }).checkOrDeliver('<message/>');
      assert.equal(decision.action, 'deliver');
      assert.equal(decision.failedOpen, true);
      assert.match(decision.reason, /\S/);
    });
  }

  it('delivers where there is no daemon', async () => {
    const decision = await clientOf(join(DIR, 'none')).checkOrDeliver('<message/>');
    assert.deepEqual([decision.action, decision.failedOpen], ['deliver', true]);
  });

  it('delivers what cannot be asked about', async () => {
    const decision = await clientOf(join(DIR, 'none')).checkOrDeliver('<message/>', { from: 'a\r\nTo: b' });
    assert.deepEqual([decision.action, decision.failedOpen], ['deliver', true]);
  });

  it('does as the verdict says', async () => {
    const lines = 'Spam: True ; 9.0 / 5.0\r\nVerdict: spam\r\nAction: junk\r\n';
    const peer = await startPeer((request) => answer(request, lines));
    const decision = await clientOf(peer.path).checkOrDeliver('<message/>');
    assert.deepEqual([decision.action, decision.failedOpen], ['junk', false]);
  });
});
