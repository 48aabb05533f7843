import { createRandom, createZipf, type Random } from './random.ts';
import { inventWord, joinWords, SCRIPTS, type Script } from './words.ts';

/** Whose phrase it is: said by spammers only, by others only, or by both. */
export const LEANINGS = ['spam', 'ham', 'both'] as const;
export type Leaning = (typeof LEANINGS)[number];

export interface PhraseBank {
  phrases(script: Script, leaning: Leaning): readonly string[];
  /** The few phrases of a list that one user's correspondents come back to. */
  own(user: number, script: Script, leaning: Leaning): readonly string[];
}

/** What the server and its users have learnt is phrases, so that word pairs come up again as they do in real talk. */
export function createPhraseBank(seed: number, phrasesMax: number): PhraseBank {
  const random = createRandom(seed);
  const listLength = Math.max(OWN_PER_LIST, Math.floor(phrasesMax / (SCRIPTS.length * LEANINGS.length)));
  const lists = new Map<string, readonly string[]>();
  for (const script of SCRIPTS) {
    const drawWord = vocabulary(random, script, 2 * listLength);
    for (const leaning of LEANINGS) {
      const phrase = (): string => joinWords(script, Array.from({ length: 2 + random.below(4) }, drawWord));
      lists.set(`${script}/${leaning}`, Array.from({ length: listLength }, phrase));
    }
  }
  const phrases = (script: Script, leaning: Leaning): readonly string[] => lists.get(`${script}/${leaning}`)!;
  const own = (user: number, script: Script, leaning: Leaning): readonly string[] => {
    const list = phrases(script, leaning);
    // Lists of neighbouring users overlap in part, as the talk of one server's users does.
    const start = (user * 13) % (list.length - OWN_PER_LIST + 1);
    return list.slice(start, start + OWN_PER_LIST);
  };
  return { phrases, own };
}

/** Per script and leaning: about 360 phrases a user, so that their features fit a table of 5,000. */
const OWN_PER_LIST = 20;

/** As in natural language: the commonest word is one of twenty-odd, not one of eight. */
const MANDELBROT_OFFSET = 2.7;

function vocabulary(random: Random, script: Script, size: number): () => string {
  const words = Array.from({ length: size }, () => inventWord(random, script));
  const rank = createZipf(random, size, MANDELBROT_OFFSET);
  return () => words[rank()]!;
}
