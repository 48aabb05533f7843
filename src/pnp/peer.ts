import { RIGHT_OF_VERB, type Right, type Verb } from './grammar.ts';

/** Who is at the other end: the listener that the connection came by, and what it may do. */
export interface Peer {
  /** Name of the listener, for logs. */
  readonly listener: string;
  readonly rights: ReadonlySet<Right>;
}

/** Whether a peer with these rights may use the verb [PNP-4]. */
export function permits(rights: ReadonlySet<Right>, verb: Verb): boolean {
  const needed = RIGHT_OF_VERB[verb];
  return needed === 'none' || rights.has(needed);
}
