import { rmSync } from 'node:fs';
import type { CommandModule } from 'yargs';
import { VERDICTS, type VerdictName } from '../model/verdict.ts';
import { clearSocketPath } from '../server/unix-socket.ts';

import { CliError, EXIT } from './exit.ts';
import { DELAY_MS_MAX, type Rule, readScript, SCRIPT_HELP } from './fake-script.ts';
import { startFake } from './fake-server.ts';
import { print } from './print.ts';
import { portNumber } from './remote-daemon.ts';

type FakeArgs = {
  script: string | undefined;
  verdict: VerdictName | undefined;
  'delay-ms': number | undefined;
  drop: boolean | undefined;
  socket: string | undefined;
  port: number | undefined;
};

export const fake: CommandModule<object, FakeArgs> = {
  command: 'fake',
  describe: 'Run a scripted daemon, for testing server modules',
  builder: (yargs) =>
    yargs
      .option('script', { type: 'string', requiresArg: true, describe: 'File of rules, see below' })
      .option('verdict', { choices: VERDICTS, requiresArg: true, describe: 'The verdict of every check' })
      .option('delay-ms', { type: 'number', requiresArg: true, describe: 'Wait before every answer' })
      .option('drop', { type: 'boolean', describe: 'Take every request and never answer' })
      .option('socket', {
        type: 'string',
        requiresArg: true,
        conflicts: 'port',
        describe: 'Unix socket to listen on',
      })
      .option('port', {
        type: 'number',
        requiresArg: true,
        describe: 'TCP port on 127.0.0.1 to listen on; 0: any',
      })
      .conflicts('script', ['verdict', 'delay-ms', 'drop'])
      .epilogue(SCRIPT_HELP)
      .example('$0 fake --port 0 --verdict spam', 'All is spam')
      .example('$0 fake --socket f.sock --drop', 'Never answers')
      .example('$0 fake --port 7711 --script s', 'As the file s says'),
  handler: async (args) => {
    const rules = rulesOf(args);
    const listen = await placeOf(args);
    const running = await startFake({ rules, listen, onRequest: print }).catch(
      (error: NodeJS.ErrnoException) => {
        throw new CliError(EXIT.unavailable, `It cannot listen there (${error.code}); choose another place.`);
      },
    );
    print(
      `Ready. A scripted daemon listens on ${'path' in listen ? listen.path : `127.0.0.1:${running.port}`}.`,
    );
    await stopSignal();
    await running.close();
    if ('path' in listen) rmSync(listen.path, { force: true });
  },
};

function rulesOf({ script, verdict, drop, 'delay-ms': delayMs }: FakeArgs): Rule[] {
  if (script !== undefined) return readScript(script);
  if (verdict === undefined && drop !== true) {
    throw new CliError(EXIT.usage, 'Say what to answer: --script FILE, --verdict WORD or --drop.');
  }
  if (delayMs !== undefined && !(Number.isInteger(delayMs) && delayMs >= 0 && delayMs <= DELAY_MS_MAX)) {
    throw new CliError(EXIT.usage, `--delay-ms takes a whole number of milliseconds up to ${DELAY_MS_MAX}.`);
  }
  const rule: Rule = {};
  if (verdict !== undefined) rule.verdict = verdict;
  if (delayMs !== undefined) rule.delay_ms = delayMs;
  if (drop === true) rule.drop = true;
  return [rule];
}

async function placeOf({ socket, port }: FakeArgs) {
  if (socket !== undefined) {
    await clearSocketPath(socket);
    return { path: socket };
  }
  if (port === undefined) throw new CliError(EXIT.usage, 'Say where to listen: --socket PATH or --port N.');
  return { host: '127.0.0.1', port: port === 0 ? 0 : portNumber(port) };
}

function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGTERM', () => resolve());
    process.once('SIGINT', () => resolve());
  });
}
