import { StoreError } from '../errors.ts';
import type { Peer } from '../pnp/peer.ts';
import { refusal } from '../pnp/refusal.ts';
import type { Request } from '../pnp/request.ts';
import type { Response } from '../pnp/response.ts';
import type { Context } from './context.ts';
import { actOf, actOn } from './lesson-acts.ts';

/** LESSONS: counts all lessons, hands them out, puts them back, takes the old ones away; one step a request [PNP-4]. */
export async function lessons(request: Request, { grant }: Peer, { store }: Context): Promise<Response> {
  const act = actOf(request.header('Act'));
  if (grant.domains !== undefined)
    throw refusal('foreign-domain', 'Lessons are those of all domains; you may not ask for all of them');
  try {
    const body = await actOn(store, act, request.body.toString('latin1'));
    return { status: 'EX_OK', body };
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    throw refusal('store-degraded', 'The store cannot write now; nothing was changed. Send it again later');
  }
}
