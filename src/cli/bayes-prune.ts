import type { CommandModule } from 'yargs';
import { CliError, EXIT } from './exit.ts';
import { type LessonDoor, withLessons } from './lesson-door.ts';
import { numberIn, thousands, valueIn, written } from './lesson-lines.ts';
import { DAEMON_OPTIONS, type DaemonArgs } from './options.ts';
import { print } from './print.ts';

type PruneArgs = DaemonArgs & { before: string | undefined; days: number | undefined; all: boolean };

const DAY_MS = 86_400_000;

export const bayesPrune: CommandModule<object, PruneArgs> = {
  command: 'prune',
  describe: 'Forget old lessons, as if they had never been taught',
  builder: (yargs) =>
    yargs
      .option('before', {
        type: 'string',
        requiresArg: true,
        conflicts: 'days',
        describe: 'Those taught before this day (UTC), written 2026-03-31',
      })
      .option('days', { type: 'number', requiresArg: true, describe: 'Those older than so many days' })
      .option('all', {
        type: 'boolean',
        default: false,
        describe: "The operator's as well; without it only those of users",
      })
      .options(DAEMON_OPTIONS)
      .epilogue(
        'What the lessons brought is taken out of the tables, exactly. It is done in small steps, and the daemon goes ' +
          'on judging; a run that was interrupted may simply be repeated.',
      )
      .example('$0 bayes prune --days 180', 'Lessons of users, older than half a year')
      .example('$0 bayes prune --before 2026-01-01 --all', 'All from before that day'),
  handler: async (args) => {
    const before = timeOf(args, Date.now());
    const of = args.all ? 'all' : 'users';
    const { dropped, left } = await withLessons(args, (door) => pruned(door, { before, of }));
    const whose = args.all ? '' : ' of users';
    const day = new Date(before).toISOString().slice(0, 10);
    print(`Forgot ${thousands(dropped)} lessons${whose} from before ${day}; ${thousands(left)} are left.`);
  },
};

async function pruned(
  door: LessonDoor,
  wish: { readonly before: number; readonly of: 'users' | 'all' },
): Promise<{ readonly dropped: number; readonly left: number }> {
  let dropped = 0;
  let after: string | undefined = '0';
  while (after !== undefined) {
    const lines: string = await door.ask('prune', written({ after, ...wish }));
    dropped += numberIn(lines, 'dropped');
    after = valueIn(lines, 'next');
  }
  return { dropped, left: numberIn(await door.ask('stats', ''), 'lessons') };
}

/** @throws CliError 64 */
function timeOf({ before, days }: PruneArgs, now: number): number {
  if (days !== undefined) {
    if (Number.isFinite(days) && days >= 0 && days * DAY_MS <= now) return Math.floor(now - days * DAY_MS);
    throw new CliError(EXIT.usage, '--days is a number of days, 0 or more.');
  }
  if (before === undefined)
    throw new CliError(EXIT.usage, 'Say how old: --before 2026-03-31, or --days 180.');
  const time = /^\d{4}-\d{2}-\d{2}$/.test(before) ? Date.parse(`${before}T00:00:00Z`) : Number.NaN;
  if (time >= 0) return time;
  throw new CliError(EXIT.usage, '--before is a day such as 2026-03-31.');
}
