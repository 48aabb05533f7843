import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../config/schema.ts';
import type { Sample } from '../model/sample.ts';
import type { Verdict } from '../model/verdict.ts';
import { createPipeline } from '../pipeline/create.ts';
import { openStore } from '../store/lmdb/store.ts';
import type { Starter } from '../store/starter.ts';
import type { LessonLabel } from '../store/store.ts';
import { sidsOf } from '../verbs/lesson-tokens.ts';
import { beforeInterrupt } from './interrupt.ts';
import { note } from './print.ts';

const NONE = Buffer.alloc(0);

/** The pipeline of this release in this process, over a store of its own that is removed at the end. */
export interface Judge {
  /** The operator's lesson, as TELL teaches it. */
  teach(label: LessonLabel, text: string): Promise<void>;
  /** `total` is unrounded. */
  judge(text: string): Pick<Verdict, 'verdict' | 'total' | 'probability'>;
  close(): Promise<void>;
}

/** A judge that knows nothing yet but the starter, with the weights and thresholds of the configuration. */
export async function createJudge(config: Config, starter?: Starter): Promise<Judge> {
  let dir: string | undefined;
  const remove = () => {
    if (dir !== undefined) rmSync(dir, { recursive: true, force: true });
  };
  // Listened for before there is anything to remove: a signal right after `mkdtemp` would end the process at once.
  const takeBack = beforeInterrupt(remove);
  dir = mkdtempSync(join(tmpdir(), 'providence-eval-'));
  const store = await openStore({
    dir,
    secret: randomBytes(32),
    now: Date.now,
    log: {
      info: () => undefined,
      warn: (_fields, message) => note(message),
      error: (_fields, message) => note(message),
    },
    serverTokensMax: config.bayes.server.tokens_max,
    starter,
    sync: false,
  });
  const pipeline = createPipeline(config, store, {
    cacheHit: () => undefined,
    cacheMiss: () => undefined,
    filterFailed: (unit, error) => note(`${unit} failed: ${error}`),
  });
  return {
    teach: async (label, text) => {
      const subject = pipeline.subjectOf(sampleOfText(text), undefined);
      const id = store.ids.lesson('', subject.ids.text, '');
      const lesson = { label, id, reporterId: undefined, user: undefined, uids: NONE, at: Date.now() };
      await store.lessons.teach({ ...lesson, sids: sidsOf(subject) });
    },
    judge: (text) => pipeline.judge(sampleOfText(text), undefined, Date.now()).verdict,
    close: async () => {
      await store.close();
      takeBack();
      remove();
    },
  };
}

/** A chat message of which nothing but its text is known. */
function sampleOfText(text: string): Sample {
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
