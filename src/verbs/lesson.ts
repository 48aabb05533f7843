import { StoreError } from '../errors.ts';
import type { Sample } from '../model/sample.ts';
import type { Weighed } from '../pipeline/weigh.ts';
import { refusal } from '../pnp/refusal.ts';
import type { Request } from '../pnp/request.ts';
import type { AnswerHeaders, Response } from '../pnp/response.ts';
import type { LessonLabel, Trace, User } from '../store/store.ts';
import type { Fingerprint } from '../text/fingerprint.ts';
import type { Context, LessonNote } from './context.ts';
import { sidsOf, slotsOf } from './lesson-tokens.ts';
import { openUser } from './sample.ts';

const NONE = Buffer.alloc(0);

/** What is to be learnt or forgotten, by body or by trace the same. */
export interface Material {
  readonly textId: string;
  readonly senderId: string;
  /** Server token ids, each once; the user's are made of them. */
  readonly sids: Buffer;
  readonly slots: Uint32Array;
  readonly fingerprint: Fingerprint;
}

export interface Lesson extends Material {
  readonly label: LessonLabel;
  /** Who says so, and whose table learns; undefined: the operator. */
  readonly user: User | undefined;
  readonly by: LessonNote['by'];
  /** Gives way to what the user has said of this text. */
  readonly yields?: boolean;
}

/** A local user who teaches. @throws RequestError `wrong-key`, `rekeying`, `bad-user-key`, `bad-jid` */
export function teacher(jid: string, request: Request, context: Context): User {
  const user = openUser(jid, request, context);
  if (user.keyState === 'ok') return user;
  if (context.store.users.isChanging(user.id)) throw rekeying();
  throw refusal('wrong-key', "User-Key is not this user's key; nothing was learnt");
}

export function materialOf(sample: Sample, user: User | undefined, context: Context): Material {
  const subject = context.pipeline.subjectOf(sample, user);
  return {
    textId: subject.ids.text,
    senderId: subject.ids.jid,
    sids: sidsOf(subject),
    slots: slotsOf(subject),
    fingerprint: subject.texts.fingerprint,
  };
}

/** What `Trace` names. @throws RequestError `trace-expired` */
export function namedTrace(request: Request, user: User | undefined, context: Context): Trace {
  const trace = context.store.traces.read(request.header('Trace') ?? '', user);
  if (trace !== undefined) return trace;
  throw refusal('trace-expired', 'This trace is gone, or is not of this user; send the stanza instead');
}

/** Teaches one lesson, exactly once; answers when it is durable. @throws RequestError `store-degraded`, `rekeying` */
export async function teach(lesson: Lesson, context: Context): Promise<Response> {
  const { label, user, by } = lesson;
  const at = context.now();
  const teachAs = async (weighed?: Weighed) => {
    const outcome = await context.store.lessons.teach({
      ...lesson,
      ...weighed,
      id: idOf(lesson, context),
      uids: user?.tokens(lesson.sids) ?? NONE,
      reporterId: user?.id,
      at,
    });
    if (weighed !== undefined && outcome !== 'unchanged') context.metrics.report(weighed.weight);
    return outcome;
  };
  // The operator's word is whole, and counts for all of it.
  const outcome = await whereWritable(
    user === undefined ? teachAs() : context.weigher.teach({ ...lesson, reporter: user, at }, teachAs),
  );
  note({ label, outcome, by }, context);
  if (outcome === 'unchanged') return unchanged('already-taught');
  const headers: AnswerHeaders =
    outcome === 'replaced' ? { DidSet: 'local', DidRemove: 'local' } : { DidSet: 'local' };
  return { status: 'EX_OK', headers };
}

/** Takes a lesson back, whatever its label. @throws RequestError `too-old`, `store-degraded`, `rekeying` */
export async function forget(lesson: Omit<Lesson, 'label'>, context: Context): Promise<Response> {
  const outcome = await whereWritable(context.store.lessons.forget(idOf(lesson, context), context.now()));
  note({ label: 'none', outcome, by: lesson.by }, context);
  if (outcome === 'unchanged') return unchanged('not-taught');
  if (outcome === 'removed') return { status: 'EX_OK', headers: { DidRemove: 'local' } };
  throw refusal('too-old', 'This lesson is older than store.undo_days and stays');
}

export function unchanged(reason: string): Response {
  return { status: 'EX_OK', headers: { Unchanged: reason } };
}

/** What the store says where it cannot, as an answer. */
export async function whereWritable<Result>(doing: Promise<Result>): Promise<Result> {
  try {
    return await doing;
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    if (error.code === 'rekeying') throw rekeying();
    throw refusal(
      'store-degraded',
      'The store cannot write now; what was sent is not done. Send it again later',
    );
  }
}

function idOf({ user, textId, senderId }: Omit<Lesson, 'label'>, { store }: Context): string {
  return store.ids.lesson(user?.id ?? '', textId, senderId);
}

function note(lesson: LessonNote, context: Context): void {
  context.metrics.lesson(lesson.label, lesson.outcome);
  context.logLesson(lesson);
}

function rekeying(): Error {
  return refusal('rekeying', "The user's key is being changed; what was sent is not done. Send it again");
}
