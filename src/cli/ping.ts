import type { CommandModule } from 'yargs';
import type { Hello } from '../../clients/node/pnp-client.ts';
import { withDaemon } from './daemon-client.ts';
import { DAEMON_OPTIONS, type DaemonArgs } from './options.ts';
import { print } from './print.ts';

export const ping: CommandModule<object, DaemonArgs> = {
  command: 'ping',
  describe: 'Ask whether the daemon answers, and what one may do there',
  builder: (yargs) =>
    yargs.options(DAEMON_OPTIONS).example('$0 ping && echo up', 'Exit code 0 if it answers, 69 if not'),
  handler: (args) =>
    withDaemon(args, 'check', async (client) => {
      const start = performance.now();
      await client.ping();
      print(`The daemon answers (${(performance.now() - start).toFixed(1)} ms).`);
      print(rightsOf(await client.hello()));
    }),
};

/** A listener beyond loopback answers PING to everybody: only the rights tell whether a certificate was believed. */
function rightsOf({ rights, answer }: Hello): string {
  if (rights.length === 0) return 'Rights here: none; show a client certificate or a credential.';
  const domains = answer.headers.get('Domains');
  return `Rights here: ${rights.join(' ')}${domains === undefined ? '' : `; for users of ${domains}`}.`;
}
