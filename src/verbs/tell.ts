import { StoreError } from '../errors.ts';
import { canonicalJID } from '../model/jid.ts';
import type { Peer } from '../pnp/peer.ts';
import { refusal } from '../pnp/refusal.ts';
import type { Request } from '../pnp/request.ts';
import type { AnswerHeaders, Response } from '../pnp/response.ts';
import type { LessonLabel, User } from '../store/store.ts';
import type { Context, LessonNote } from './context.ts';
import { sidsOf, slotsOf } from './lesson-tokens.ts';
import { requireDomain } from './local-user.ts';
import { openUser, sampleOfRequest } from './sample.ts';

const NONE = Buffer.alloc(0);

/** What is to be learnt or forgotten, by body or by trace the same. */
interface Material {
  readonly textId: string;
  readonly senderId: string;
  /** Server token ids, each once; the user's are made of them. */
  readonly sids: Buffer;
  readonly slots: Uint32Array;
}

/** Who says so; both undefined: the operator. */
interface Reporter {
  readonly id: string | undefined;
  readonly user: User | undefined;
}

type Wish = { readonly kind: 'teach'; readonly label: LessonLabel } | { readonly kind: 'forget' };

/** TELL: teaches or forgets one lesson, exactly once; answered when it is durable [PNP-4]. */
export async function tell(request: Request, peer: Peer, context: Context): Promise<Response> {
  const wish = wishOf(request);
  const reporter = reporterOf(request, peer, context);
  const material =
    request.header('Trace') === undefined
      ? fromBody(request, reporter, context)
      : fromTrace(request, reporter, context);
  if (material === undefined) return unchanged('test-stanza');
  if (material.textId === '') return unchanged('no-text');
  const id = context.store.ids.lesson(reporter.id ?? '', material.textId, material.senderId);
  try {
    return wish.kind === 'teach'
      ? await teach({ ...material, user: reporter.user, id, label: wish.label }, context)
      : await forget({ id, user: reporter.user }, context);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    if (error.code === 'rekeying') throw rekeying();
    throw refusal('store-degraded', 'The store cannot write now; nothing was learnt. Send it again later');
  }
}

function rekeying(): Error {
  return refusal('rekeying', "The user's key is being changed; nothing was learnt. Send it again");
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

function reporterOf(request: Request, peer: Peer, context: Context): Reporter {
  const jid = request.header('Reporter') ?? request.header('To');
  if (jid !== undefined) {
    requireDomain(peer.grant, canonicalJID(jid));
    const user = openUser(jid, request, context);
    if (user.keyState === 'wrong-key') {
      if (context.store.users.isChanging(user.id)) throw rekeying();
      throw refusal('wrong-key', "User-Key is not this user's key; nothing was learnt");
    }
    return { id: user.id, user };
  }
  if (peer.grant.rights.has('admin')) {
    if (peer.grant.domains === undefined) return { id: undefined, user: undefined };
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

function fromBody(request: Request, { user }: Reporter, context: Context): Material | undefined {
  const sample = sampleOfRequest(request);
  if (sample.isTest) return undefined;
  const subject = context.pipeline.subjectOf(sample, user);
  return {
    textId: subject.ids.text,
    senderId: subject.ids.jid,
    sids: sidsOf(subject),
    slots: slotsOf(subject),
  };
}

function fromTrace(request: Request, { user }: Reporter, context: Context): Material {
  const id = request.header('Trace') ?? '';
  if (request.body.length > 0) throw refusal('trace-and-body', 'Send a Trace or a stanza, not both');
  const trace = context.store.traces.read(id, user);
  if (trace === undefined) {
    throw refusal('trace-expired', 'This trace is gone, or is not of this user; send the stanza instead');
  }
  return trace;
}

interface Lesson extends Material {
  readonly id: string;
  readonly label: LessonLabel;
  readonly user: User | undefined;
}

async function teach(lesson: Lesson, context: Context): Promise<Response> {
  const outcome = await context.store.lessons.teach({
    ...lesson,
    uids: lesson.user?.tokens(lesson.sids) ?? NONE,
    reporterId: lesson.user?.id,
    at: context.now(),
  });
  note({ label: lesson.label, outcome, by: speaker(lesson.user) }, context);
  if (outcome === 'unchanged') return unchanged('already-taught');
  const headers: AnswerHeaders =
    outcome === 'replaced' ? { DidSet: 'local', DidRemove: 'local' } : { DidSet: 'local' };
  return { status: 'EX_OK', headers };
}

async function forget({ id, user }: Pick<Lesson, 'id' | 'user'>, context: Context): Promise<Response> {
  const outcome = await context.store.lessons.forget(id, context.now());
  note({ label: 'none', outcome, by: speaker(user) }, context);
  if (outcome === 'unchanged') return unchanged('not-taught');
  if (outcome === 'removed') return { status: 'EX_OK', headers: { DidRemove: 'local' } };
  throw refusal('too-old', 'This lesson is older than store.undo_days and stays');
}

function note(lesson: LessonNote, context: Context): void {
  context.metrics.lesson(lesson.label, lesson.outcome);
  context.logLesson(lesson);
}

function speaker(user: User | undefined): 'user' | 'operator' {
  return user === undefined ? 'operator' : 'user';
}

function unchanged(reason: string): Response {
  return { status: 'EX_OK', headers: { Unchanged: reason } };
}
