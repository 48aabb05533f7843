import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../config/schema.ts';
import { LinearFitter } from '../linear/fitter.ts';
import { bareJID, canonicalJID } from '../model/jid.ts';
import type { Sample } from '../model/sample.ts';
import type { Verdict } from '../model/verdict.ts';
import { createPipeline, fitterBounds, weigherOptions } from '../pipeline/create.ts';
import type { PipelineEvents } from '../pipeline/pipeline.ts';
import { type Weighed, Weigher } from '../pipeline/weigh.ts';
import { storeBounds } from '../reloadables.ts';
import { openStore } from '../store/lmdb/store.ts';
import type { StoreOptions } from '../store/options.ts';
import type { Starter } from '../store/starter.ts';
import type { LessonLabel, User } from '../store/store.ts';
import { NO_TOKENS } from '../store/token-set.ts';
import { sidsOf, slotsOf } from '../verbs/lesson-tokens.ts';
import { beforeInterrupt } from './interrupt.ts';
import { note } from './print.ts';

const NONE = Buffer.alloc(0);
/** The same each time, so that the same messages give the same figures: the store is nobody's, and gone at the end. */
const SECRET = Buffer.alloc(32, 1);
const UNCAPPED = { reporterLessonsPerDay: 1e9, reporterLessonsWhole: 1e9, reporterLessonsMax: 1e9 } as const;
const EVENTS: PipelineEvents = {
  cacheHit: () => undefined,
  cacheMiss: () => undefined,
  filterFailed: (unit, error) => note(`${unit} failed: ${error}`),
};

/** The pipeline of this release in this process, over a store of its own that is removed at the end. */
export interface Judge {
  /**
   * A lesson as TELL teaches it: the user's, or the operator's where there is none. Settles when it is in the tables.
   * @param user bare JID
   */
  teach(label: LessonLabel, text: string, user?: string): Promise<void>;
  /** Settles when all that was taught until now counts in the next verdict; rejects where a lesson could not be taught. */
  settle(): Promise<void>;
  /** As a message of an unknown sender to this user, or to nobody known: then `bayes.user` abstains. */
  judge(text: string, user?: string): Verdict;
  close(): Promise<void>;
}

export interface JudgeOptions {
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** Users' lessons weigh in the table of all what TELL lets them weigh; else each is whole. */
  readonly isWeighed?: boolean;
}

/** A judge that knows nothing yet but the starter, with the weights and thresholds of the configuration. */
export async function createJudge(
  config: Config,
  starter?: Starter,
  { now = Date.now, isWeighed = false }: JudgeOptions = {},
): Promise<Judge> {
  let dir: string | undefined;
  const remove = () => {
    if (dir !== undefined) rmSync(dir, { recursive: true, force: true });
  };
  // Listened for before there is anything to remove: a signal right after `mkdtemp` would end the process at once.
  const takeBack = beforeInterrupt(remove);
  dir = mkdtempSync(join(tmpdir(), 'providence-eval-'));
  const caps = isWeighed ? storeBounds(config) : UNCAPPED;
  const store = await openStore({ ...storeOptions(config, dir), ...caps, starter, now });
  const linear = new LinearFitter({
    lessons: store.lessons,
    bounds: fitterBounds(config),
    fitted: ({ error }) => {
      if (error !== undefined) note(`linear.server was not fitted: ${error}`);
    },
  });
  const parts = { store, linear };
  const pipeline = createPipeline(config, parts, EVENTS);
  const weigher = new Weigher(store, weigherOptions(config));
  const userOf = (jid: string | undefined): User | undefined =>
    jid === undefined ? undefined : store.users.open(bareJID(canonicalJID(jid)), undefined);
  const teach = async (label: LessonLabel, text: string, jid: string | undefined) => {
    const user = userOf(jid);
    const subject = pipeline.subjectOf(sampleOfText(text), user);
    const material = {
      label,
      sids: sidsOf(subject),
      fingerprint: subject.texts.fingerprint,
      senderId: '',
      at: now(),
    };
    const isOfHost = config.bayes.server.scope === 'virtualhost' && user !== undefined;
    const whole = { weight: 1, withheld: NO_TOKENS };
    const teachAs = async (weighed?: Weighed) => {
      await store.lessons.teach({
        ...material,
        ...(weighed ?? { host: isOfHost ? { id: user.host, ...whole } : undefined }),
        id: store.ids.lesson(user?.id ?? '', subject.ids.text, ''),
        reporterId: user?.id,
        user,
        slots: slotsOf(subject),
        uids: user?.tokens(material.sids) ?? NONE,
      });
    };
    if (isWeighed && user !== undefined) await weigher.teach({ ...material, reporter: user }, teachAs);
    else await teachAs();
  };
  // One that failed stays here, for `settle` to tell.
  const pending = new Set<Promise<void>>();
  return {
    teach: (label, text, user) => {
      const lesson = teach(label, text, user);
      pending.add(lesson);
      lesson.then(
        () => pending.delete(lesson),
        () => undefined,
      );
      return lesson;
    },
    settle: async () => {
      await Promise.all(pending);
      await linear.settle();
    },
    judge: (text, user) => pipeline.judge(sampleOfText(text), userOf(user), now()).verdict,
    close: async () => {
      await linear.close();
      await store.close();
      takeBack();
      remove();
    },
  };
}

function storeOptions(config: Config, dir: string): StoreOptions {
  return {
    dir,
    secret: SECRET,
    now: Date.now,
    log: {
      info: () => undefined,
      warn: (_fields, message) => note(message),
      error: (_fields, message) => note(message),
    },
    serverTokensMax: config.bayes.server.tokens_max,
    sync: false,
  };
}

/** A chat message of which nothing but its text is known. */
export function sampleOfText(text: string): Sample {
  return {
    kind: 'message',
    direction: 'in',
    subject: undefined,
    sender: undefined,
    recipient: undefined,
    texts: [{ source: 'body', lang: '', text }],
    encryption: 'none',
    cloaked: false,
    isTest: false,
    stream: {},
    bypass: undefined,
  };
}
