import { bareJID } from '../model/jid.ts';
import { refusal } from '../pnp/refusal.ts';
import type { Response } from '../pnp/response.ts';
import { materialOf, teach, teacher, unchanged } from './lesson.ts';
import { localUserOf, requireDomain } from './local-user.ts';
import type { Observation } from './observe.ts';
import { sampleOfRequest } from './sample.ts';

/** `sample`: a message between the user and a contact, one of the few that the operator lets be learnt from. */
export async function observeSample({ request, peer, context }: Observation): Promise<Response> {
  if (!context.learning.learnsFrom('sample'))
    throw refusal(
      'not-wanted',
      'learn.contacts is off; talk with contacts is not to be sent. Nothing was learnt',
    );
  const sample = sampleOfRequest(request);
  const jid = localUserOf(sample);
  if (jid === undefined)
    throw refusal('no-user', 'A sample needs the local user in To, or From where it goes out');
  requireDomain(peer.grant, jid);
  if (sample.encryption !== 'none')
    throw refusal('encrypted', 'Encrypted talk is not to be sent; nothing was learnt');
  if (sample.isTest) return unchanged('test-stanza');
  const user = teacher(bareJID(jid), request, context);
  if (!context.learning.wantsSample(user)) return unchanged('enough');
  const material = materialOf(sample, user, context);
  if (material.textId === '') return unchanged('no-text');
  context.learning.countSample(user);
  return teach({ ...material, user, label: 'ham', yields: true, by: 'observation' }, context);
}
