import { PnpError } from './pnp-error.ts';

/** What the XMPP server knows of a stanza and of the stream that brought it. What is not known is left out. */
export interface StanzaFacts {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly direction?: 'in' | 'out' | undefined;
  /** The subscription to the sender in the recipient's roster: `none`, `to`, `from`, `both`. */
  readonly roster?: string | undefined;
  /** `true` where an error answers what the recipient sent. */
  readonly answers?: string | undefined;
  readonly peerHost?: string | undefined;
  readonly peerIP?: string | undefined;
  readonly peerTLS?: string | undefined;
  readonly peerAuth?: string | undefined;
  readonly peerChain?: string | undefined;
  readonly peerIdentity?: string | undefined;
  readonly peerCert?: string | undefined;
  readonly affiliation?: string | undefined;
  readonly lookalike?: string | undefined;
  readonly policy?: string | undefined;
  readonly userKey?: string | undefined;
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
    headers[name] = value;
  }
  return headers;
}
