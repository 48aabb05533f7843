import type { CommandModule } from 'yargs';
import { withDaemon } from './daemon-client.ts';
import { DAEMON_OPTIONS, type DaemonArgs } from './options.ts';
import { print, printJSON } from './print.ts';

export const reload: CommandModule<object, DaemonArgs & { json: boolean }> = {
  command: 'reload',
  describe: 'Have the daemon read its configuration again',
  builder: (yargs) =>
    yargs
      .options(DAEMON_OPTIONS)
      .option('json', { type: 'boolean', default: false, describe: 'One JSON object' })
      .example('$0 reload', 'What has changed, and what waits for a restart')
      .epilogue('The daemon reads the file that it was started with; exit code 78 if that cannot be used.'),
  handler: (args) =>
    withDaemon(args, 'admin', async (client) => {
      const { changed, restart } = await client.reload();
      if (args.json) return printJSON({ changed, restart });
      if (changed.length + restart.length === 0) print('Read again: nothing has changed.');
      printKeys('Changed:', changed);
      printKeys('Wait for a restart:', restart);
    }),
};

function printKeys(title: string, keys: readonly string[]): void {
  if (keys.length === 0) return;
  print(title);
  for (const key of keys) print(`  ${key}`);
}
