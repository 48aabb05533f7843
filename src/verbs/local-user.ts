import { domainOf, type JID } from '../model/jid.ts';
import type { Sample } from '../model/sample.ts';
import type { Grant } from '../pnp/peer.ts';
import { refusal } from '../pnp/refusal.ts';

/**
 * Refuses a request about a local user of a domain that the peer may not ask for [PNP-4]. Nobody's request may be made by all.
 * @throws RequestError `foreign-domain`
 */
export function requireDomain(grant: Grant, user: JID | undefined): void {
  if (grant.domains === undefined || user === undefined || grant.domains.has(domainOf(user))) return;
  throw refusal(
    'foreign-domain',
    'The local user is of a domain that you may not ask for; HELLO lists yours',
  );
}

/** Whose account it is: the recipient of what comes in, the sender of what goes out. */
export function localUserOf({ direction, recipient, sender }: Sample): JID | undefined {
  return direction === 'in' ? recipient : sender;
}
