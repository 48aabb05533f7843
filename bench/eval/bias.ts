import { join } from 'node:path';
import { readRows } from '../../packaging/starter/messages.ts';
import type { Config } from '../../src/config/schema.ts';
import { loadStarter, type Starter } from '../../src/store/starter.ts';
import { createRandom } from '../random.ts';
import type { Message } from '../rows.ts';
import { folds } from './folds.ts';
import { fromScratch, judgeAll, teachAll, withJudge } from './learn.ts';
import { progress } from './print.ts';
import { shuffled } from './shuffle.ts';

/** Messages of ham in English that are taught, in equal parts of these files. */
export const HAM_TAUGHT = 5_000;
const HAM_TAUGHT_FILES = ['train/irc-ham-en', 'train/tatoeba-ham-en'];
/** What one user teaches of each class, where the operator teaches nothing. */
export const USER_TAUGHT = 200;
const USER = 'user@bias.example';
const SEED = 1;
/** Most ham that may be `spam`, in percent. */
export const SPAM_MAX_PCT = 0.5;
/** Highest mean probability of ham. */
export const MEAN_PROBABILITY_MAX = 0.5;

/** Part of a file: messages of one class and one language. */
interface Part {
  readonly file: string;
  readonly lang: string;
  readonly label: 'spam' | 'ham';
}

/** Spam of one language that is taught, and ham of it and of its neighbours that is judged. */
interface Lesson {
  readonly spam: Part;
  readonly ham: readonly Part[];
}

const spam = (file: string, lang: string): Part => ({ file, lang, label: 'spam' });
const ham = (file: string, lang: string): Part => ({ file, lang, label: 'ham' });
const TATOEBA = 'eval/tatoeba-ham-multi';

const LESSONS: readonly Lesson[] = [
  {
    spam: spam('train/telegram-ru', 'ru'),
    ham: [ham('train/taiga-ham-ru', 'ru'), ham(TATOEBA, 'ru'), ham(TATOEBA, 'uk'), ham(TATOEBA, 'bg')],
  },
  {
    spam: spam('train/telegram-cas-multi', 'zh'),
    ham: [ham('eval/nus-ham-zh', 'zh'), ham(TATOEBA, 'zh'), ham(TATOEBA, 'yue')],
  },
  {
    spam: spam('train/telegram-cas-multi', 'tr'),
    ham: [ham('eval/turkish-sms-cluster.train', 'tr'), ham(TATOEBA, 'tr')],
  },
];

/** What was said of ham. */
export interface Said {
  readonly spam_pct: number;
  readonly mean_probability: number;
  readonly met: boolean;
}

export interface BiasReport {
  readonly taught: {
    readonly lang: string;
    readonly spam: number;
    readonly ham: number;
    /** Spam of that language caught when a fifth of it, and its near-duplicates, is held out; without starter, which knows all. */
    readonly spam_caught_held_out_pct: number;
  };
  readonly ham: { readonly file: string; readonly lang: string; readonly n: number };
  readonly without_starter: Said;
  readonly with_starter: Said;
  /** To a user who has taught so much spam of that language, and ham in English: with the starter. */
  readonly to_user: Said;
}

/**
 * Is a language learnt as evidence? Much ham in English and the spam of one other language are taught, as the operator's, and
 * nothing else: then ham of that language is judged. With the starter and without; and to a user who alone has taught a little
 * of both, with it. What is still caught of spam that was not
 * taught stands beside it: one who abstains on foreign languages would be without bias, and without use.
 */
export async function runBias(config: Config, corpora: string): Promise<BiasReport[]> {
  const english = englishHam(corpora);
  const starter = loadStarter(config.bayes.starter);
  const reports: BiasReport[] = [];
  for (const lesson of LESSONS) {
    progress(`bias, ${lesson.spam.lang}`);
    const taught = partOf(corpora, lesson.spam);
    const judged = lesson.ham.map((part) => partOf(corpora, part));
    const lessons = [...english, ...taught];
    const said = (table: Starter | undefined) => judgeHam({ config, starter: table, lessons, parts: judged });
    const [without, withIt] = [await said(undefined), await said(starter)];
    const few = [
      ...english.slice(0, USER_TAUGHT),
      ...shuffled(taught, createRandom(SEED)).slice(0, USER_TAUGHT),
    ];
    const toUser = await judgeHam({ config, starter, lessons: few, parts: judged, user: USER });
    const caught = await caughtHeldOut(config, english, taught);
    const { lang: taughtLang } = lesson.spam;
    const summary = { lang: taughtLang, spam: taught.length, ham: english.length };
    for (const [index, { file, lang }] of lesson.ham.entries())
      reports.push({
        taught: { ...summary, spam_caught_held_out_pct: caught },
        ham: { file, lang, n: judged[index]!.length },
        without_starter: without[index]!,
        with_starter: withIt[index]!,
        to_user: toUser[index]!,
      });
  }
  return reports;
}

interface Judging {
  readonly config: Config;
  readonly starter: Starter | undefined;
  readonly lessons: readonly Message[];
  readonly parts: readonly (readonly Message[])[];
  /** Who teaches, and gets what is judged; undefined: the operator, and nobody. */
  readonly user?: string;
}

function judgeHam({ config, starter, lessons, parts, user }: Judging): Promise<Said[]> {
  return withJudge(config, starter, async (judge) => {
    await teachAll(judge, lessons, user);
    return parts.map((part) => {
      const judged = judgeAll(judge, part, user);
      const spam = judged.filter(({ verdict }) => verdict === 'spam').length;
      const sum = judged.reduce((total, { probability }) => total + probability, 0);
      return saidOf((100 * spam) / judged.length, sum / judged.length);
    });
  });
}

/** In percent, over all parts. */
async function caughtHeldOut(
  config: Config,
  english: readonly Message[],
  taught: readonly Message[],
): Promise<number> {
  const parts = folds(taught);
  let caught = 0;
  for (const held of parts) {
    const rest = parts.filter((part) => part !== held).flat();
    const judged = await fromScratch(config, { train: [...english, ...rest], test: held });
    caught += judged.filter(({ verdict }) => verdict === 'spam').length;
  }
  return (100 * caught) / taught.length;
}

export function saidOf(spamPct: number, meanProbability: number): Said {
  const met = spamPct <= SPAM_MAX_PCT && meanProbability <= MEAN_PROBABILITY_MAX;
  return { spam_pct: spamPct, mean_probability: meanProbability, met };
}

function englishHam(corpora: string): Message[] {
  const random = createRandom(SEED);
  const each = HAM_TAUGHT / HAM_TAUGHT_FILES.length;
  const samples = HAM_TAUGHT_FILES.map((file) =>
    shuffled(readRows(join(corpora, `${file}.tsv`)), random).slice(0, each),
  );
  return shuffled(samples.flat(), random);
}

function partOf(corpora: string, { file, lang, label }: Part): Message[] {
  return readRows(join(corpora, `${file}.tsv`)).filter((row) => row.lang === lang && row.label === label);
}
