/**
 * The wire grammar of PNP as constants: `protocol-spec.md` is its home, `test/spec.test.ts` holds the two against each
 * other both ways. Nothing here acts.
 */
export { STATUS, type StatusName } from '../errors.ts';

export const PROTOCOL = 'PNP/1.0';
export const PROTOCOL_MAJOR = 1;

/** Every verb of PNP/1.x. What this release does not serve yet answers 69; HELLO lists what it serves [PNP-4]. */
export const VERBS = [
  'HELLO',
  'PING',
  'CHECK',
  'SYMBOLS',
  'REPORT',
  'TELL',
  'SKIP',
  'STATS',
  'OBSERVE',
  'REGISTER',
  'JUNK',
  'WATCH',
  'KARMA',
  'FORGET',
  'EXPORT',
  'REKEY',
  'RELOAD',
  'AUTH',
] as const;
export type Verb = (typeof VERBS)[number];

/** Rights of a listener or credential (design: check, learn, users, admin). */
export const RIGHTS = ['check', 'learn', 'users', 'admin'] as const;
export type Right = (typeof RIGHTS)[number];

/** The right that a verb needs [PNP-4]. */
export const RIGHT_OF_VERB: Readonly<Record<Verb, Right | 'none'>> = {
  HELLO: 'none',
  PING: 'none',
  SKIP: 'none',
  AUTH: 'none',
  CHECK: 'check',
  SYMBOLS: 'check',
  REPORT: 'check',
  TELL: 'learn',
  OBSERVE: 'learn',
  REGISTER: 'learn',
  JUNK: 'users',
  FORGET: 'users',
  EXPORT: 'users',
  REKEY: 'users',
  WATCH: 'users',
  KARMA: 'admin',
  STATS: 'admin',
  RELOAD: 'admin',
};

/** Request headers that a verb of this release reads; unknown ones are ignored [PNP-5.1]. */
export const REQUEST_HEADERS = [
  'Content-Length',
  'Id',
  'Deadline',
  'From',
  'To',
  'Direction',
  'Roster',
  'Peer-Host',
  'Peer-IP',
  'Peer-TLS',
  'Peer-Auth',
  'Peer-Chain',
  'Peer-Identity',
  'Peer-Cert',
  'Affiliation',
  'Lookalike',
  'Policy',
  'User-Key',
  'Message-Class',
  'Set',
  'Remove',
  'Reporter',
  'Trace',
] as const;

/** Answer headers [PNP-5.2]. */
export const ANSWER_HEADERS = [
  'Content-Length',
  'Id',
  'Error',
  'Spam',
  'Verdict',
  'Action',
  'Probability',
  'Trace',
  'Symbol',
  'Abstained',
  'DidSet',
  'DidRemove',
  'Unchanged',
  'Server',
  'Verbs',
  'Rights',
  'Head-Bytes-Max',
  'Headers-Max',
  'Body-Bytes-Max',
  'In-Flight-Max',
  'Idle-Seconds-Max',
  'Head-Seconds-Max',
] as const;

export const ID_PATTERN = /^[A-Za-z0-9._-]{1,32}$/;
