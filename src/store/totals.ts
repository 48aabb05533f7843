import { SCRIPTS } from '../text/scripts.ts';
import type { LessonLabel } from './store.ts';

/** Lessons that hold tokens of a script, by script, in units of 1/256 lesson; the first one is all lessons. */
export interface Totals {
  readonly spam: Float64Array;
  readonly ham: Float64Array;
}

interface Counted {
  readonly label: LessonLabel;
  /** Those that its tokens are of, a bit each. */
  readonly scripts: number;
  readonly weight: number;
}

export function noLessons(): Totals {
  return { spam: new Float64Array(SCRIPTS), ham: new Float64Array(SCRIPTS) };
}

export function addLesson(totals: Totals, { label, scripts, weight }: Counted, sign: 1 | -1): void {
  const ofClass = totals[label];
  for (let script = 0; script < SCRIPTS; script++)
    if (((scripts >>> script) & 1) === 1) ofClass[script] = ofClass[script]! + sign * weight;
}
