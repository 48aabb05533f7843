import type { CommandModule } from 'yargs';
import { withDaemon } from './daemon-client.ts';
import { DAEMON_OPTIONS, type DaemonArgs } from './options.ts';
import { print } from './print.ts';

export const ping: CommandModule<object, DaemonArgs> = {
  command: 'ping',
  describe: 'Ask whether the daemon answers',
  builder: (yargs) =>
    yargs.options(DAEMON_OPTIONS).example('$0 ping && echo up', 'Exit code 0 if it answers, 69 if not'),
  handler: (args) =>
    withDaemon(args, 'check', async (client) => {
      const start = performance.now();
      await client.ping();
      print(`The daemon answers (${(performance.now() - start).toFixed(1)} ms).`);
    }),
};
