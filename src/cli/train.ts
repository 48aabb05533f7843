import type { CommandModule } from 'yargs';
import { readCorpus } from './corpus.ts';
import { findDaemon } from './daemon-client.ts';
import { CliError, EXIT } from './exit.ts';
import { beforeInterrupt } from './interrupt.ts';
import { DAEMON_OPTIONS, type DaemonArgs } from './options.ts';
import { mayOpenStore, openOwnStore } from './own-store.ts';
import { note, print } from './print.ts';
import { type Progress, startProgress } from './progress.ts';
import { StoreTrainer } from './store-trainer.ts';
import { Trainer } from './trainer.ts';

type TrainArgs = DaemonArgs & { label: 'spam' | 'ham' | undefined; files: string[] };

export const train: CommandModule<object, TrainArgs> = {
  command: 'train <files..>',
  describe: 'Teach the daemon many messages',
  builder: (yargs) =>
    yargs
      .positional('files', {
        type: 'string',
        array: true,
        demandOption: true,
        describe: 'TSV files, mboxes, stanza files, folders of stanza files; - is standard input',
      })
      .option('label', {
        choices: ['spam', 'ham'] as const,
        requiresArg: true,
        describe: 'What they are; without it the first column of a TSV says so',
      })
      .options(DAEMON_OPTIONS)
      .epilogue(
        'A row of a TSV is label<TAB>language<TAB>text, in the text \\\\, \\n and \\t are escapes. Standard input holds ' +
          'such rows, or one text a line. What was taught before is not taught twice, so that a run that was ' +
          'interrupted may simply be repeated.',
      )
      .example('$0 train corpus.tsv', 'Labels from the file')
      .example('$0 train --label spam a.mbox b/', 'All of it spam')
      .example('cat t | $0 train --label ham -', 'One text a line'),
  handler: async (args) => {
    const trainer = await startTrainer(args);
    const started = performance.now();
    let progress: Progress | undefined;
    const stop = () => {
      progress?.stop();
      if (trainer.answered > 0) summarise(trainer, (performance.now() - started) / 1_000);
    };
    const takeBack = beforeInterrupt(stop);
    try {
      progress = await startProgress(args.files);
      for (const file of args.files) {
        for await (const message of readCorpus(file)) {
          await trainer.teach(labelOf(args.label ?? message.label, file), message);
          progress.add(message.bytes);
        }
      }
      await trainer.finish();
      if (trainer.answered === 0) print('There is nothing to learn in it.');
    } finally {
      takeBack();
      stop();
      await trainer.close();
    }
  },
};

/** Through the daemon, or where none runs into the store itself. @throws PnpError, CliError, StoreError */
async function startTrainer(args: DaemonArgs): Promise<Trainer | StoreTrainer> {
  const trainer = new Trainer(findDaemon(args, 'admin'));
  try {
    await trainer.start();
    return trainer;
  } catch (error) {
    trainer.close();
    if (!mayOpenStore(args, error)) throw error;
  }
  const { store, secret } = await openOwnStore(args, false);
  return new StoreTrainer(store, secret);
}

function labelOf(label: 'spam' | 'ham' | undefined, file: string): 'spam' | 'ham' {
  if (label !== undefined) return label;
  throw new CliError(EXIT.usage, `${file}: nothing says whether this is spam or ham; add --label.`);
}

function summarise(
  { answered, taught, unchanged, refused, refusal }: Trainer | StoreTrainer,
  seconds: number,
): void {
  const perSecond = Math.round(answered / seconds);
  print(
    `Taught ${taught}, unchanged ${unchanged}, refused ${refused} in ${seconds.toFixed(1)} s (${perSecond}/s).`,
  );
  if (refused === 0) return;
  note(`the first refusal: ${refusal}`);
  process.exitCode = EXIT.badInput;
}
