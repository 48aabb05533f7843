import type { CommandModule } from 'yargs';
import { loadConfig } from '../config/load.ts';
import { readTsv } from './corpus.ts';
import type { Judge } from './eval-judge.ts';
import { type EvalMetrics, evalMetrics, type Outcome } from './eval-metrics.ts';
import { CONFIG_OPTION } from './options.ts';
import { print, printJSON } from './print.ts';

type EvalArgs = {
  train: string | undefined;
  test: string;
  starter: boolean;
  json: boolean;
  config: string | undefined;
};
type Result = EvalMetrics & { readonly seconds: number };

/** Lessons taught at once: they share a commit. */
const LESSONS_AT_ONCE = 256;

export const evaluate: CommandModule<object, EvalArgs> = {
  command: 'eval',
  describe: 'Measure the filters on a corpus',
  builder: (yargs) =>
    yargs
      .option('test', { type: 'string', requiresArg: true, demandOption: true, describe: 'TSV to judge' })
      .option('train', { type: 'string', requiresArg: true, describe: 'TSV to learn from before' })
      .option('starter', {
        type: 'boolean',
        default: false,
        describe: 'Begin with the starter table, as the daemon does',
      })
      .option('json', { type: 'boolean', default: false, describe: 'One JSON object' })
      .options(CONFIG_OPTION)
      .epilogue(
        'It judges in this process with a store of its own, that knows nothing but the training file, and the starter table where it is asked for; the daemon and what ' +
          'it has learnt are left alone. Thresholds are the configured ones, unsure is not blocked, every line counts. ' +
          'A row is label<TAB>language<TAB>text.',
      )
      .example('$0 eval --train a --test b', 'Learn from one, judge the other'),
  handler: async (args) => {
    // Loaded here: the store and the filters are slow to load, and no other command needs them.
    const { createJudge } = await import('./eval-judge.ts');
    const { loadStarter } = await import('../store/starter.ts');
    const { config } = loadConfig(args.config);
    const judge = await createJudge(config, args.starter ? loadStarter(config.bayes.starter) : undefined);
    try {
      const result = await measure(judge, args);
      if (args.json) printJSON(rounded(result));
      else print(table(result));
    } finally {
      await judge.close();
    }
  },
};

async function measure(judge: Judge, { train, test }: EvalArgs): Promise<Result> {
  const started = performance.now();
  if (train !== undefined) {
    await teachAll(judge, train);
    await judge.settle();
  }
  const outcomes: Outcome[] = [];
  for await (const { label, text } of readTsv(test)) {
    const { verdict, total } = judge.judge(text);
    outcomes.push({ label, verdict, total });
  }
  return { ...evalMetrics(outcomes), seconds: (performance.now() - started) / 1_000 };
}

async function teachAll(judge: Judge, path: string): Promise<void> {
  let lessons: Promise<void>[] = [];
  for await (const { label, text } of readTsv(path)) {
    lessons.push(judge.teach(label, text));
    if (lessons.length < LESSONS_AT_ONCE) continue;
    await Promise.all(lessons);
    lessons = [];
  }
  await Promise.all(lessons);
}

function rounded(result: Result): object {
  return Object.fromEntries(Object.entries(result).map(([key, value]) => [key, round(value)]));
}

function round(value: number | null): number | null {
  return value === null ? null : Math.round(value * 10_000) / 10_000;
}

function table(result: Result): string {
  const percent = (value: number | null) => (value === null ? '-' : `${value.toFixed(2)} %`).padStart(9);
  const plain = (value: number | null, digits: number) =>
    (value === null ? '-' : value.toFixed(digits)).padStart(9);
  return [
    `messages              ${plain(result.n, 0)}`,
    `accuracy              ${percent(result.accuracy_pct)}`,
    `spam caught           ${percent(result.spam_caught_pct)}`,
    `ham blocked           ${percent(result.ham_blocked_pct)}`,
    `MCC                   ${plain(result.mcc, 3)}`,
    `1 - AUC               ${percent(result.one_minus_auc_pct)}`,
    `caught at 0.1 % ham   ${percent(result.spam_caught_at_ham_blocked_0_1_pct)}`,
    `unsure                ${percent(result.unsure_pct)}`,
    `seconds               ${plain(result.seconds, 1)}`,
  ].join('\n');
}
