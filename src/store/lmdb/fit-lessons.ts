import { FEATURES_MAX } from '../../text/features.ts';
import { idKey, numberKey, readNumberKey } from '../keys.ts';
import { slotOf } from '../slots.ts';
import type { FitLesson, LessonLabel, Lessons } from '../store.ts';
import { hasToken } from '../token-set.ts';
import type { Environment } from './environment.ts';
import { decodeRecord, LESSON_WEIGHT, type Learnt } from './lesson-record.ts';
import type { LessonSeal } from './lesson-seal.ts';
import { TOKEN_BYTES } from './token-ids.ts';

interface Step {
  readonly environment: Environment;
  readonly seal: LessonSeal;
  /** Number of the last record that is looked at. */
  readonly end: number;
  readonly count: number;
  readonly isWanted: (label: LessonLabel) => boolean;
}

/** One step of a walk over the log from its end to its beginning: `Lessons.newestBefore`. */
export function fitLessons({
  environment,
  seal,
  end,
  count,
  isWanted,
}: Step): ReturnType<Lessons['newestBefore']> {
  const lessons: FitLesson[] = [];
  let last: number | undefined;
  // In reverse, the range begins with its end.
  for (const { key, value } of environment.lessons.getRange({
    start: numberKey(end),
    reverse: true,
    limit: count,
  })) {
    last = readNumberKey(key);
    const record = decodeRecord(value);
    if (record.kind !== 'learn' || record.learnt.weight === 0 || !isWanted(record.learnt.label)) continue;
    const live = environment.lessonIds.get(idKey(record.learnt.id));
    if (live !== undefined && readNumberKey(live) === last) lessons.push(fitLesson(record.learnt, seal));
  }
  return { lessons, last };
}

/** What is withheld from the table of all is withheld from the fit as well. */
function fitLesson(learnt: Learnt, seal: LessonSeal): FitLesson {
  const { label, weight, reporterTag, scripts: mask, sids, withheld } = learnt;
  const { scripts, slots } = seal.open(learnt);
  const count = Math.min(sids.length / TOKEN_BYTES, FEATURES_MAX);
  const all = new Uint32Array(count + slots.length);
  let tokens = 0;
  for (let index = 0; index < count; index++) {
    if (hasToken(withheld, index)) continue;
    all[tokens] = slotOf(sids.readUInt32LE(index * TOKEN_BYTES), scripts[index] ?? 0);
    tokens++;
  }
  all.set(slots, tokens);
  return {
    label,
    weight: weight / LESSON_WEIGHT,
    reporter: reporterTag,
    scripts: mask,
    slots: all.subarray(0, tokens + slots.length),
    tokens,
  };
}
