import type { ServerColumns } from '../store/store.ts';
import { addLesson, noLessons } from '../store/totals.ts';
import { SCRIPTS } from '../text/scripts.ts';
import { type Taken, TokenSums } from './token-sums.ts';

/** A lesson of the reporter, as a table has it. */
export interface OwnLesson extends Taken {
  /** As in `PastLesson`. */
  readonly scripts: number;
}

/** One reporter's part of a table, as far as it is remembered, to be taken out of what is looked up there. */
export class OwnShare {
  readonly #tokens = new TokenSums();
  readonly #totals = noLessons();
  /** The table's less these: a look-up hands out the table's own. */
  readonly #without = noLessons();

  constructor(lessons: readonly OwnLesson[]) {
    for (const lesson of lessons) {
      this.#tokens.add(lesson, 1);
      addLesson(this.#totals, lesson, 1);
    }
  }

  takeOut(sids: Buffer, columns: ServerColumns): void {
    this.#tokens.applyTo(columns, sids, -1);
    columns.spamByScript = less(columns.spamByScript, this.#totals.spam, this.#without.spam);
    columns.hamByScript = less(columns.hamByScript, this.#totals.ham, this.#without.ham);
    columns.spamTotal = columns.spamByScript[0] as number;
    columns.hamTotal = columns.hamByScript[0] as number;
  }
}

function less(totals: Float64Array, own: Float64Array, into: Float64Array): Float64Array {
  for (let script = 0; script < SCRIPTS; script += 1)
    into[script] = Math.max(0, (totals[script] as number) - (own[script] as number));
  return into;
}
