import type { CountColumns, LessonLabel, TableShare } from '../store/store.ts';
import { hasToken } from '../store/token-set.ts';
import { STRIDE_WORDS, TOKEN_STRIDE, tokenWords } from '../store/token-words.ts';

/** What a table takes, or has taken, of a lesson. */
export interface Taken extends TableShare {
  readonly label: LessonLabel;
  /** Stride 16. */
  readonly sids: Buffer;
}

/** By token, for each class. */
type Sums = Readonly<Record<LessonLabel, Map<number, number>>>;

/** What some lessons bring to tables, token by token. */
export class TokenSums {
  readonly #byTable = new Map<string, Sums>();

  /** @param table a name of its own for each that they are brought to. */
  add({ label, weight, sids, withheld }: Taken, sign: 1 | -1, table = ''): void {
    const all = this.#byTable.get(table) ?? { spam: new Map(), ham: new Map() };
    const sums = all[label];
    const count = sids.length / TOKEN_STRIDE;
    const words = tokenWords(sids, count);
    for (let index = 0; index < count; index += 1) {
      if (hasToken(withheld, index)) continue;
      const key = keyAt(words, index);
      const sum = (sums.get(key) ?? 0) + sign * weight;
      if (sum > 0) sums.set(key, sum);
      else sums.delete(key);
    }
    if (all.spam.size + all.ham.size > 0) this.#byTable.set(table, all);
    else this.#byTable.delete(table);
  }

  /** Adds them to counts that were looked up for these ids, or takes them out. */
  applyTo({ spam, ham }: CountColumns, sids: Buffer, sign: 1 | -1, table = ''): void {
    const sums = this.#byTable.get(table);
    if (sums === undefined) return;
    const count = sids.length / TOKEN_STRIDE;
    const words = tokenWords(sids, count);
    for (let index = 0; index < count; index += 1) {
      const key = keyAt(words, index);
      spam[index] = moved(spam[index] as number, sign, sums.spam.get(key));
      ham[index] = moved(ham[index] as number, sign, sums.ham.get(key));
    }
  }
}

/** Less is there where the table had no room for a token, or it is not counted yet. */
function moved(count: number, sign: 1 | -1, sum = 0): number {
  return Math.max(0, count + sign * sum);
}

/** 53 of an id's 64 bits, as a number: to make a string of each would take longer than all the rest. */
function keyAt(words: Int32Array, index: number): number {
  const at = STRIDE_WORDS * index;
  return ((words[at] as number) >>> 0) * 2 ** 21 + ((words[at + 1] as number) >>> 11);
}
