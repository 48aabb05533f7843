import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { PnpClient, type Reloaded } from '../clients/node/pnp-client.ts';
import { type DaemonOptions, type DaemonProcess, startDaemon } from './daemon-process.ts';
import { until } from './until.ts';

/** What a busy machine may take for what is done in no time. */
const PATIENCE_MS = 20_000;

/** A real daemon with a file that can be changed, and the operator's client. */
export interface ReloadingDaemon {
  readonly process: DaemonProcess;
  readonly path: string;
  readonly operator: PnpClient;
  /** Writes the file: what the daemon needs to run here, and these lines. */
  write(lines: string): void;
  /** Writes the file and sends RELOAD. */
  reload(lines: string): Promise<Reloaded>;
  /** Writes the file and sends SIGHUP; settles when the log has a new line on a reload. */
  hangup(lines: string): Promise<LogLine>;
  /** Lines of the log with this message. */
  logged(message: string): readonly LogLine[];
}

export type LogLine = Readonly<Record<string, unknown>> & { readonly level: number; readonly msg: string };

export const RELOADED = 'configuration reloaded';
export const REFUSED = 'the configuration cannot be used; the old one stays';

/** Started with its base and `options.config`; the first `write` replaces the latter. */
export async function startReloading(t: TestContext, options: DaemonOptions = {}): Promise<ReloadingDaemon> {
  const daemon = await startDaemon(options);
  const operator = new PnpClient({ path: daemon.adminPath, timeoutMs: PATIENCE_MS });
  t.after(async () => {
    operator.close();
    if (daemon.child.exitCode === null && daemon.child.signalCode === null) await daemon.stop();
  });
  const path = join(daemon.dir, 'providence.toml');
  const base = readFileSync(path, 'utf8').replace(options.config ?? '', '');
  const write = (lines: string) => writeFileSync(path, `${base}\n${lines}\n`);
  const logged = (message: string) => linesOf(daemon.log()).filter(({ msg }) => msg === message);
  const outcomes = () => [...logged(RELOADED), ...logged(REFUSED)];
  return {
    process: daemon,
    path,
    operator,
    write,
    logged,
    reload: (lines) => {
      write(lines);
      return operator.reload();
    },
    hangup: async (lines) => {
      const known = outcomes().length;
      write(lines);
      daemon.child.kill('SIGHUP');
      await until(() => outcomes().length > known);
      return outcomes().sort(byTime).at(-1) as LogLine;
    },
  };
}

function linesOf(log: string): LogLine[] {
  const whole = log.slice(0, log.lastIndexOf('\n') + 1).split('\n');
  return whole.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
}

function byTime(a: LogLine, b: LogLine): number {
  return String(a['time']).localeCompare(String(b['time']));
}
