import { bareJID, canonicalJID } from '../model/jid.ts';
import { refusal } from '../pnp/refusal.ts';
import type { Request } from '../pnp/request.ts';
import type { Response } from '../pnp/response.ts';
import type { Trace, User } from '../store/store.ts';
import type { Context } from './context.ts';
import type { LearningEvent } from './learning.ts';
import { namedTrace, teach, teacher, unchanged, whereWritable } from './lesson.ts';
import type { Observation } from './observe.ts';

type HamEvent = Exclude<LearningEvent, 'sample'>;

/** `replied`, `rostered`, `released`: the user showed that a stranger is none to be kept off; what they wrote is ham. */
export async function observeHam(event: HamEvent, { request, context }: Observation): Promise<Response> {
  const to = request.header('To');
  if (to === undefined) throw refusal('no-user', 'This event needs To, the JID of the local user');
  if (request.body.length > 0) throw refusal('unread-body', 'This event takes no body; nothing was learnt');
  if (!context.learning.learnsFrom(event)) return unchanged('not-used');
  const user = teacher(to, request, context);
  const trace = traceOf(request, user, context);
  if (trace === undefined) return unchanged('no-trace');
  if (trace.textId === '') return unchanged('no-text');
  // What the user does next to spam that was not kept from them may be an answer like "leave me alone".
  if (trace.verdict === 'spam' && event !== 'released') return unchanged('judged-spam');
  return context.learning.inTurn(user, trace.senderId, () => learn(event, { trace, user, context }));
}

interface Observed {
  readonly trace: Trace;
  readonly user: User;
  readonly context: Context;
}

async function learn(event: HamEvent, { trace, user, context }: Observed): Promise<Response> {
  const { learning } = context;
  if (event !== 'released' && learning.isSettled(user, trace.senderId)) return unchanged('already-taught');
  const lesson = { ...trace, user, label: 'ham', by: 'observation', yields: event !== 'released' } as const;
  const response = await teach(lesson, context);
  await whereWritable(learning.settle(user, trace.senderId));
  return response;
}

/** The trace that is named, else the last one of the sender's to this user. */
function traceOf(request: Request, user: User, context: Context): Trace | undefined {
  const from = request.header('From');
  const senderId = from === undefined ? undefined : context.store.ids.id('jid', bareJID(canonicalJID(from)));
  const { traces } = context.store;
  if (request.header('Trace') !== undefined) {
    const trace = namedTrace(request, user, context);
    if (senderId === undefined || senderId === trace.senderId) return trace;
    throw refusal('contradiction', "From is not the sender of the Trace's stanza");
  }
  if (senderId === undefined) throw refusal('no-sender', 'This event needs From, the sender, or Trace');
  const id = traces.last(user, senderId);
  return id === undefined ? undefined : traces.read(id, user);
}
