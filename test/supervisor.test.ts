import assert from 'node:assert/strict';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { StartError } from '../src/errors.ts';
import { InheritedSockets } from '../src/supervisor/inherited-sockets.ts';
import { listeningPlaces, placeOf } from '../src/supervisor/socket-table.ts';
import { counted, statusSource } from '../src/supervisor/status.ts';
import { takeVariables } from '../src/supervisor/variables.ts';
import { directoryFor } from './socket-harness.ts';

const PID = 4711;

/** A sentence that names what is wrong and says what to do. */
function startError(...words: readonly RegExp[]) {
  return (error: unknown) => {
    assert.ok(error instanceof StartError, String(error));
    for (const word of words) assert.match(error.message, word);
    return true;
  };
}

describe('the variables of a supervisor', () => {
  it('are read and removed, and nothing else is', () => {
    const env = {
      NOTIFY_SOCKET: '/run/systemd/notify',
      WATCHDOG_USEC: '30000000',
      WATCHDOG_PID: `${PID}`,
      LISTEN_FDS: '2',
      LISTEN_PID: `${PID}`,
      LISTEN_FDNAMES: 'providence.socket:admin',
      PATH: '/bin',
    };
    assert.deepEqual(takeVariables(env, PID), {
      notifySocket: '/run/systemd/notify',
      watchdogMs: 30_000,
      descriptors: [
        { fd: 3, name: 'providence.socket' },
        { fd: 4, name: 'admin' },
      ],
    });
    assert.deepEqual(env, { PATH: '/bin' });
  });

  const nothing = { notifySocket: undefined, watchdogMs: undefined, descriptors: [] };
  const rows: readonly [string, NodeJS.ProcessEnv, object][] = [
    ['none of them is no supervisor', {}, {}],
    ['an empty socket is none', { NOTIFY_SOCKET: '' }, {}],
    ['a watchdog without a process id is ours', { WATCHDOG_USEC: '500' }, { watchdogMs: 0.5 }],
    ['the watchdog of another process is not', { WATCHDOG_USEC: '500', WATCHDOG_PID: '1' }, {}],
    ['a watchdog of no time is none', { WATCHDOG_USEC: '0' }, {}],
    ['a watchdog of nonsense is none', { WATCHDOG_USEC: '1e3' }, {}],
    ['descriptors of another process are not ours', { LISTEN_FDS: '1', LISTEN_PID: '1' }, {}],
    ['descriptors of nobody are not ours', { LISTEN_FDS: '1' }, {}],
    [
      'descriptors need no names',
      { LISTEN_FDS: '1', LISTEN_PID: `${PID}` },
      { descriptors: [{ fd: 3, name: '' }] },
    ],
  ];
  for (const [name, env, expected] of rows) {
    it(name, () => {
      assert.deepEqual(takeVariables(env, PID), { ...nothing, ...expected });
      assert.deepEqual(env, {});
    });
  }

  it('a number of descriptors that cannot be is refused', () => {
    for (const count of ['33', '-1', 'two', '0x1', '9'.repeat(400)]) {
      const env = { LISTEN_FDS: count, LISTEN_PID: `${PID}` };
      assert.throws(() => takeVariables(env, PID), startError(/LISTEN_FDS/, /up to 32/, /unset LISTEN_PID/));
    }
    assert.equal(takeVariables({ LISTEN_FDS: '32', LISTEN_PID: `${PID}` }, PID).descriptors.length, 32);
  });
});

/** A listening socket of this process, with its descriptor: as good as inherited. */
async function listening(t: TestContext, place: string | { host: string }) {
  const server = createServer();
  if (typeof place === 'string') server.listen(place);
  else server.listen(0, place.host);
  await once(server, 'listening');
  t.after(() => server.close());
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  return { fd: (server as unknown as { _handle: { fd: number } })._handle.fd, port };
}

describe('inherited sockets', () => {
  it('are found where they are bound: Unix, IPv4, IPv6', async (t) => {
    const path = join(directoryFor(t), 'p q.sock');
    const [unix, four, six] = [
      await listening(t, path),
      await listening(t, { host: '127.0.0.1' }),
      await listening(t, { host: '::1' }),
    ];
    const sockets = new InheritedSockets([unix, four, six].map(({ fd }) => ({ fd, name: '' })));
    assert.equal(sockets.takeUnix(path), unix.fd);
    assert.equal(sockets.takeTCP('127.0.0.1', four.port), four.fd);
    assert.equal(sockets.takeTCP('0:0:0:0:0:0:0:1', six.port), six.fd);
    sockets.refuseRest();
    assert.equal(sockets.takeUnix(path), undefined);
  });

  it('are taken at their own place alone', async (t) => {
    const directory = directoryFor(t);
    const unix = await listening(t, join(directory, 'p.sock'));
    const sockets = new InheritedSockets([{ fd: unix.fd, name: 'providence.socket' }]);
    assert.equal(sockets.takeUnix(join(directory, 'other.sock')), undefined);
    assert.equal(sockets.takeTCP('127.0.0.1', 7711), undefined);
    assert.throws(
      () => sockets.refuseRest(),
      startError(/\(providence\.socket\)/, /p\.sock/, /Add it to listen\.unix/),
    );
  });

  it('what does not listen is refused', async (t) => {
    const file = openSync(join(directoryFor(t), 'file'), 'w');
    for (const fd of [file, 999]) {
      assert.throws(() => new InheritedSockets([{ fd, name: 'x' }]), startError(/\(x\)/, /Accept=no/));
    }
  });

  it('an address has one spelling', () => {
    assert.equal(placeOf('::ffff:127.0.0.1', 1), '[::ffff:127.0.0.1]:1');
    assert.equal(placeOf('0:0::1', 7711), '[::1]:7711');
    assert.equal(placeOf('127.0.0.1', 7711), '127.0.0.1:7711');
  });

  it('a socket that is closed is in no table', async (t) => {
    const path = join(directoryFor(t), 'p.sock');
    const server = createServer().listen(path);
    await once(server, 'listening');
    assert.ok([...listeningPlaces().values()].includes(path));
    server.close();
    await once(server, 'close');
    assert.ok(![...listeningPlaces().values()].includes(path));
  });
});

describe('the status', () => {
  it('is one sentence: where, how much, how fast', () => {
    let at = 0;
    const readings = { lessons: 53_000, verdicts: 100, degraded: false };
    const status = statusSource(
      '2 Unix sockets and 1 port',
      () => readings,
      () => at,
    );
    at = 10_000;
    readings.verdicts = 12_445;
    assert.equal(status(), 'Serving on 2 Unix sockets and 1 port; 53,000 lessons; 1,200 verdicts/s');
    at = 20_000;
    readings.lessons = 1;
    assert.equal(status(), 'Serving on 2 Unix sockets and 1 port; 1 lesson; 0 verdicts/s');
    assert.equal(status(), 'Serving on 2 Unix sockets and 1 port; 1 lesson; 0 verdicts/s');
  });

  it('begins with what is wrong', () => {
    const status = statusSource(
      '1 port',
      () => ({ lessons: 0, verdicts: 0, degraded: true }),
      () => 0,
    );
    assert.match(status(), /^The store cannot write, nothing is learnt\. Serving on 1 port; 0 lessons/);
  });

  it('counts in words', () => {
    assert.deepEqual(
      [counted(0, 'port'), counted(1, 'port'), counted(1_234_567, 'port')],
      ['0 ports', '1 port', '1,234,567 ports'],
    );
  });
});
