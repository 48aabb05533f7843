import { deriveDaemonKeys } from '../crypto.ts';
import { DerivedIds } from '../keyed-ids.ts';
import type { LessonInput } from '../store.ts';
import { encodeLearn, LESSON_WEIGHT, learntFrom } from './lesson-record.ts';
import { LessonSeal } from './lesson-seal.ts';

/** What an operator's lesson is made of. */
export type CorpusLesson = Omit<LessonInput, 'reporterId' | 'user' | 'uids' | 'yields'>;

const NONE = Buffer.alloc(0);

/** Makes the records of an operator's lessons where the store is not, on another thread. `Archive.learn` takes them. */
export class CorpusRecords {
  readonly ids: DerivedIds;
  readonly #seal: LessonSeal;

  /** @param secret of the store. */
  constructor(secret: Buffer) {
    const keys = deriveDaemonKeys(secret);
    this.ids = new DerivedIds(keys);
    this.#seal = new LessonSeal(keys.linear);
  }

  encode(lesson: CorpusLesson): Buffer {
    const whole = { ...lesson, reporterId: undefined, user: undefined, uids: NONE };
    return encodeLearn(learntFrom(whole, { weight: LESSON_WEIGHT, host: undefined }, this.#seal));
  }
}
