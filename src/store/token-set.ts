/** Some of a lesson's tokens, a bit each by their places; the bytes end with the last one. */
export type TokenSet = Buffer;

export const NO_TOKENS: TokenSet = Buffer.alloc(0);

export function hasToken(set: TokenSet, index: number): boolean {
  return (((set[index >>> 3] ?? 0) >>> (index & 7)) & 1) === 1;
}

/** @param indexes ascending */
export function tokenSet(indexes: readonly number[]): TokenSet {
  const last = indexes.at(-1);
  if (last === undefined) return NO_TOKENS;
  const set = Buffer.alloc((last >>> 3) + 1);
  for (const index of indexes) set[index >>> 3] = (set[index >>> 3] as number) | (1 << (index & 7));
  return set;
}
