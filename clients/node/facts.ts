import { Buffer } from 'node:buffer';
import { PnpError } from './pnp-error.ts';

/** The words of those facts that take one of a few [PNP-5.1]. */
export const FACT_WORDS = {
  direction: ['in', 'out'],
  roster: ['none', 'to', 'from', 'both', 'ask', 'room'],
  peerTLS: ['TLSv1.3', 'TLSv1.2', 'TLSv1.1', 'TLSv1', 'none'],
  peerAuth: ['external', 'dialback', 'c2s', 'component'],
  peerIdentity: ['valid', 'invalid'],
  policy: ['off', 'mark', 'junk', 'strangers-to-junk'],
} as const;
type Word<Fact extends keyof typeof FACT_WORDS> = (typeof FACT_WORDS)[Fact][number];

/** What the XMPP server knows of a stanza and of the stream that brought it. What is not known is left out. */
export interface StanzaFacts {
  /** JIDs of sender and recipient, where the stanza does not say them. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  /** `in`, to a local user, if not told. */
  readonly direction?: Word<'direction'> | undefined;
  /**
   * How the sender stands to the recipient: the subscription in the recipient's roster, `ask` for one that the recipient asked
   * for, `room` for a room that the recipient has joined.
   */
  readonly roster?: Word<'roster'> | undefined;
  /** True for an error that answers what the recipient sent. */
  readonly answers?: boolean | undefined;
  /** Domain that the sending server authenticated as. */
  readonly peerHost?: string | undefined;
  readonly peerIP?: string | undefined;
  readonly peerTLS?: Word<'peerTLS'> | undefined;
  readonly peerAuth?: Word<'peerAuth'> | undefined;
  /** `valid`, or `invalid; ` and why. */
  readonly peerChain?: string | undefined;
  /** Whether the certificate names the domain. */
  readonly peerIdentity?: Word<'peerIdentity'> | undefined;
  /** The certificate in DER. */
  readonly peerCert?: Uint8Array | undefined;
  /** What the sending server says of the account (XEP-0489). */
  readonly affiliation?: string | undefined;
  /** A contact of the recipient that the sender's JID looks like. */
  readonly lookalike?: string | undefined;
  /** The recipient's own choice. */
  readonly policy?: Word<'policy'> | undefined;
  /** The user's secret, 32 bytes: with every call about this user, or with none. */
  readonly userKey?: Uint8Array | undefined;
}

/** The header that carries each fact. */
export const HEADER_OF_FACT: Readonly<Record<keyof StanzaFacts, string>> = {
  from: 'From',
  to: 'To',
  direction: 'Direction',
  roster: 'Roster',
  answers: 'Answers',
  peerHost: 'Peer-Host',
  peerIP: 'Peer-IP',
  peerTLS: 'Peer-TLS',
  peerAuth: 'Peer-Auth',
  peerChain: 'Peer-Chain',
  peerIdentity: 'Peer-Identity',
  peerCert: 'Peer-Cert',
  affiliation: 'Affiliation',
  lookalike: 'Lookalike',
  policy: 'Policy',
  userKey: 'User-Key',
};

/** Facts as headers of a request. @throws PnpError `bad-request` for a fact that PNP has no header for */
export function factHeaders(facts: StanzaFacts): Readonly<Record<string, string | undefined>> {
  const headers: Record<string, string | undefined> = {};
  for (const [fact, value] of Object.entries(facts)) {
    const name = HEADER_OF_FACT[fact as keyof StanzaFacts];
    if (name === undefined)
      throw new PnpError('bad-request', `The call was not sent: there is no fact '${fact}'.`);
    headers[name] = headerValue(value);
  }
  return headers;
}

function headerValue(value: string | boolean | Uint8Array | undefined): string | undefined {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  return value === undefined ? undefined : String(value);
}
