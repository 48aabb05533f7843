import { VERBS, type Verb } from '../pnp/grammar.ts';
import type { Peer } from '../pnp/peer.ts';
import { refusal } from '../pnp/refusal.ts';
import type { Request } from '../pnp/request.ts';
import type { Response } from '../pnp/response.ts';
import { auth } from './auth.ts';
import { check, report, symbols } from './check.ts';
import type { Context } from './context.ts';
import { grantHeaders } from './grant-headers.ts';
import { lessons } from './lessons.ts';
import { observe } from './observe.ts';
import { rekey } from './rekey.ts';
import { reload } from './reload.ts';
import { tell } from './tell.ts';
import { tokens } from './tokens.ts';

/** Verbs that this release serves; the rest of the grammar answers 69 [PNP-4]. */
export const SERVED: ReadonlySet<Verb> = new Set([
  'HELLO',
  'PING',
  'CHECK',
  'SYMBOLS',
  'REPORT',
  'TELL',
  'SKIP',
  'STATS',
  'OBSERVE',
  'REKEY',
  'RELOAD',
  'AUTH',
  'TOKENS',
  'LESSONS',
]);

const EMPTY: Response = { status: 'EX_OK' };

/** Request → answer. Undefined: no answer (SKIP). A promise only where something must be awaited: a write, a scrape, a reload. */
export function dispatch(
  request: Request,
  peer: Peer,
  context: Context,
): Response | Promise<Response> | undefined {
  switch (request.verb) {
    case 'CHECK':
      return check(request, peer, context);
    case 'SYMBOLS':
      return symbols(request, peer, context);
    case 'REPORT':
      return report(request, peer, context);
    case 'TELL':
      return tell(request, peer, context);
    case 'HELLO':
      return hello(peer, context);
    case 'PING':
      return EMPTY;
    case 'STATS':
      return stats(context);
    case 'RELOAD':
      return reload(context);
    case 'SKIP':
      return undefined;
    case 'AUTH':
      return auth(request, peer, context);
    case 'TOKENS':
      return tokens(request, peer, context);
    case 'LESSONS':
      return lessons(request, peer, context);
    case 'OBSERVE':
      return observe(request, peer, context);
    case 'REKEY':
      return rekey(request, peer, context);
    case 'REGISTER':
    case 'JUNK':
    case 'WATCH':
    case 'KARMA':
    case 'FORGET':
    case 'EXPORT':
      throw refusal('not-served', `${request.verb} is not served by this release; HELLO lists what is`);
  }
}

function hello(peer: Peer, { limits, server, learning }: Context): Response {
  return {
    status: 'EX_OK',
    headers: {
      Server: server,
      Verbs: VERBS.filter((verb) => SERVED.has(verb)).join(' '),
      Events: learning.events.join(' '),
      ...grantHeaders(peer),
      'Head-Bytes-Max': `${limits.head_bytes_max}`,
      'Headers-Max': `${limits.headers_max}`,
      'Body-Bytes-Max': `${limits.body_bytes_max}`,
      'In-Flight-Max': `${limits.in_flight_max}`,
      'Idle-Seconds-Max': `${limits.idle_seconds_max}`,
      'Head-Seconds-Max': `${limits.head_seconds_max}`,
    },
  };
}

async function stats({ metrics }: Context): Promise<Response> {
  return { status: 'EX_OK', body: await metrics.lines() };
}
