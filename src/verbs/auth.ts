import type { Peer } from '../pnp/peer.ts';
import { dismissal, refusal } from '../pnp/refusal.ts';
import type { Request } from '../pnp/request.ts';
import type { Response } from '../pnp/response.ts';
import { withoutLineEnd } from '../secret-source.ts';
import type { Context } from './context.ts';
import { grantHeaders } from './grant-headers.ts';

/** AUTH: takes the client for what it proves to be; once, first, and whoever fails is shown out [PNP-4]. */
export function auth(request: Request, peer: Peer, context: Context): Response {
  if (peer.hasAsked) throw refusal('late-auth', 'AUTH comes once, and before all but HELLO, PING and SKIP');
  peer.hasAsked = true;
  const outcome = context.authenticate(
    peer,
    request.header('Credential') ?? '',
    withoutLineEnd(request.body),
  );
  context.logAuth(outcome);
  switch (outcome) {
    case 'proved':
      return { status: 'EX_OK', headers: grantHeaders(peer) };
    case 'wrong':
      throw dismissal('bad-credential', 'Credential and body are not a name and its secret');
    case 'too-many':
      throw dismissal(
        'too-many-failures',
        'Too many AUTHs from your address have failed; come again in a minute',
      );
  }
}
