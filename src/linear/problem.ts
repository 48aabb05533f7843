import { scriptOf } from '../store/slots.ts';
import type { FitLesson } from '../store/store.ts';

/** Lessons as a fit takes them: plain arrays that can be handed to another thread. */
export interface Problem {
  /** Of all lessons one after the other: first the slots of tokens, then those of stretches of letters. */
  readonly slots: Uint32Array;
  /** Where each lesson begins in `slots`; one more for the end. */
  readonly starts: Uint32Array;
  /** How many of a lesson's slots are tokens. */
  readonly tokens: Uint8Array;
  /** Scripts of each lesson's letters, a bit each; that of none is always among them. */
  readonly scripts: Uint16Array;
  /** 1 = spam. */
  readonly labels: Uint8Array;
  /** In lessons. */
  readonly weights: Float32Array;
  /** Who taught it: 0 = the operator, whose word is enough; else one number a reporter. */
  readonly reporters: Uint16Array;
}

export function problemOf(lessons: readonly FitLesson[]): Problem {
  const starts = new Uint32Array(lessons.length + 1);
  for (const [index, { slots }] of lessons.entries())
    starts[index + 1] = (starts[index] as number) + slots.length;
  const slots = new Uint32Array(starts[lessons.length] as number);
  for (const [index, lesson] of lessons.entries()) slots.set(lesson.slots, starts[index]);
  return {
    slots,
    starts,
    tokens: Uint8Array.from(lessons, ({ tokens }) => tokens),
    scripts: Uint16Array.from(lessons, (lesson) => lesson.scripts | scriptsOf(lesson.slots)),
    labels: Uint8Array.from(lessons, ({ label }) => (label === 'spam' ? 1 : 0)),
    weights: Float32Array.from(lessons, ({ weight }) => weight),
    reporters: Uint16Array.from(lessons, ({ reporter }) => reporter),
  };
}

/** The lessons of a problem, or those of these indexes; their slots are not copied. */
export function lessonsOf(problem: Problem, indexes: Iterable<number> = problem.labels.keys()): FitLesson[] {
  return Array.from(indexes, (index) => ({
    label: problem.labels[index] === 1 ? 'spam' : 'ham',
    weight: problem.weights[index] as number,
    reporter: problem.reporters[index] as number,
    scripts: problem.scripts[index] as number,
    slots: slotsOf(problem, index),
    tokens: problem.tokens[index] as number,
  }));
}

/** Half of `lessonsMax` of each class, the first ones; more of one where the other has fewer. */
export function evenly(lessons: readonly FitLesson[], lessonsMax: number): FitLesson[] {
  const spam = lessons.filter(({ label }) => label === 'spam');
  const ham = lessons.filter(({ label }) => label === 'ham');
  const half = Math.floor(lessonsMax / 2);
  return [
    ...spam.slice(0, Math.max(half, lessonsMax - ham.length)),
    ...ham.slice(0, Math.max(half, lessonsMax - spam.length)),
  ];
}

export function slotsOf({ slots, starts }: Problem, index: number): Uint32Array {
  return slots.subarray(starts[index], starts[index + 1]);
}

function scriptsOf(slots: Uint32Array): number {
  let mask = 1;
  for (let index = 0; index < slots.length; index += 1) mask |= 1 << scriptOf(slots[index] as number);
  return mask;
}
