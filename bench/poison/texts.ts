import { readFileSync } from 'node:fs';
import { shuffled } from '../eval/shuffle.ts';
import { createRandom, createZipf, type Random } from '../random.ts';
import { inventWord } from '../words.ts';

/** What people write and what they are sent. */
export interface Texts {
  /** Another ordinary message each time. */
  ham(): string;
  /** One more copy of a spam campaign, some of its words changed. */
  spam(campaign: number): string;
  /** Words that people use together, which colluders want to be spam. */
  readonly phrase: string;
  /** One whole message with it. */
  readonly message: string;
}

export const CAMPAIGNS = 25;
/** Part of a campaign's words that each copy has changed. */
const MUTATED = 0.15;
/** Of the words that a language has (Mandelbrot), so that the commonest is one of twenty-odd. */
const MANDELBROT_OFFSET = 2.7;
const COMMON_WORDS = 400;
const TALK_WORDS = 2_000;
const SPAM_WORDS = 500;
const PHRASE = 'choir practice in the old library';

/** Invented words, as common as those of a language: a few in most messages, most in few. */
export function inventedTexts(seed: number): Texts {
  const random = createRandom(seed);
  const common = vocabulary(random, COMMON_WORDS);
  const talk = vocabulary(random, TALK_WORDS);
  const pitch = vocabulary(random, SPAM_WORDS);
  const text = (word: () => string) =>
    Array.from({ length: 6 + random.below(9) }, () => (random.chance(0.5) ? common() : word())).join(' ');
  const templates = Array.from({ length: CAMPAIGNS }, () => `${text(pitch)} ${text(pitch)}`);
  const phrase = Array.from({ length: 4 }, talk).join(' ');
  return {
    ham: () => text(talk),
    spam: (campaign) => mutated(templates[campaign]!, random, pitch),
    phrase,
    message: `${text(talk)} ${phrase} ${text(talk)}`,
  };
}

/** Rows of a corpus, in place: `label<TAB>lang<TAB>text`. */
export function corpusTexts(path: string, seed: number): Texts {
  const random = createRandom(seed);
  const rows = readFileSync(path, 'utf8')
    .split('\n')
    .map((row) => row.split('\t'));
  const of = (label: string) =>
    shuffled(
      rows.filter((row) => row[0] === label).map((row) => row[2]!),
      random,
    );
  const ham = of('ham');
  const templates = of('spam');
  if (ham.length === 0 || templates.length < CAMPAIGNS)
    throw new Error(`${path} needs ham, and spam of at least ${CAMPAIGNS} messages`);
  const word = () => random.pick(random.pick(templates).split(' '));
  const message = `${ham.pop()} ${PHRASE} ${ham.pop()}`;
  let next = 0;
  return {
    ham: () => ham[next++ % ham.length]!,
    spam: (campaign) => mutated(templates[campaign]!, random, word),
    phrase: PHRASE,
    message,
  };
}

function vocabulary(random: Random, size: number): () => string {
  const words = Array.from({ length: size }, () => inventWord(random, 'latin'));
  const rank = createZipf(random, size, MANDELBROT_OFFSET);
  return () => words[rank()]!;
}

function mutated(template: string, random: Random, word: () => string): string {
  return template
    .split(' ')
    .map((each) => (random.chance(MUTATED) ? word() : each))
    .join(' ');
}
