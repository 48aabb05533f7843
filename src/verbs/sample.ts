import { bareJID, canonicalJID } from '../model/jid.ts';
import type { Direction, Sample, StreamFacts } from '../model/sample.ts';
import { type RequestFacts, sampleOf, sampleOfStanza } from '../model/stanza.ts';
import type { RequestHeader } from '../pnp/grammar.ts';
import { refusal } from '../pnp/refusal.ts';
import type { Request } from '../pnp/request.ts';
import { readUserKey, USER_KEY_BYTES } from '../pnp/user-key.ts';
import type { User } from '../store/store.ts';
import type { Context } from './context.ts';

/** Longest word taken from a stream fact; the rest cannot matter. */
const FACT_CHARACTERS_MAX = 64;
const TLS_VERSIONS = ['TLSv1.3', 'TLSv1.2', 'TLSv1.1', 'TLSv1', 'none'];
const AUTH_WORDS = ['external', 'dialback', 'c2s', 'component'];

/** The request's stanza with its stream facts. @throws RequestError 65 where either cannot be used. */
export function sampleOfRequest(request: Request): Sample {
  const { stanza } = request;
  const facts: RequestFacts = {
    from: request.header('From'),
    to: request.header('To'),
    roster: request.header('Roster'),
    answers: request.header('Answers') === 'true',
    direction: directionOf(request),
    stream: streamOf(request),
  };
  return stanza === undefined ? sampleOf(request.body, facts) : sampleOfStanza(stanza, facts);
}

/** The local user whose table judges and learns: the recipient of what comes in; none for what goes out. */
export function userOf(sample: Sample, request: Request, context: Context): User | undefined {
  if (sample.recipient === undefined || sample.direction === 'out') return undefined;
  return context.store.users.open(bareJID(sample.recipient), userKeyOf(request));
}

/** As `userOf`, but of a user that nothing is known of nothing is written down either. */
export function knownUserOf(sample: Sample, request: Request, context: Context): User | undefined {
  if (sample.recipient === undefined || sample.direction === 'out') return undefined;
  return context.store.users.find(bareJID(sample.recipient), userKeyOf(request));
}

/** A local user named by a header. */
export function openUser(jid: string, request: Request, context: Context): User {
  return context.store.users.open(bareJID(canonicalJID(jid)), userKeyOf(request));
}

/** The key that the XMPP server holds for the user; undefined: the daemon's own. */
export function userKeyOf(request: Request): Buffer | undefined {
  const text = request.header('User-Key');
  return text === undefined ? undefined : userKeyIn(text, 'User-Key');
}

/** @throws RequestError 65, which does not say what was there */
export function userKeyIn(text: string, header: RequestHeader): Buffer {
  const key = readUserKey(text);
  if (key === undefined) throw refusal('bad-user-key', `${header} is ${USER_KEY_BYTES} bytes in base64`);
  return key;
}

function directionOf(request: Request): Direction {
  const direction = request.header('Direction') ?? 'in';
  if (direction === 'in' || direction === 'out') return direction;
  throw refusal('bad-direction', 'Direction is "in" or "out"');
}

function streamOf(request: Request): StreamFacts {
  return {
    host: word(request.header('Peer-Host')),
    ip: word(request.header('Peer-IP')),
    tls: oneOf(request.header('Peer-TLS'), TLS_VERSIONS),
    auth: oneOf(request.header('Peer-Auth'), AUTH_WORDS),
    chain: word(request.header('Peer-Chain')),
    identity: word(request.header('Peer-Identity')),
  };
}

function word(value: string | undefined): string | undefined {
  return value?.slice(0, FACT_CHARACTERS_MAX);
}

/** In any case of letters; a word that is not known says nothing, as if it were not told. */
function oneOf(value: string | undefined, words: readonly string[]): string | undefined {
  if (value === undefined || words.includes(value)) return value;
  const lower = value.toLowerCase();
  return words.find((known) => known.toLowerCase() === lower);
}
