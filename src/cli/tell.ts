import type { CommandModule } from 'yargs';
import type { Taught } from '../../clients/node/pnp-client.ts';
import { withDaemon } from './daemon-client.ts';
import { CliError, EXIT } from './exit.ts';
import { DAEMON_OPTIONS, type DaemonArgs, PARTY_OPTIONS, type PartyArgs } from './options.ts';
import { print } from './print.ts';
import { factsOf } from './stanza-facts.ts';
import { readStanzaInput } from './stanza-input.ts';

/** What one may say of a stanza. */
export const LABELS = ['spam', 'ham', 'forget'] as const;

type TellArgs = DaemonArgs &
  PartyArgs & {
    label: (typeof LABELS)[number];
    file: string | undefined;
    reporter: string | undefined;
    trace: string | undefined;
  };

export const tell: CommandModule<object, TellArgs> = {
  command: 'tell <label> [file]',
  describe: 'Teach a stanza as spam or ham, or forget it',
  builder: (yargs) =>
    yargs
      .positional('label', { choices: LABELS, demandOption: true, describe: 'What it is; forget undoes' })
      .positional('file', { type: 'string', describe: 'File with one stanza; none or -: standard input' })
      .options(PARTY_OPTIONS)
      .option('reporter', {
        type: 'string',
        requiresArg: true,
        describe: 'JID of the user who says so; without it, and without --to, it is the operator',
      })
      .option('trace', {
        type: 'string',
        requiresArg: true,
        describe: 'Trace of a verdict, in place of the stanza',
      })
      .options(DAEMON_OPTIONS)
      .example('$0 tell spam spam.xml', "The operator's word, for all users")
      .example('$0 tell ham - --to me@a.example', "One user's word")
      .example('$0 tell forget spam.xml', 'As if it had not been told'),
  handler: async (args) => {
    if (args.trace !== undefined && args.file !== undefined) {
      throw new CliError(EXIT.usage, 'A lesson is a file or a trace; leave one of them out.');
    }
    const facts = factsOf(args);
    const stanza = args.trace === undefined ? await readStanzaInput(args.file) : undefined;
    const { label, trace, reporter } = args;
    const need = reporter === undefined && args.to === undefined ? 'admin' : 'learn';
    const taught = await withDaemon(args, need, (client) =>
      client.tell({ label, stanza, trace, reporter, facts }),
    );
    print(sentenceOf(label, taught));
  },
};

function sentenceOf(label: TellArgs['label'], { didSet, didRemove, unchanged }: Taught): string {
  if (didSet)
    return didRemove ? `Taught as ${label}; what was taught before is undone.` : `Taught as ${label}.`;
  if (didRemove) return 'Forgotten.';
  return `Nothing changed (${unchanged ?? 'no reason given'}).`;
}
