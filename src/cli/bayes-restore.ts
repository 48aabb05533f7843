import { createReadStream } from 'node:fs';
import type { CommandModule } from 'yargs';
import { CliError, cannotRead, EXIT } from './exit.ts';
import { type LessonDoor, withLessons } from './lesson-door.ts';
import { numberIn, thousands, written } from './lesson-lines.ts';
import { readLines } from './lines.ts';
import { DAEMON_OPTIONS, type DaemonArgs } from './options.ts';
import { print } from './print.ts';
import { STANDARD_INPUT } from './standard-input.ts';

type RestoreArgs = DaemonArgs & { file: string };

/**
 * Most bytes of lessons in one request: some 30, which the daemon learns in one go. With 128 KiB one verdict in a hundred waits for
 * 40 ms, and it is no faster.
 */
const STEP_BYTES_MAX = 32_768;

const OUTCOMES = ['restored', 'unchanged', 'other_key', 'damaged'] as const;
type Counts = Record<(typeof OUTCOMES)[number], number>;

export const bayesRestore: CommandModule<object, RestoreArgs> = {
  command: 'restore <file>',
  describe: 'Put the lessons of a dump back',
  builder: (yargs) =>
    yargs
      .positional('file', {
        type: 'string',
        demandOption: true,
        describe: 'What dump wrote; - is standard input',
      })
      .options(DAEMON_OPTIONS)
      .epilogue(
        'Into an empty store or one that has lessons; what is there stays, so that a run may be repeated. The secret must be ' +
          'that of the store which the dump was made of. What users had forgotten since the dump comes back.',
      )
      .example('$0 bayes restore lessons.dump', 'All of it')
      .example('zcat lessons.gz | $0 bayes restore -', 'From another program'),
  handler: async ({ file, ...args }) => {
    const counts: Counts = { restored: 0, unchanged: 0, other_key: 0, damaged: 0 };
    const isWhole = await withLessons(args, (door) => restore(file, door, counts), true);
    print(summary(counts));
    if (!isWhole)
      throw new CliError(EXIT.badInput, `${file}: ends before its end; the rest of the lessons is missing.`);
    if (counts.damaged > 0)
      throw new CliError(EXIT.badInput, `${file}: some of it is damaged; take another copy.`);
  },
};

function summary({ restored, unchanged, other_key, damaged }: Counts): string {
  const otherKey = other_key === 0 ? '' : `, of users with another key ${thousands(other_key)}`;
  return `Restored ${thousands(restored)}, unchanged ${thousands(unchanged)}${otherKey}, damaged ${thousands(damaged)}.`;
}

/** @returns whether the file was whole. @throws CliError 65, 66 */
async function restore(path: string, door: LessonDoor, counts: Counts): Promise<boolean> {
  const head: Record<string, string> = {};
  let lines: string[] = [];
  let bytes = 0;
  let lessons = 0;
  const bytesMax = Math.min(door.bytesMax / 2, STEP_BYTES_MAX);
  const send = async () => {
    if (lines.length > 0) add(counts, await door.ask('restore', written(head) + lines.join('')));
    lines = [];
    bytes = 0;
  };
  for await (const { name, value } of readDump(path)) {
    if (name === 'end') {
      await send();
      return Number(value) === lessons;
    }
    if (name !== 'lesson') head[name] = value;
    else {
      const line = `lesson ${value}\r\n`;
      lessons += 1;
      // No lesson is so long; the daemon would not read it.
      if (line.length > bytesMax) counts.damaged += 1;
      else {
        if (bytes + line.length > bytesMax) await send();
        lines.push(line);
        bytes += line.length;
      }
    }
  }
  await send();
  return false;
}

function add(counts: Counts, answer: string): void {
  for (const outcome of OUTCOMES) counts[outcome] += numberIn(answer, outcome);
}

/** @throws CliError 65 for a line that no dump has */
async function* readDump(path: string): AsyncGenerator<{ readonly name: string; readonly value: string }> {
  let count = 0;
  for await (const lines of readLines(bytesOf(path), 'latin1')) {
    for (const line of lines) {
      count += 1;
      if (line.startsWith('#')) continue;
      const [, name, value] = /^(secret|schema|lesson|end) (\S+)$/.exec(line) ?? [];
      if (name === undefined || value === undefined)
        throw new CliError(
          EXIT.badInput,
          `${path}: line ${count} is none of a dump; give what 'bayes dump' wrote.`,
        );
      yield { name, value };
    }
  }
}

async function* bytesOf(path: string): AsyncGenerator<Uint8Array> {
  try {
    yield* path === STANDARD_INPUT ? process.stdin : createReadStream(path);
  } catch (error) {
    throw cannotRead(path, error);
  }
}
