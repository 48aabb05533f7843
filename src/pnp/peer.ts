import type { Right } from './grammar.ts';

/** What a caller may do. Live: who holds a grant sees what a reload makes of it, from the next request on. */
export interface Grant {
  rights: ReadonlySet<Right>;
  /** Canonical domains whose users may be asked for; undefined = all. */
  domains: ReadonlySet<string> | undefined;
}

/** Who is at the other end of a connection, and what it may do now. */
export interface Peer {
  /** Name of the listener, for logs. */
  readonly listener: string;
  /** What failed AUTHs are counted by: the IP address, or the name of a Unix socket. */
  readonly address: string;
  /** Of the listener, then of what the peer has proved to be. */
  grant: Grant;
  /** What keeps a peer from every right until it has proved who it is, and what to do about it. */
  unproven: string | undefined;
  /** It has asked for something that needs a right, or has sent AUTH: it is too late for AUTH [PNP-4]. */
  hasAsked: boolean;
}
