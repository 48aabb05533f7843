import type { Verb } from '../pnp/grammar.ts';

/** Verbs of SpamAssassin's protocol, and what each asks for in PNP: its right, its work and its count are that verb's [PNP-10.2]. */
export const SPAMC_VERBS = {
  CHECK: 'CHECK',
  SYMBOLS: 'SYMBOLS',
  REPORT: 'REPORT',
  REPORT_IFSPAM: 'REPORT',
  PROCESS: 'SYMBOLS',
  HEADERS: 'SYMBOLS',
  TELL: 'TELL',
  PING: 'PING',
  SKIP: 'SKIP',
} as const satisfies Readonly<Record<string, Verb>>;
export type SpamcVerb = keyof typeof SPAMC_VERBS;

export function isSpamcVerb(name: string): name is SpamcVerb {
  return Object.hasOwn(SPAMC_VERBS, name);
}

/** Whether a body may follow the head. */
export function takesBody(verb: SpamcVerb): boolean {
  return verb !== 'PING' && verb !== 'SKIP';
}

/** Whether headers and an empty line follow the request line: what came before SPAMC/1.1, before 1.5 of PING, sends none. */
export function takesHeaders(verb: SpamcVerb, version: number): boolean {
  if (verb === 'TELL') return true;
  return takesBody(verb) ? version > 1.0 : version >= 1.5;
}
