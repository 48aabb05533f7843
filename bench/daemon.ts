import type { ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { STORE_LIMITS } from '../src/store/options.ts';
import { startServer } from './child.ts';
import type { TableSizes } from './tables.ts';

export interface DaemonOptions extends Pick<TableSizes, 'serverTokens' | 'userTokens'> {
  /** Holds store and secret; config, socket and log are put there. */
  readonly directory: string;
  readonly socketPath: string;
  /** Directory for a CPU profile, written when the daemon stops. */
  readonly cpuProf: string | undefined;
}

/** Starts the daemon on one Unix socket with every right; all else is as the defaults have it. */
export function startDaemon(options: DaemonOptions): Promise<ChildProcess> {
  const { directory, socketPath, cpuProf } = options;
  const { serverTokensMax, userTokensMax } = tableLimits(options);
  const configPath = path.join(directory, 'providence.toml');
  writeFileSync(
    configPath,
    `
listen.unix = [{ path = "${socketPath}", mode = "600", rights = ["check", "learn", "users", "admin"] }]
listen.tcp = []
http.port = 0
store.directory = "${path.join(directory, 'store')}"
store.secret_file = "${path.join(directory, 'secret')}"
bayes.server.tokens_max = ${serverTokensMax}
bayes.user.tokens_max = ${userTokensMax}
`,
  );
  return startServer({
    script: path.join(import.meta.dirname, '../src/main.js'),
    args: ['serve', '--config', configPath],
    execArgv: cpuProf === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${path.resolve(cpuProf)}`],
    socketPath,
    logPath: path.join(directory, 'daemon.log'),
  });
}

/** The default limits of the tables, raised where the bench wants larger ones. */
export function tableLimits(sizes: Pick<TableSizes, 'serverTokens' | 'userTokens'>) {
  return {
    serverTokensMax: Math.max(STORE_LIMITS.serverTokensMax, sizes.serverTokens),
    userTokensMax: Math.max(STORE_LIMITS.userTokensMax, sizes.userTokens),
  };
}
