import type { PastLesson } from '../store.ts';
import { hostShareOf } from './host-share.ts';
import type { Learnt } from './lesson-record.ts';
import type { LessonSeal } from './lesson-seal.ts';
import { spreadTokens } from './token-ids.ts';

/** A lesson as it lies in the log, for one who looks at the table of all without it. */
export function pastLesson(learnt: Learnt, seal: LessonSeal): PastLesson {
  const { label, weight, scripts, sids, withheld } = learnt;
  return {
    label,
    weight,
    scripts,
    sids: spreadTokens(sids, seal.openScripts(learnt)),
    withheld,
    host: hostShareOf(learnt),
  };
}
