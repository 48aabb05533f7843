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
    labels: Uint8Array.from(lessons, ({ label }) => (label === 'spam' ? 1 : 0)),
    weights: Float32Array.from(lessons, ({ weight }) => weight),
    reporters: Uint16Array.from(lessons, ({ reporter }) => reporter),
  };
}

/** The lessons of these indexes as a problem of their own. */
export function partOf(problem: Problem, chosen: readonly number[]): Problem {
  const starts = new Uint32Array(chosen.length + 1);
  for (const [at, index] of chosen.entries()) {
    const length = (problem.starts[index + 1] as number) - (problem.starts[index] as number);
    starts[at + 1] = (starts[at] as number) + length;
  }
  const slots = new Uint32Array(starts[chosen.length] as number);
  for (const [at, index] of chosen.entries()) slots.set(slotsOf(problem, index), starts[at]);
  const pick = (column: Uint8Array | Uint16Array | Float32Array) => (index: number) =>
    column[index] as number;
  return {
    slots,
    starts,
    tokens: Uint8Array.from(chosen, pick(problem.tokens)),
    labels: Uint8Array.from(chosen, pick(problem.labels)),
    weights: Float32Array.from(chosen, pick(problem.weights)),
    reporters: Uint16Array.from(chosen, pick(problem.reporters)),
  };
}

export function slotsOf({ slots, starts }: Problem, index: number): Uint32Array {
  return slots.subarray(starts[index], starts[index + 1]);
}

/** Every script of a lesson's letters, a bit each; that of none is always among them. */
export function scriptsOf(slots: Uint32Array): number {
  let mask = 1;
  for (let index = 0; index < slots.length; index += 1) mask |= 1 << scriptOf(slots[index] as number);
  return mask;
}
