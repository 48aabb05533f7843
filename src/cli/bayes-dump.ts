import { open, rename, rm } from 'node:fs/promises';
import type { CommandModule } from 'yargs';
import { version } from '../version.ts';
import { CliError, EXIT } from './exit.ts';
import { beforeInterrupt } from './interrupt.ts';
import { type LessonDoor, withLessons } from './lesson-door.ts';
import { thousands, valueIn, written } from './lesson-lines.ts';
import { DAEMON_OPTIONS, type DaemonArgs } from './options.ts';
import { note } from './print.ts';
import { STANDARD_INPUT } from './standard-input.ts';

type DumpArgs = DaemonArgs & { file: string };

export const bayesDump: CommandModule<object, DumpArgs> = {
  command: 'dump <file>',
  describe: 'Copy all lessons into a file',
  builder: (yargs) =>
    yargs
      .positional('file', { type: 'string', demandOption: true, describe: 'Where to; - is standard output' })
      .options(DAEMON_OPTIONS)
      .epilogue(
        'Without the secret of the daemon (store.secret_file) the file is worthless: nothing in it can be read. Keep a copy ' +
          'of the secret in another place. Traces, and what is measured of senders, are not in it.',
      )
      .example('$0 bayes dump lessons.dump', 'A file that only you may read')
      .example('$0 bayes dump - | gzip > lessons.gz', 'To another program'),
  handler: async (args) => {
    if (args.file !== STANDARD_INPUT) return dumpInto(args.file, args);
    if (process.stdout.isTTY) throw new CliError(EXIT.usage, 'A dump is not for a terminal; name a file.');
    const count = await withLessons(args, (door) => dump(door, toOutput));
    note(summary(count));
  },
};

/** Written aside first, so that a dump that fails does not take the place of a good one. */
async function dumpInto(path: string, args: DaemonArgs): Promise<void> {
  const draft = `${path}.part`;
  const takeBack = beforeInterrupt(() => void rm(draft, { force: true }));
  try {
    const count = await withLessons(args, async (door) => {
      // Never into a file that somebody else has put there to read along.
      await rm(draft, { force: true });
      const file = await open(draft, 'wx', 0o600);
      try {
        const lessons = await dump(door, (text) => file.appendFile(text));
        await file.sync();
        return lessons;
      } finally {
        await file.close();
      }
    });
    await rename(draft, path);
    note(summary(count));
  } finally {
    await rm(draft, { force: true });
    takeBack();
  }
}

function summary(count: number): string {
  return `copied ${thousands(count)} lessons; without the daemon's secret they are worthless: keep a copy of it elsewhere`;
}

/** Page by page; no more of it is held than one. @returns how many lessons */
async function dump(door: LessonDoor, write: (text: string) => Promise<void>): Promise<number> {
  let count = 0;
  let after: string | undefined = '0';
  while (after !== undefined) {
    const page: string = await door.ask('dump', written({ after }));
    if (after === '0') await write(headOf(page));
    const lessons = page.split('\r\n').filter((line) => line.startsWith('lesson '));
    count += lessons.length;
    await write(lessons.map((line) => `${line}\n`).join(''));
    after = valueIn(page, 'next');
  }
  await write(`end ${count}\n`);
  return count;
}

function headOf(page: string): string {
  return `# Lessons of Providence ${version()}, ${new Date().toISOString()}.
#
# WITHOUT THE SECRET OF THE DAEMON THAT WROTE IT, THIS FILE IS WORTHLESS: its
# lessons are sealed, and nobody can read or use them, you included. The secret
# is the file that store.secret_file names. Keep a copy of it in another place.
#
# To put them back: providence bayes restore FILE
secret ${valueIn(page, 'secret')}
schema ${valueIn(page, 'schema')}
`;
}

async function toOutput(text: string): Promise<void> {
  if (!process.stdout.write(text))
    await new Promise<void>((resolve) => process.stdout.once('drain', resolve));
}
