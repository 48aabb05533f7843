import type { Peer } from '../pnp/peer.ts';
import { refusal } from '../pnp/refusal.ts';
import type { Request } from '../pnp/request.ts';
import type { Response } from '../pnp/response.ts';
import type { Context } from './context.ts';
import { whereWritable } from './lesson.ts';
import { actOf, actOn } from './lesson-acts.ts';

/** LESSONS: counts all lessons, hands them out, puts them back, takes the old ones away; one step a request [PNP-4]. */
export async function lessons(request: Request, { grant }: Peer, { store }: Context): Promise<Response> {
  const act = actOf(request.header('Act'));
  if (grant.domains !== undefined)
    throw refusal('foreign-domain', 'Lessons are those of all domains; you may not ask for all of them');
  // What was done before it failed stays done; asked again, it is found done.
  const body = await whereWritable(actOn(store, act, request.body.toString('latin1')));
  return { status: 'EX_OK', body };
}
