import type { ServerColumns } from '../store/store.ts';
import { SCRIPT_AT, TOKEN_STRIDE } from '../store/token-words.ts';
import { SCRIPTS } from '../text/scripts.ts';
import { type Taken, TokenSums } from './token-sums.ts';

/** One reporter's part of a table, as far as it is remembered, to be taken out of what is looked up there. */
export class OwnShare {
  readonly #tokens = new TokenSums();
  /** Lessons by script; the first one is all of them. */
  readonly #scripts = { spam: new Float64Array(SCRIPTS), ham: new Float64Array(SCRIPTS) };
  readonly #without = { spam: new Float64Array(SCRIPTS), ham: new Float64Array(SCRIPTS) };

  constructor(lessons: readonly Taken[]) {
    for (const lesson of lessons) {
      this.#tokens.add(lesson, 1);
      const scripts = this.#scripts[lesson.label];
      const mask = maskOf(lesson.sids);
      for (let script = 0; script < SCRIPTS; script += 1)
        if (((mask >>> script) & 1) === 1) scripts[script] = (scripts[script] as number) + lesson.weight;
    }
  }

  takeOut(sids: Buffer, columns: ServerColumns): void {
    this.#tokens.applyTo(columns, sids, -1);
    // Copies: a look-up hands out the table's own.
    columns.spamByScript = less(columns.spamByScript, this.#scripts.spam, this.#without.spam);
    columns.hamByScript = less(columns.hamByScript, this.#scripts.ham, this.#without.ham);
    columns.spamTotal = columns.spamByScript[0] as number;
    columns.hamTotal = columns.hamByScript[0] as number;
  }
}

/** That of none is always among them. */
function maskOf(sids: Buffer): number {
  let mask = 1;
  for (let at = 0; at < sids.length; at += TOKEN_STRIDE) mask |= 1 << (sids[at + SCRIPT_AT] as number);
  return mask;
}

function less(totals: Float64Array, own: Float64Array, into: Float64Array): Float64Array {
  for (let script = 0; script < SCRIPTS; script += 1)
    into[script] = Math.max(0, (totals[script] as number) - (own[script] as number));
  return into;
}
