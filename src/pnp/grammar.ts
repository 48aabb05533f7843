/**
 * The wire grammar of PNP as constants: `protocol-spec.md` is its home, `test/spec.test.ts` holds the two against each
 * other both ways. Nothing here acts.
 */
import type { StatusName } from '../errors.ts';

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
  'TOKENS',
  'LESSONS',
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
  TOKENS: 'admin',
  LESSONS: 'admin',
};

/** What OBSERVE may tell [PNP-4.9]. Known from the first release; what is not used yet is answered so. */
export const EVENTS = [
  'replied',
  'rostered',
  'released',
  'sample',
  'blocked',
  'unblocked',
  'reported',
  'caps',
  'vcard',
  'affiliation',
  'registered',
] as const;
export type Event = (typeof EVENTS)[number];

/** Request headers that a verb of this release reads; unknown ones are ignored [PNP-5.1]. */
export const REQUEST_HEADERS = [
  'Content-Length',
  'Id',
  'Deadline',
  'From',
  'To',
  'Direction',
  'Roster',
  'Answers',
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
  'New-User-Key',
  'Message-Class',
  'Set',
  'Remove',
  'Reporter',
  'Trace',
  'Credential',
  'Event',
  'Act',
] as const;
export type RequestHeader = (typeof REQUEST_HEADERS)[number];

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
  'Wants',
  'DidSet',
  'DidRemove',
  'Unchanged',
  'Lessons',
  'Changed',
  'Restart',
  'Server',
  'Verbs',
  'Events',
  'Rights',
  'Domains',
  'Auth',
  'Head-Bytes-Max',
  'Headers-Max',
  'Body-Bytes-Max',
  'In-Flight-Max',
  'Idle-Seconds-Max',
  'Head-Seconds-Max',
] as const;
export type AnswerHeader = (typeof ANSWER_HEADERS)[number];

export const ID_PATTERN = /^[A-Za-z0-9._-]{1,32}$/;

/**
 * The stable words of the `Error` header and the status that goes with each [PNP-6.2]. A word is never given another
 * meaning; its sentence may change.
 */
export const ERROR_WORDS = {
  'bad-request-line': 'EX_PROTOCOL',
  'bad-version': 'EX_PROTOCOL',
  http: 'EX_PROTOCOL',
  'bad-head': 'EX_PROTOCOL',
  'head-too-long': 'EX_PROTOCOL',
  'too-many-headers': 'EX_PROTOCOL',
  'no-length': 'EX_PROTOCOL',
  'bad-length': 'EX_PROTOCOL',
  'body-too-long': 'EX_PROTOCOL',
  truncated: 'EX_PROTOCOL',
  'slow-request': 'EX_TIMEOUT',
  'too-many-connections': 'EX_TEMPFAIL',
  'bad-id': 'EX_USAGE',
  'id-in-flight': 'EX_USAGE',
  'unknown-verb': 'EX_USAGE',
  'repeated-header': 'EX_USAGE',
  'bad-deadline': 'EX_USAGE',
  'no-right': 'EX_NOPERM',
  'foreign-domain': 'EX_NOPERM',
  'bad-credential': 'EX_NOPERM',
  'late-auth': 'EX_USAGE',
  'too-many-failures': 'EX_TEMPFAIL',
  'queue-full': 'EX_TEMPFAIL',
  deadline: 'EX_TIMEOUT',
  internal: 'EX_SOFTWARE',
  'not-served': 'EX_UNAVAILABLE',
  'bad-jid': 'EX_DATAERR',
  'bad-roster': 'EX_DATAERR',
  contradiction: 'EX_DATAERR',
  'too-large': 'EX_DATAERR',
  'bad-utf8': 'EX_DATAERR',
  'bad-xml': 'EX_DATAERR',
  'forbidden-xml': 'EX_DATAERR',
  'too-deep': 'EX_DATAERR',
  'too-many-attributes': 'EX_DATAERR',
  'too-many-elements': 'EX_DATAERR',
  'not-a-stanza': 'EX_DATAERR',
  'bad-user-key': 'EX_DATAERR',
  'wrong-key': 'EX_NOPERM',
  'no-new-key': 'EX_USAGE',
  'too-many-lessons': 'EX_UNAVAILABLE',
  rekeying: 'EX_TEMPFAIL',
  'bad-direction': 'EX_DATAERR',
  'unknown-class': 'EX_USAGE',
  'no-class': 'EX_USAGE',
  'set-and-remove': 'EX_USAGE',
  'nothing-to-do': 'EX_USAGE',
  'unknown-act': 'EX_USAGE',
  'bad-lines': 'EX_DATAERR',
  'other-secret': 'EX_DATAERR',
  'other-schema': 'EX_DATAERR',
  'unknown-place': 'EX_USAGE',
  'no-reporter': 'EX_USAGE',
  'no-user': 'EX_USAGE',
  'no-event': 'EX_USAGE',
  'unknown-event': 'EX_USAGE',
  'no-sender': 'EX_USAGE',
  'unread-body': 'EX_USAGE',
  'not-wanted': 'EX_UNAVAILABLE',
  encrypted: 'EX_DATAERR',
  'trace-and-body': 'EX_USAGE',
  'trace-expired': 'EX_NOINPUT',
  'too-old': 'EX_NOINPUT',
  'store-degraded': 'EX_TEMPFAIL',
  'bad-config': 'EX_CONFIG',
} as const satisfies Readonly<Record<string, StatusName>>;
export type ErrorWord = keyof typeof ERROR_WORDS;
