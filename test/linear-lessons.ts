import { createRandom, type Random } from '../bench/random.ts';
import { slotOf } from '../src/store/slots.ts';
import type { FitLesson, LessonLabel } from '../src/store/store.ts';

/** A slot of a feature's own: no two of these numbers share a bucket. */
export function slotOfFeature(feature: number, script = 1): number {
  return slotOf(feature << 12, script);
}

/** A lesson that the operator taught, of these features. */
export function fitLesson(
  label: LessonLabel,
  features: readonly number[],
  other: Partial<FitLesson> = {},
): FitLesson {
  const slots = Uint32Array.from(features, (feature) => slotOfFeature(feature));
  return { label, weight: 1, reporter: 0, scripts: 0, slots, tokens: slots.length, ...other };
}

/** So many different ones out of `from` … `from` + `among` − 1. */
export function someOf(random: Random, count: number, from: number, among: number): number[] {
  const chosen = new Set<number>();
  while (chosen.size < count) chosen.add(from + random.below(among));
  return [...chosen];
}

/** Where the features of a class begin, and those that both have. */
export const OF_SPAM = 10_000;
export const OF_HAM = 20_000;
export const OF_BOTH = 30_000;

/** Lessons whose classes have features of their own, and some in common. */
export function easyLessons(count: number, seed = 1): FitLesson[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, (_, index) => {
    const label = index % 2 === 0 ? 'spam' : 'ham';
    const own = someOf(random, 25, label === 'spam' ? OF_SPAM : OF_HAM, 300);
    return fitLesson(label, [...own, ...someOf(random, 10, OF_BOTH, 50)]);
  });
}

/** As those, and one ham of ten is of the words of spam, as what shops and banks send is. */
export function hardLessons(count: number, seed = 1): FitLesson[] {
  const random = createRandom(seed);
  return easyLessons(count, seed).map((lesson, index) =>
    lesson.label === 'ham' && index % 20 === 1
      ? fitLesson('ham', [...someOf(random, 34, OF_SPAM, 300), ...someOf(random, 1, OF_HAM, 300)])
      : lesson,
  );
}
