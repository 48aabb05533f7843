import { StoreError } from '../errors.ts';
import { bareJID, canonicalJID } from '../model/jid.ts';
import type { Peer } from '../pnp/peer.ts';
import { refusal } from '../pnp/refusal.ts';
import type { Request } from '../pnp/request.ts';
import type { Response } from '../pnp/response.ts';
import type { KeyChange, Rekeyed } from '../store/store.ts';
import type { Context } from './context.ts';
import { requireDomain } from './local-user.ts';
import { userKeyIn, userKeyOf } from './sample.ts';

/** `New-User-Key` for the daemon's own key. */
const NONE = 'none';

/** REKEY: changes a local user's key; answered when all that is held under it has gone over [PNP-4]. */
export async function rekey(request: Request, peer: Peer, context: Context): Promise<Response> {
  const to = request.header('To');
  if (to === undefined) throw refusal('no-user', 'REKEY needs To, the JID of the local user');
  const jid = canonicalJID(to);
  requireDomain(peer.grant, jid);
  const change = { bareJID: bareJID(jid), before: userKeyOf(request), after: newKeyOf(request) };
  const { outcome, lessons } = await doneBy(change, context);
  context.logRekey({ outcome, lessons });
  switch (outcome) {
    case 'changed':
      return { status: 'EX_OK', headers: { Lessons: `${lessons}` } };
    case 'unchanged':
      return { status: 'EX_OK', headers: { Unchanged: 'same-key' } };
    case 'wrong-key':
      throw refusal('wrong-key', "User-Key is not this user's key; nothing was changed");
    case 'too-many-lessons':
      throw refusal('too-many-lessons', `${lessons} lessons are too many to go over; nothing was changed`);
  }
}

function newKeyOf(request: Request): Buffer | undefined {
  const text = request.header('New-User-Key');
  if (text === undefined) {
    throw refusal('no-new-key', 'REKEY needs New-User-Key: 32 bytes in base64, or none');
  }
  return text === NONE ? undefined : userKeyIn(text, 'New-User-Key');
}

async function doneBy(change: KeyChange, context: Context): Promise<Rekeyed> {
  try {
    return await context.store.rekey(change);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    throw refusal(
      'store-degraded',
      'The store cannot write now; the key is the one before. Send it again later',
    );
  }
}
