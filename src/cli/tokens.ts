import type { CommandModule } from 'yargs';
import type { TextSeen, TokenSeen, TokensSeen } from '../../clients/node/pnp-client.ts';
import { RequestError } from '../errors.ts';
import type { SampleText, TextSource } from '../model/sample.ts';
import { sampleOf } from '../model/stanza.ts';
import { oneLine } from '../pnp/response.ts';
import { listFeatures } from '../text/extract.ts';
import { TOKENISER_VERSION } from '../text/features.ts';
import { tableLines, wrap } from './columns.ts';
import { withDaemon } from './daemon-client.ts';
import { CliError, EXIT } from './exit.ts';
import { DAEMON_OPTIONS, type DaemonArgs, PARTY_OPTIONS, type PartyArgs } from './options.ts';
import { print, printJSON } from './print.ts';
import { factsOf } from './stanza-facts.ts';
import { readStanzaInput } from './stanza-input.ts';
import { messageOf } from './stanza-text.ts';

type TokensArgs = DaemonArgs & PartyArgs & { file: string | undefined; json: boolean };

export const tokens: CommandModule<object, TokensArgs> = {
  command: 'tokens [file]',
  describe: "Show what is seen of a message, and each token's evidence",
  builder: (yargs) =>
    yargs
      .positional('file', {
        type: 'string',
        describe: 'File with one stanza, or with plain text; none or -: standard input',
      })
      .options(PARTY_OPTIONS)
      .option('json', {
        type: 'boolean',
        default: false,
        describe: 'One JSON object, in the order of the text',
      })
      .options(DAEMON_OPTIONS)
      .epilogue(
        'Private strings are replaced before anything is looked at: <phone> stands for any telephone number. ' +
          'Nothing is judged, learnt or kept. With --to, and --user-key-file where the server sends a key, ' +
          'the table of that user is shown beside that of all. Where virtual hosts have tables, --json shows theirs.',
      )
      .example('$0 tokens spam.xml', 'By the table of all')
      .example('$0 tokens a.txt --to me@a.example', 'And by the table of a user'),
  handler: async (args) => {
    const facts = factsOf(args);
    const input = await readStanzaInput(args.file);
    const stanza = isStanza(input) ? input : Buffer.from(messageOf(input.toString('utf8')));
    const texts = textsOf(stanza, args).map(({ source, text }) => ({ source, features: listFeatures(text) }));
    const seen = await withDaemon(args, 'admin', (client) => client.tokens(stanza, facts));
    refuseOthers(seen, texts);
    if (args.json) printJSON(jsonOf(seen, texts));
    else print(pageOf(seen, texts, args.to).join('\n'));
  },
};

/** A text as this program sees it. */
interface Named {
  readonly source: TextSource;
  /** `pair: call <phone>` */
  readonly features: readonly string[];
}

function isStanza(input: Buffer): boolean {
  return /^\s*</.test(input.toString('latin1', 0, 256));
}

/** @throws CliError 65 */
function textsOf(stanza: Buffer, { from, to }: PartyArgs): readonly SampleText[] {
  try {
    return sampleOf(stanza, { from, to, stream: {} }).texts;
  } catch (error) {
    if (error instanceof RequestError) throw new CliError(EXIT.badInput, error.message);
    throw error;
  }
}

/** Names are made here and counts there: both have to see the same. @throws CliError */
function refuseOthers({ tokeniser, texts }: TokensSeen, named: readonly Named[]): void {
  const same =
    texts.length === named.length &&
    named.every(({ features }, at) => features.length === texts[at]!.tokens.length);
  if (tokeniser === TOKENISER_VERSION && same) return;
  throw new CliError(
    EXIT.protocol,
    'The daemon is of another release and sees other tokens; use its own providence.',
  );
}

function jsonOf(
  { user, lessons, hostLessons, userLessons, texts }: TokensSeen,
  named: readonly Named[],
): object {
  return {
    user,
    lessons,
    host_lessons: hostLessons,
    user_lessons: userLessons,
    texts: texts.map(({ tokens: seen, ...sums }, at) => ({
      source: named[at]!.source,
      ...sums,
      tokens: seen.map((token, index) => ({ feature: named[at]!.features[index], ...token })),
    })),
  };
}

function pageOf(seen: TokensSeen, named: readonly Named[], to: string | undefined): string[] {
  const { texts, lessons, hostLessons, userLessons, user } = seen;
  if (texts.length === 0) return ['There is no text to look at.'];
  const host = hostLessons === undefined ? '' : `; ${lessonsOf(hostLessons)} in the virtual host's`;
  const own = userLessons === undefined ? '' : `; ${lessonsOf(userLessons)} in the user's`;
  const closing = [`Lessons: ${lessonsOf(lessons)} in the table of all${host}${own}.`];
  if (user === 'unknown' && to !== undefined) closing.push(`Nothing is known of ${to} yet.`);
  if (user === 'wrong-key')
    closing.push('The key is not the first one seen of this user: their table stays shut.');
  return [
    ...texts.flatMap((text, at) => [...sectionOf(text, named[at]!), '']),
    ...closing.flatMap((line) => wrap(line)),
  ];
}

function sectionOf(text: TextSeen, { source, features }: Named): string[] {
  const rows = text.tokens
    .map((token, at) => ({ token, feature: oneLine(features[at]!) }))
    .sort(mostTellingFirst);
  const own = text.user !== undefined;
  const head = [
    '   odds',
    '  spam',
    '   ham',
    'starter',
    ...(own ? [' user’s', '  spam', '   ham'] : []),
    'feature',
  ];
  return [
    `${source}: ${text.tokens.length} features; ${sumOf(text)}`,
    ...(text.user === undefined ? [] : [`with the user's table: ${sumOf(text.user)}`]),
    '',
    ...tableLines([head, ...rows.map(({ token, feature }) => rowOf(token, feature))]),
  ];
}

function mostTellingFirst(a: { token: TokenSeen }, b: { token: TokenSeen }): number {
  const weight = ({ token }: { token: TokenSeen }) =>
    Math.max(Math.abs(token.odds ?? 0), Math.abs(token.user?.odds ?? 0));
  return weight(b) - weight(a);
}

function rowOf(token: TokenSeen, feature: string): string[] {
  const { user } = token;
  const share = (token.starter === undefined ? '-' : token.starter.toFixed(3)).padStart(7);
  const own = user === undefined ? [] : [odds(user.odds), count(user.spam), count(user.ham)];
  return [odds(token.odds), count(token.spam), count(token.ham), share, ...own, feature];
}

/** Log-odds of spam, with their sign. */
function odds(value: number | undefined): string {
  return (value === undefined ? '-' : signed(value)).padStart(7);
}

function count(lessons: number): string {
  return `${Number(lessons.toFixed(1))}`.padStart(6);
}

function sumOf({ known, z }: { readonly known: number; readonly z: number }): string {
  return `${known} known, log-odds ${signed(z * Math.sqrt(known))} ÷ √${known} = ${signed(z)}`;
}

function signed(value: number): string {
  return `${value < 0 ? '' : '+'}${value.toFixed(2)}`;
}

function lessonsOf(lessons: TokensSeen['lessons']): string {
  return lessons === undefined
    ? 'none'
    : `${Math.round(lessons.spam)} of spam and ${Math.round(lessons.ham)} of ham`;
}
