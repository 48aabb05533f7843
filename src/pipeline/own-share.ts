import type { PastLesson, ServerColumns } from '../store/store.ts';
import { hasToken } from '../store/token-set.ts';
import { SCRIPTS } from '../text/scripts.ts';

const ID_STRIDE = 16;
const ID_BYTES = 8;
const SCRIPT_AT = 8;

/** What one reporter's last lessons brought to a class of the server's table. */
interface ClassShare {
  /** By token id. */
  readonly tokens: Map<string, number>;
  /** By script; the first one is all lessons. */
  readonly scripts: Float64Array;
}

/** One reporter's part of the server's table, as far as it is remembered, to be taken out of what is looked up there. */
export class OwnShare {
  readonly #spam: ClassShare;
  readonly #ham: ClassShare;

  constructor(lessons: readonly PastLesson[]) {
    this.#spam = shareOf(lessons.filter(({ label }) => label === 'spam'));
    this.#ham = shareOf(lessons.filter(({ label }) => label === 'ham'));
  }

  takeOut(sids: Buffer, columns: ServerColumns): void {
    takeFrom(columns.spam, sids, this.#spam);
    takeFrom(columns.ham, sids, this.#ham);
    columns.spamByScript = less(columns.spamByScript, this.#spam);
    columns.hamByScript = less(columns.hamByScript, this.#ham);
    columns.spamTotal = columns.spamByScript[0] as number;
    columns.hamTotal = columns.hamByScript[0] as number;
  }
}

function shareOf(lessons: readonly PastLesson[]): ClassShare {
  const tokens = new Map<string, number>();
  const scripts = new Float64Array(SCRIPTS);
  for (const { weight, sids, withheld } of lessons) {
    let mask = 1;
    for (let at = 0; at < sids.length; at += ID_STRIDE) {
      mask |= 1 << (sids[at + SCRIPT_AT] as number);
      if (hasToken(withheld, at / ID_STRIDE)) continue;
      const key = keyAt(sids, at);
      tokens.set(key, weight + (tokens.get(key) ?? 0));
    }
    for (let script = 0; script < SCRIPTS; script += 1)
      if (((mask >>> script) & 1) === 1) scripts[script] = (scripts[script] as number) + weight;
  }
  return { tokens, scripts };
}

/** Less is there where the table had no room for a token, or it is not counted yet. */
function takeFrom(column: Uint32Array, sids: Buffer, { tokens }: ClassShare): void {
  if (tokens.size === 0) return;
  for (let index = 0; index * ID_STRIDE < sids.length; index += 1) {
    const own = tokens.get(keyAt(sids, index * ID_STRIDE));
    if (own !== undefined) column[index] = Math.max(0, (column[index] as number) - own);
  }
}

/** A copy: a look-up hands out the table's own. */
function less(totals: Float64Array, { scripts }: ClassShare): Float64Array {
  return totals.map((total, script) => Math.max(0, total - (scripts[script] as number)));
}

function keyAt(sids: Buffer, at: number): string {
  return sids.toString('latin1', at, at + ID_BYTES);
}
