import type { TableSizes } from '../tables.ts';

/** A store that fits into the caches of a processor, nearly: what a verdict costs beside it is the text's own cost. */
export const SMALL: TableSizes = { serverTokens: 10_000, userTokens: 3_000, users: 10, seed: 1 };

/** Ten million tokens of 100,000 users. Few of them teach much, and get most of the mail; the rest have reported twice. */
export const LARGE: TableSizes = {
  serverTokens: 2_100_000,
  userTokens: 3_000,
  users: 1_000,
  quiet: { users: 99_000, tokens: 50 },
  seed: 1,
};

/** What a start has to load within a second. */
export const MILLION: TableSizes = { serverTokens: 1_000_000, userTokens: 3_000, users: 10, seed: 1 };

/** Tokens of all tables. */
export function tokensOf({ serverTokens, userTokens, users, quiet }: TableSizes): number {
  return serverTokens + users * userTokens + (quiet === undefined ? 0 : quiet.users * quiet.tokens);
}

export function usersOf({ users, quiet }: TableSizes): number {
  return users + (quiet?.users ?? 0);
}
