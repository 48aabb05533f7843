import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PnpClient } from '../../clients/node/pnp-client.ts';
import { beforeInterrupt } from '../../src/cli/interrupt.ts';
import { type DaemonProcess, startDaemon } from '../../test/daemon-process.ts';

const TIMEOUT_MS = 30_000;

/** Starts a daemon with a clock that can be put ahead, and ends it whatever happens. */
export async function onDaemon<T>(
  config: string,
  use: (client: PnpClient, pass: (ms: number) => void) => Promise<T>,
): Promise<T> {
  let dir: string | undefined;
  let child: ChildProcess | undefined;
  const remove = () => {
    if (dir !== undefined) rmSync(dir, { recursive: true, force: true });
  };
  const takeBack = beforeInterrupt(() => {
    child?.kill('SIGKILL');
    remove();
  });
  dir = mkdtempSync(join(tmpdir(), 'pv-month-'));
  const clock = join(dir, 'clock');
  try {
    const daemon = await startDaemon({
      dir,
      config,
      starter: true,
      nodeOptions: ['--import', join(import.meta.dirname, '../../test/shifted-clock.js')],
      env: { TEST_CLOCK_AHEAD: clock },
      spawned: (process) => {
        child = process;
      },
    });
    return await useDaemon(daemon, (client) => {
      let ahead = 0;
      return use(client, (ms) => {
        ahead += ms;
        writeFileSync(clock, String(ahead));
      });
    });
  } finally {
    takeBack();
    remove();
  }
}

async function useDaemon<T>(daemon: DaemonProcess, use: (client: PnpClient) => Promise<T>): Promise<T> {
  const client = new PnpClient({ path: daemon.adminPath, timeoutMs: TIMEOUT_MS });
  try {
    return await use(client);
  } finally {
    client.close();
    await daemon.stop();
  }
}
