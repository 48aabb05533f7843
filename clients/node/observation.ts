import { factHeaders, type StanzaFacts } from './facts.ts';
import type { RequestHeaders } from './request.ts';

/** What OBSERVE may tell: of these a daemon learns, as far as HELLO lists them. */
export const EVENT_WORDS = ['replied', 'rostered', 'released', 'sample'] as const;

/** Something that the server saw happen between a local user and somebody else. */
export interface Observation {
  /** One of `EVENT_WORDS`, or another event of the specification. */
  readonly event: string;
  /** JID of the local user; of a sample that goes out, and of what is about no user, undefined. */
  readonly user?: string | undefined;
  /** JID of the other one. */
  readonly from?: string | undefined;
  /** The `Trace` of the stanza that it is about, where it is known. */
  readonly trace?: string | undefined;
  /** Of a sample the stanza, and of no other event. */
  readonly stanza?: string | Uint8Array | undefined;
  readonly facts?: StanzaFacts | undefined;
}

export function observationHeaders({ event, user, from, trace, facts = {} }: Observation): RequestHeaders {
  const told = factHeaders(facts);
  return { ...told, Event: event, From: from ?? told['From'], To: user ?? told['To'], Trace: trace };
}
