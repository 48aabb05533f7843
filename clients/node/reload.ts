import type { Answer } from './answer.ts';

/** What a RELOAD did: keys of the configuration, dotted. */
export interface Reloaded {
  /** They have taken their new values. */
  readonly changed: readonly string[];
  /** They differ from what is in force, and wait for a restart. */
  readonly restart: readonly string[];
  readonly answer: Answer;
}

export function readReloaded(answer: Answer): Reloaded {
  const lines = answer.body.toString('utf8').split('\r\n');
  const keys = (word: string) =>
    lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));
  return { changed: keys('changed'), restart: keys('restart'), answer };
}
