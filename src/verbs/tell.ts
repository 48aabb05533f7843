import { canonicalJID } from '../model/jid.ts';
import type { Peer } from '../pnp/peer.ts';
import { refusal } from '../pnp/refusal.ts';
import type { Request } from '../pnp/request.ts';
import type { Response } from '../pnp/response.ts';
import type { LessonLabel, User } from '../store/store.ts';
import type { Context } from './context.ts';
import {
  forget,
  type Lesson,
  type Material,
  materialOf,
  namedTrace,
  teach,
  teacher,
  unchanged,
} from './lesson.ts';
import { requireDomain } from './local-user.ts';
import { sampleOfRequest } from './sample.ts';

type Wish = { readonly kind: 'teach'; readonly label: LessonLabel } | { readonly kind: 'forget' };

/** TELL: teaches or forgets one lesson, exactly once; answered when it is durable [PNP-4]. */
export async function tell(request: Request, peer: Peer, context: Context): Promise<Response> {
  const wish = wishOf(request);
  const user = reporterOf(request, peer, context);
  const material =
    request.header('Trace') === undefined
      ? fromBody(request, user, context)
      : fromTrace(request, user, context);
  if (material === undefined) return unchanged('test-stanza');
  if (material.textId === '') return unchanged('no-text');
  const lesson = { ...material, user, by: user === undefined ? 'operator' : 'user' } as const;
  return wish.kind === 'teach'
    ? teachAndSettle({ ...lesson, label: wish.label }, context)
    : forget(lesson, context);
}

async function teachAndSettle(lesson: Lesson, context: Context): Promise<Response> {
  const response = await teach(lesson, context);
  // Not waited for: lost in a crash, it costs a lesson that is undone by the next word on that text.
  if (lesson.user !== undefined)
    void context.learning.settle(lesson.user, lesson.senderId).catch(() => undefined);
  return response;
}

function wishOf(request: Request): Wish {
  const set = places(request, 'Set');
  const remove = places(request, 'Remove');
  const label = request.header('Message-Class');
  if (label !== undefined && label !== 'spam' && label !== 'ham') {
    throw refusal('unknown-class', 'Message-Class must be "spam" or "ham"; nothing was learnt');
  }
  if (set.has('local') && remove.has('local')) {
    throw refusal('set-and-remove', 'Set and Remove both name "local"; send one of them');
  }
  if (set.has('local')) {
    if (label === undefined) throw refusal('no-class', 'Set: local needs Message-Class: spam or ham');
    return { kind: 'teach', label };
  }
  if (remove.has('local')) return { kind: 'forget' };
  throw refusal('nothing-to-do', 'TELL needs Set: local, to teach, or Remove: local, to forget');
}

function places(request: Request, header: 'Set' | 'Remove'): ReadonlySet<string> {
  const words = (request.header(header) ?? '').split(',').map((word) => word.trim());
  const unknown = words.find((word) => word !== '' && word !== 'local' && word !== 'remote');
  if (unknown === undefined) return new Set(words);
  throw refusal('unknown-place', 'Set and Remove take "local" and "remote", parted by commas');
}

/** Undefined: the operator. */
function reporterOf(request: Request, peer: Peer, context: Context): User | undefined {
  const jid = request.header('Reporter') ?? request.header('To');
  if (jid !== undefined) {
    requireDomain(peer.grant, canonicalJID(jid));
    return teacher(jid, request, context);
  }
  if (peer.grant.rights.has('admin')) {
    if (peer.grant.domains === undefined) return undefined;
    throw refusal(
      'foreign-domain',
      "The operator's word counts in all domains; you may not ask for all of them",
    );
  }
  throw refusal(
    'no-reporter',
    'TELL needs Reporter or To, a JID (spamc: -u JID); only an admin listener teaches without',
  );
}

function fromBody(request: Request, user: User | undefined, context: Context): Material | undefined {
  const sample = sampleOfRequest(request);
  return sample.isTest ? undefined : materialOf(sample, user, context);
}

function fromTrace(request: Request, user: User | undefined, context: Context): Material {
  if (request.body.length > 0) throw refusal('trace-and-body', 'Send a Trace or a stanza, not both');
  return namedTrace(request, user, context);
}
