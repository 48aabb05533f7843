import { join, resolve } from 'node:path';
import type { CommandModule } from 'yargs';
import type { Config } from '../config/schema.ts';
import type { Daemon } from '../daemon.ts';
import type { Addresses } from '../listeners.ts';
import { version } from '../version.ts';
import { EXIT } from './exit.ts';
import { CONFIG_OPTION } from './options.ts';
import { print } from './print.ts';

/** What the stop may take beside `limits.drain_seconds_max`; then the process ends all the same. */
const LAST_RESORT_MS = 10_000;

const ROOT = resolve(import.meta.dirname, '../../..');
const EXAMPLE = 'docs/examples/spam.xml';

export const serve: CommandModule<object, { config: string | undefined }> = {
  command: 'serve',
  describe: 'Start the daemon',
  builder: (yargs) =>
    yargs
      .options(CONFIG_OPTION)
      .epilogue(
        'SIGTERM or SIGINT answers what is in flight and stops; a second one stops at once. SIGHUP, which a terminal that is closed sends as well, reads the configuration again.',
      )
      .example('$0 serve', 'Without a file: the defaults, data in ./var')
      .example('$0 serve --config my.toml', 'With a file of your own'),
  handler: async (args) => {
    let daemon: Daemon | undefined;
    // From the first moment: without a listener the signal ends the process. What comes before the file is read is heeded by that.
    process.on('SIGHUP', () => void daemon?.reload());
    // Loaded here: the daemon is slow to load, and no other command needs it.
    const { createDaemon } = await import('../daemon.ts');
    daemon = createDaemon({ configPath: args.config });
    const signal = stopSignal();
    const addresses = await daemon.start();
    print(`Providence ${version()}`);
    for (const line of placesOf(addresses, daemon.config)) print(line);
    print(`Ready. For a first verdict paste: ${checkCommand(args.config, process.cwd())}`);
    await signal;
    const stopMs = daemon.config.limits.drain_seconds_max * 1_000 + LAST_RESORT_MS;
    setTimeout(() => process.exit(EXIT.software), stopMs).unref();
    await daemon.stop();
  },
};

/** Where it listens, in the order of the configuration, and what callers may do there. */
function placesOf({ unix, tcp, http }: Addresses, { listen }: Config): string[] {
  const place = (name: string, rights: readonly string[] = []) => `PNP on ${name} (${rights.join(' ')})`;
  const tls = (index: number) => (listen.tcp[index]?.tls_certificate === '' ? '' : ' by TLS');
  return [
    ...unix.map((path, index) => place(path, listen.unix[index]?.rights)),
    ...tcp.map((address, index) => place(`${address}${tls(index)}`, listen.tcp[index]?.rights)),
    ...(http === undefined ? [] : [`Metrics on ${http}/metrics`]),
  ];
}

/** A command that works where the daemon was started: short in the checkout, and whole anywhere else. */
export function checkCommand(config: string | undefined, directory: string): string {
  const isHere = directory === ROOT;
  const options = config === undefined ? '' : `--config ${config} `;
  const [program, example] = ['bin/providence', EXAMPLE].map((path) => (isHere ? path : join(ROOT, path)));
  return `${isHere ? './' : ''}${program} check --explain ${options}${example}`;
}

/** Settles at the first SIGTERM or SIGINT; the next one has its usual effect, which is to end the process. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    const stop = () => {
      process.off('SIGTERM', stop);
      process.off('SIGINT', stop);
      resolve();
    };
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
  });
}
