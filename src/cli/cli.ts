import yargs from 'yargs';
import { version } from '../version.ts';
import { bayes } from './bayes.ts';
import { check } from './check.ts';
import { COMPLETION_HELP, completeKeys } from './completion.ts';
import { config } from './config.ts';
import { evaluate } from './eval.ts';
import { CliError, EXIT, exitCodeOf, sentenceOf } from './exit.ts';
import { fake } from './fake.ts';
import { ping } from './ping.ts';
import { note } from './print.ts';
import { reload } from './reload.ts';
import { serve } from './serve.ts';
import { spellOutInput } from './standard-input.ts';
import { stats } from './stats.ts';
import { tell } from './tell.ts';
import { tokens } from './tokens.ts';
import { train } from './train.ts';

const COLUMNS = 80;
/** What may be given more than once: `_` are the words that yargs gives to nobody. */
const LISTS: ReadonlySet<string> = new Set(['_', 'files']);

/** Runs one command and sets `process.exitCode`. Rejects only on a mistake in the program. */
export async function run(argv: readonly string[]): Promise<void> {
  process.stdout.on('error', stopAtClosedPipe);
  try {
    await parser(argv).parseAsync();
  } catch (error) {
    const exitCode = exitCodeOf(error);
    if (exitCode === undefined) throw error;
    note(sentenceOf(error as Error));
    process.exitCode = exitCode;
  }
}

function parser(argv: readonly string[]) {
  return yargs(spellOutInput(argv))
    .scriptName('providence')
    .usage('$0 <command>\n\nA spam scoring daemon for XMPP servers, and the commands that speak to it.')
    .command(serve)
    .command(check)
    .command(tell)
    .command(train)
    .command(tokens)
    .command(bayes)
    .command(ping)
    .command(evaluate)
    .command(stats)
    .command(reload)
    .command(config)
    .command(fake)
    .completion('completion', COMPLETION_HELP, completeKeys)
    .example('$0 serve', 'Start the daemon')
    .example('$0 check --explain stanza.xml', 'Judge a stanza, with the reasons')
    .demandCommand(1, "Name a command; 'providence --help' lists them.")
    .strict()
    .version(version())
    .help()
    .alias('help', 'h')
    .locale('en')
    .wrap(COLUMNS)
    .check(refuseRepeated)
    .parserConfiguration({
      'boolean-negation': false,
      'parse-positional-numbers': false,
    })
    .exitProcess(false)
    .fail((message, error) => {
      // A YError is yargs' own complaint about the arguments; any other came out of the command.
      if (error !== undefined && error !== null && error.name !== 'YError') throw error;
      throw new CliError(EXIT.usage, usageSentence(message ?? error.message));
    });
}

/** With `duplicate-arguments-array` off, yargs would keep the last one: of `train a b` the last file alone. */
function refuseRepeated(args: Readonly<Record<string, unknown>>): true {
  const repeated = Object.keys(args).find((name) => !LISTS.has(name) && Array.isArray(args[name]));
  if (repeated === undefined) return true;
  throw new CliError(EXIT.usage, `--${repeated} is given more than once; give it once.`);
}

/** What yargs says, as one line that leads on. */
function usageSentence(message: string): string {
  const line = message
    .trim()
    .replace(/\s*\n\s*/g, ' ')
    .replace(/\.$/, '');
  return line.includes('--help') ? `${line}.` : `${line}; see --help.`;
}

/** `providence … | head`: nobody reads any more, which is no failure. */
function stopAtClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}
