import { canonicalJID } from '../model/jid.ts';
import { EVENTS, type Event } from '../pnp/grammar.ts';
import type { Peer } from '../pnp/peer.ts';
import { refusal } from '../pnp/refusal.ts';
import type { Request } from '../pnp/request.ts';
import type { Response } from '../pnp/response.ts';
import type { Context } from './context.ts';
import { unchanged } from './lesson.ts';
import { requireDomain } from './local-user.ts';
import { observeHam } from './observe-ham.ts';
import { observeSample } from './observe-sample.ts';

/** OBSERVE: something that the XMPP server saw; answered when what is made of it is durable [PNP-4]. */
export async function observe(request: Request, peer: Peer, context: Context): Promise<Response> {
  const event = eventOf(request);
  // A sample may go out: then the local user is its sender.
  const to = event === 'sample' ? undefined : request.header('To');
  if (to !== undefined && peer.grant.domains !== undefined) requireDomain(peer.grant, canonicalJID(to));
  const response = await respond(event, { request, peer, context });
  context.metrics.observation(event, response.headers?.Unchanged ?? 'learnt');
  return response;
}

/** What an event is looked at with. */
export interface Observation {
  readonly request: Request;
  readonly peer: Peer;
  readonly context: Context;
}

async function respond(event: Event, observation: Observation): Promise<Response> {
  switch (event) {
    case 'replied':
    case 'rostered':
    case 'released':
      return observeHam(event, observation);
    case 'sample':
      return observeSample(observation);
    default:
      return unchanged('not-used');
  }
}

function eventOf(request: Request): Event {
  const word = request.header('Event');
  if (word === undefined) throw refusal('no-event', 'OBSERVE needs Event, what was seen');
  const event = EVENTS.find((known) => known === word);
  if (event === undefined) throw refusal('unknown-event', 'This event is not known; see the specification');
  return event;
}
