import type { CountColumns, LessonLabel, TableShare } from '../store/store.ts';
import { hasToken } from '../store/token-set.ts';
import { TOKEN_STRIDE } from '../store/token-words.ts';

const ID_BYTES = 8;

/** What a table takes, or has taken, of a lesson. */
export interface Taken extends TableShare {
  readonly label: LessonLabel;
  /** Stride 16. */
  readonly sids: Buffer;
}

/** What some lessons bring to tables, token by token. */
export class TokenSums {
  readonly #ofClass: Readonly<Record<LessonLabel, Map<string, number>>> = { spam: new Map(), ham: new Map() };

  /** @param table a name of its own for each that they are brought to. */
  add({ label, weight, sids, withheld }: Taken, sign: 1 | -1, table = ''): void {
    const sums = this.#ofClass[label];
    for (let at = 0; at < sids.length; at += TOKEN_STRIDE) {
      if (hasToken(withheld, at / TOKEN_STRIDE)) continue;
      const key = keyAt(sids, at, table);
      const sum = (sums.get(key) ?? 0) + sign * weight;
      if (sum > 0) sums.set(key, sum);
      else sums.delete(key);
    }
  }

  /** Adds them to counts that were looked up for these ids, or takes them out. */
  applyTo({ spam, ham }: CountColumns, sids: Buffer, sign: 1 | -1, table = ''): void {
    apply(this.#ofClass.spam, spam, sids, { sign, table });
    apply(this.#ofClass.ham, ham, sids, { sign, table });
  }
}

/** Less is there where the table had no room for a token, or it is not counted yet. */
function apply(
  sums: ReadonlyMap<string, number>,
  column: Uint32Array,
  sids: Buffer,
  { sign, table }: { readonly sign: 1 | -1; readonly table: string },
): void {
  if (sums.size === 0) return;
  for (let index = 0; index * TOKEN_STRIDE < sids.length; index += 1) {
    const sum = sums.get(keyAt(sids, index * TOKEN_STRIDE, table));
    if (sum !== undefined) column[index] = Math.max(0, (column[index] as number) + sign * sum);
  }
}

function keyAt(sids: Buffer, at: number, table: string): string {
  return table + sids.toString('latin1', at, at + ID_BYTES);
}
