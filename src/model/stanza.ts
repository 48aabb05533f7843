import { RequestError } from '../errors.ts';
import type { Direction, Sample, SampleKind, StreamFacts } from './sample.ts';
import { agreedJID, inviterOf, isSelf } from './stanza-parties.ts';
import { childrenOf, MUC_INVITATION, MUC_USER, type StanzaTexts, textsOf } from './stanza-texts.ts';
import { attributeOf, parseStanza, type XMLElement } from './xml.ts';

/** What the request's headers say beside the stanza: plain values, trimmed. */
export interface RequestFacts {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  /** `in` if not told: from a stranger to a local user. */
  readonly direction?: Direction | undefined;
  /** How the sender stands to the recipient: one of `ROSTER_WORDS`; `none` if not told. */
  readonly roster?: string | undefined;
  /** The server knows that this stanza answers one that the recipient sent: an error is then not judged. */
  readonly answers?: boolean | undefined;
  readonly stream: StreamFacts;
}

/**
 * Values of `Roster`: the subscription states of RFC 6121, `ask` for a subscription that the recipient asked for, `room`
 * for a room that the recipient has joined.
 */
export const ROSTER_WORDS = ['none', 'to', 'from', 'both', 'ask', 'room'] as const;

const NO_TEXTS: StanzaTexts = { texts: [], encryption: 'none', cloaked: false, isTest: false };

/**
 * Reads the body of a request as a sample. A word that a client cannot understand as a message type is `normal` (RFC 6121
 * §5.2.2); what is neither message, invitation nor subscription is `other`, without texts.
 * @throws RequestError as `parseStanza` and `canonicalJID`; `contradiction` where a header names another JID than the
 * stanza; `bad-roster`
 */
export function sampleOf(bytes: Uint8Array, facts: RequestFacts): Sample {
  return sampleOfStanza(parseStanza(bytes), facts);
}

/** As `sampleOf`, of what has been read already. */
export function sampleOfStanza(stanza: XMLElement, facts: RequestFacts): Sample {
  const sender = agreedJID('From', facts.from, attributeOf(stanza, 'from'));
  const recipient = agreedJID('To', facts.to, attributeOf(stanza, 'to'));
  const kind = kindOf(stanza);
  const { texts, encryption, cloaked, isTest } = kind === 'other' ? NO_TEXTS : textsOf(stanza, sender);
  return {
    kind,
    direction: facts.direction ?? 'in',
    subject: kind === 'invitation' ? inviterOf(stanza, sender) : sender,
    sender,
    recipient,
    texts,
    encryption,
    cloaked,
    isTest,
    stream: facts.stream,
    bypass: bypassOf(attributeOf(stanza, 'type'), facts, isSelf(sender, recipient)),
  };
}

function kindOf(stanza: XMLElement): SampleKind {
  const type = attributeOf(stanza, 'type');
  if (stanza.name === 'presence') {
    return type === 'subscribe' ? 'subscription' : 'other';
  }
  if (stanza.name !== 'message') {
    return 'other';
  }
  // An error brings back what was sent; it invites nobody.
  return type !== 'error' && stanza.children.some(invites) ? 'invitation' : 'message';
}

function invites(x: XMLElement | string): boolean {
  if (typeof x === 'string' || x.name !== 'x') {
    return false;
  }
  return x.ns === MUC_INVITATION || (x.ns === MUC_USER && childrenOf(x, 'invite').length > 0);
}

function bypassOf(type: string | undefined, facts: RequestFacts, self: boolean): string | undefined {
  const roster = facts.roster ?? 'none';
  if (!ROSTER_WORDS.some((word) => word === roster)) {
    throw new RequestError('EX_DATAERR', 'bad-roster', `Roster is one of ${ROSTER_WORDS.join(', ')}.`);
  }
  if (self) {
    return 'self';
  }
  if (roster === 'room') {
    // What an occupant sends to one user alone is a stranger's word.
    return type === 'groupchat' ? 'joined-room' : undefined;
  }
  if (roster !== 'none') {
    return 'roster';
  }
  return type === 'error' && facts.answers === true ? 'error-answer' : undefined;
}
