import type { CommandModule } from 'yargs';
import { withDaemon } from './daemon-client.ts';
import { DAEMON_OPTIONS, type DaemonArgs } from './options.ts';
import { print, printJSON } from './print.ts';

export const stats: CommandModule<object, DaemonArgs & { json: boolean }> = {
  command: 'stats',
  describe: "Show the daemon's counters",
  builder: (yargs) =>
    yargs
      .options(DAEMON_OPTIONS)
      .option('json', { type: 'boolean', default: false, describe: 'One JSON object' })
      .example('$0 stats', 'One counter a line')
      .example('$0 stats --json | jq .', 'The same for programs'),
  handler: (args) =>
    withDaemon(args, 'admin', async (client) => {
      const counters = await client.stats();
      if (args.json) printJSON(Object.fromEntries(counters));
      else for (const [name, value] of counters) print(`${name} ${value}`);
    }),
};
