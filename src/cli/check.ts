import type { CommandModule } from 'yargs';
import type { PnpClient, StanzaFacts, UnitOpinion, Verdict } from '../../clients/node/pnp-client.ts';
import { fold } from './columns.ts';
import { withDaemon } from './daemon-client.ts';
import { EXIT } from './exit.ts';
import { DAEMON_OPTIONS, type DaemonArgs, FACT_OPTIONS, type FactArgs } from './options.ts';
import { paint } from './paint.ts';
import { print, printJSON } from './print.ts';
import { factsOf } from './stanza-facts.ts';
import { readStanzaInput } from './stanza-input.ts';

type CheckArgs = DaemonArgs &
  FactArgs & {
    file: string | undefined;
    explain: boolean | undefined;
    json: boolean | undefined;
    'exit-code': boolean;
  };

export const check: CommandModule<object, CheckArgs> = {
  command: 'check [file]',
  describe: 'Judge a stanza',
  builder: (yargs) =>
    yargs
      .positional('file', { type: 'string', describe: 'File with one stanza; none or -: standard input' })
      .option('explain', {
        type: 'boolean',
        conflicts: 'json',
        describe: 'Say why, in words',
      })
      .option('json', { type: 'boolean', describe: 'One JSON object with every opinion' })
      .option('exit-code', { type: 'boolean', default: false, describe: 'Exit with 1 if it is spam' })
      .options(FACT_OPTIONS)
      .options(DAEMON_OPTIONS)
      .example('$0 check --explain spam.xml', 'The verdict and its reasons')
      .example('$0 check --json - < spam.xml', 'For programs')
      .example('$0 check a.xml --to me@a.example', 'With the table of a user'),
  handler: async (args) => {
    const facts = factsOf(args);
    const stanza = await readStanzaInput(args.file);
    const verdict = await withDaemon(args, 'check', (client) => judge(client, { stanza, facts }, args));
    if (args['exit-code'] && verdict.verdict === 'spam') process.exitCode = EXIT.spam;
  },
};

const STYLES = { spam: 'red', unsure: 'yellow', ham: 'green' } as const;

interface Question {
  readonly stanza: Buffer;
  readonly facts: StanzaFacts;
}

async function judge(client: PnpClient, { stanza, facts }: Question, args: CheckArgs): Promise<Verdict> {
  if (args.json) {
    const verdict = await client.symbols(stanza, facts);
    printJSON(jsonOf(verdict, verdict.symbols));
    return verdict;
  }
  if (args.explain) {
    const verdict = await client.report(stanza, facts);
    print(explanationOf(verdict));
    return verdict;
  }
  const verdict = await client.check(stanza, facts);
  print(lineOf(verdict));
  return verdict;
}

/** The daemon's words; the reasons, last in their rows, stay in their column. */
function explanationOf({ verdict, text }: Verdict & { readonly text: string }): string {
  const lines = text.trimEnd().split(/\r?\n/);
  const why = lines.find((line) => line.startsWith('points ') && line.endsWith(' why'))?.length ?? 0;
  const folded = lines.flatMap((line) => fold(line, Math.max(0, why - 'why'.length))).join('\n');
  return folded.replace(/^Verdict \w+/, (words) => paint(STYLES[verdict], words));
}

function lineOf({ verdict, score, threshold, action, symbol, trace }: Verdict): string {
  const why = symbol === undefined ? '' : `, ${symbol}`;
  const name = trace === undefined ? '' : `, trace ${trace}`;
  return `${paint(STYLES[verdict], verdict)}: ${score} of ${threshold} points, action ${action}${why}${name}`;
}

function jsonOf(verdict: Verdict, symbols: readonly UnitOpinion[]): object {
  const { answer: _, abstained, ...rest } = verdict;
  return { ...rest, symbols, abstained: Object.fromEntries(abstained) };
}
