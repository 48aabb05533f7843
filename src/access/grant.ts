import { canonicalJID } from '../model/jid.ts';
import type { Right } from '../pnp/grammar.ts';
import type { Grant } from '../pnp/peer.ts';

/** How the configuration writes a grant. */
export interface GrantConfig {
  readonly rights: readonly Right[];
  /** Empty: all. */
  readonly domains: readonly string[];
}

export function grantOf({ rights, domains }: GrantConfig): Grant {
  return {
    rights: new Set(rights),
    domains: domains.length === 0 ? undefined : new Set(domains.map(canonicalJID)),
  };
}

/** A grant that gives nothing. */
export function nothing(): Grant {
  return { rights: new Set(), domains: undefined };
}
