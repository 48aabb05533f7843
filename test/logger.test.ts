import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, it, type TestContext } from 'node:test';
import { PnpClient } from '../clients/node/pnp-client.ts';
import { LogDestination, UNWRITTEN_MAX } from '../src/log-destination.ts';
import { type DaemonProcess, startDaemon } from './daemon-process.ts';

const STANZA = '<message from="a@b.example" type="chat"><body>hi</body></message>';
const CONFIG = 'log.level = "debug"';

/** Verdicts, each of which leaves lines in the log, and a clean end. */
async function judgesAndStops(daemon: DaemonProcess): Promise<void> {
  const client = new PnpClient({ path: daemon.unixPath, timeoutMs: 10_000 });
  for (let count = 0; count < 3; count += 1) assert.equal((await client.check(STANZA)).verdict, 'unsure');
  client.close();
  assert.equal(await daemon.stop(), 0);
}

describe('a log that cannot be written', () => {
  it('on a full disk, keeps nobody from being answered', async () => {
    const wrapper = ['sh', '-c', 'exec "$@" 2>/dev/full', 'sh'];
    await judgesAndStops(await startDaemon({ config: CONFIG, wrapper }));
  });

  it('to a pipe that is gone, keeps nobody from being answered', async () => {
    const daemon = await startDaemon({ config: CONFIG });
    daemon.child.stderr?.destroy();
    await judgesAndStops(daemon);
  });

  it('to a pipe that nobody reads, waits up to a bound, and says what was lost', async (t) => {
    const { reader, writer } = pipe(t);
    const log = new LogDestination(writer);
    const line = `${'x'.repeat(65_535)}\n`;
    const lines = UNWRITTEN_MAX / line.length;
    for (let count = 0; count < lines + 3; count += 1) log.write(line);
    const read = createInterface({ input: new Socket({ fd: reader, readable: true, writable: false }) });
    let whole = 0;
    for await (const text of read) {
      if (!text.startsWith('{')) {
        assert.equal(text.length, line.length - 1);
        whole += 1;
        continue;
      }
      const { level, lines: lost, msg } = JSON.parse(text);
      assert.deepEqual([level, lost, msg], [40, 3, 'lines of the log were lost']);
      break;
    }
    assert.equal(whole, lines);
  });
});

/** A pipe that does not block, whose reader lets it fill up. */
function pipe(t: TestContext): { reader: number; writer: number } {
  const dir = mkdtempSync(join(tmpdir(), 'pv-log-'));
  t.after(() => rmSync(dir, { recursive: true }));
  const path = join(dir, 'pipe');
  assert.equal(spawnSync('mkfifo', [path]).status, 0);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  t.after(() => closeSync(writer));
  return { reader, writer };
}
