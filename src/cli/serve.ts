import type { CommandModule } from 'yargs';
import type { Addresses } from '../daemon.ts';
import { CONFIG_OPTION } from './options.ts';
import { print } from './print.ts';

/** After the stop nothing should keep the process; if something does, it ends all the same. */
const LAST_RESORT_MS = 10_000;

const TRY_STANZA = "<message from='a@b.example'><body>Hello there</body></message>";

export const serve: CommandModule<object, { config: string | undefined }> = {
  command: 'serve',
  describe: 'Start the daemon',
  builder: (yargs) =>
    yargs
      .options(CONFIG_OPTION)
      .epilogue('SIGTERM or SIGINT answers what is in flight and stops; a second one stops at once.')
      .example('$0 serve', 'With the built-in defaults, in ./var')
      .example('$0 serve --config /etc/providence.toml', 'With a file of your own'),
  handler: async (args) => {
    // Loaded here: the daemon is slow to load, and no other command needs it.
    const { createDaemon } = await import('../daemon.ts');
    const daemon = createDaemon({ configPath: args.config });
    const signal = stopSignal();
    print(welcome(await daemon.start(), args.config));
    await signal;
    await daemon.stop();
    setTimeout(() => process.exit(), LAST_RESORT_MS).unref();
  },
};

function welcome({ unix, tcp, http }: Addresses, config: string | undefined): string {
  const places = [...unix, ...tcp].map((place) => `PNP on ${place}`);
  if (http !== undefined) places.push(`Metrics on ${http}/metrics`);
  const option = config === undefined ? '' : ` --config ${config}`;
  return [
    ...places,
    'Ready. For a first verdict paste:',
    `  echo "${TRY_STANZA}" |`,
    `    ./bin/providence check --explain${option}`,
  ].join('\n');
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
