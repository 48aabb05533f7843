import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CORPORA, type Row, readRows } from '../../packaging/starter/messages.ts';
import { createMessages } from '../generator.ts';
import { createPhraseBank } from '../phrases.ts';
import { createRandom } from '../random.ts';
import { SMALL } from './stores.ts';

/** What texts are judged, and what was taught before. */
export interface Texts {
  readonly lessons: readonly Pick<Row, 'label' | 'text'>[];
  /** All different, of a length that messages typically have. */
  readonly judged: readonly string[];
  readonly source: string;
}

/** UTF-16 units of a typical message. */
const UNITS_MIN = 80;
const UNITS_MAX = 150;
const JUDGED = 8_000;
const LESSONS = 40_000;
/** Of the corpora those that teach, and those that are judged: many languages, as many of each as there are. */
const TAUGHT = ['irc-ham-en', 'sms-en', 'sms-th', 'tatoeba-ham-multi', 'telegram-ru', 'telegram-cas-multi'];
const HELD_OUT = [
  'irc-ham-en',
  'nus-ham-en',
  'nus-ham-zh',
  'tatoeba-ham-multi',
  'turkish-sms-cluster.test',
  'sms-deanon-cluster.test',
];

/** Real messages where the corpora are at hand, invented ones elsewhere. */
export function textsOf(folder: string = CORPORA): Texts {
  return existsSync(folder) ? realTexts(folder) : inventedTexts();
}

function realTexts(folder: string): Texts {
  const rows = (files: readonly string[]) => files.flatMap((file) => readRows(join(folder, `${file}.tsv`)));
  const taught = rows([
    ...TAUGHT.map((name) => `train/${name}`),
    'eval/turkish-sms-cluster.train',
    'eval/chinese-chat-cluster.train',
  ]);
  const spam = taught.filter(({ label }) => label === 'spam');
  const ham = taught.filter(({ label }) => label === 'ham');
  const judged = rows(HELD_OUT.map((name) => `eval/${name}`)).map(({ text }) => text);
  const lessons = [...spam, ...some(ham, LESSONS - spam.length)];
  return { lessons: some(lessons, LESSONS), judged: typical(judged), source: 'corpora' };
}

function inventedTexts(): Texts {
  const messages = createMessages(createPhraseBank(SMALL.seed, 20_000), SMALL.seed, 1);
  const lessons = Array.from({ length: LESSONS }, () => messages.fresh()).map(
    ({ spam, text }) => ({ label: spam ? 'spam' : 'ham', text }) as const,
  );
  const judged = Array.from({ length: 8 * JUDGED }, () => messages.fresh().text);
  return { lessons, judged: typical(judged), source: 'invented' };
}

function typical(texts: readonly string[]): string[] {
  const fitting = texts.filter(({ length }) => length >= UNITS_MIN && length <= UNITS_MAX);
  // Each in memory of its own, as they come from a stanza: no part of a whole file.
  return some([...new Set(fitting)], JUDGED).map((text) => Buffer.from(text).toString());
}

/** As many as there are at most, in an order that is always the same. */
function some<T>(all: readonly T[], count: number): T[] {
  const random = createRandom(SMALL.seed);
  const shuffled = all.map((each) => ({ each, place: random.below(2 ** 32) }));
  return shuffled
    .sort((one, other) => one.place - other.place)
    .slice(0, count)
    .map(({ each }) => each);
}
