import type { Peer } from '../pnp/peer.ts';
import type { AnswerHeaders } from '../pnp/response.ts';

/** What HELLO and AUTH say of the rights of a connection [PNP-5.2]. */
export function grantHeaders({ grant, unproven }: Peer): AnswerHeaders {
  return {
    Rights: [...grant.rights].join(' '),
    Domains: grant.domains === undefined ? undefined : [...grant.domains].join(' '),
    Auth: unproven === undefined ? undefined : 'needed',
  };
}
