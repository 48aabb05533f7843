import type { CommandModule } from 'yargs';
import { tableLines } from './columns.ts';
import { withLessons } from './lesson-door.ts';
import { numberIn, thousands, valueIn } from './lesson-lines.ts';
import { DAEMON_OPTIONS, type DaemonArgs } from './options.ts';
import { print, printJSON } from './print.ts';

const DAY_MS = 86_400_000;

export const bayesStats: CommandModule<object, DaemonArgs & { json: boolean }> = {
  command: 'stats',
  describe: 'Show how much is learnt, and what room it takes',
  builder: (yargs) =>
    yargs
      .option('json', { type: 'boolean', default: false, describe: 'One JSON object' })
      .options(DAEMON_OPTIONS)
      .example('$0 bayes stats', 'Lessons, tokens, users, sizes'),
  handler: (args) =>
    withLessons(args, async (door) => {
      const lines = await door.ask('stats', '');
      if (args.json) printJSON(objectOf(lines));
      else print(tableLines(rowsOf(lines, Date.now())).join('\n'));
    }),
};

function objectOf(lines: string): object {
  const pairs = lines.split('\r\n').filter((line) => line !== '');
  return Object.fromEntries(
    pairs.map((line) => line.split(' ')).map(([name, value]) => [name, Number(value)]),
  );
}

function rowsOf(lines: string, now: number): string[][] {
  const count = (name: string) => thousands(numberIn(lines, name));
  const size = (name: string) => bytesText(numberIn(lines, name));
  const oldest = valueIn(lines, 'oldest_at');
  const age =
    oldest === undefined ? '' : `; the oldest is ${Math.floor((now - Number(oldest)) / DAY_MS)} days old`;
  return [
    [
      'lessons',
      `${count('lessons')}; in the table of all ${count('spam')} of spam and ${count('ham')} of ham${age}`,
    ],
    [
      'tokens',
      `${count('tokens')} of at most ${count('tokens_max')} in the table of all, ${count('tokens_refused')} refused since the start; ${count('starter_tokens')} of the starter table`,
    ],
    ['hosts', `${count('hosts')} virtual hosts with a table of their own; its tokens are among those above`],
    ['users', `${count('users')}; the tables of ${count('user_tables_cached')} are in memory`],
    [
      'on disk',
      `${size('store_bytes')}: lessons ${size('lesson_bytes')}, the table of all ${size('server_bytes')}, users' tables ${size('user_bytes')}, traces ${size('trace_bytes')}`,
    ],
  ];
}

function bytesText(bytes: number): string {
  return bytes < 2 ** 20 ? `${Math.ceil(bytes / 2 ** 10)} KiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
