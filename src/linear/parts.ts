import { type Problem, slotsOf } from './problem.ts';

/** Signature of a lesson: so many minima (Broder 1997), in bands of `BAND` (Leskovec et al., "Mining of Massive Datasets", 3.4). */
const MINIMA = 16;
const BAND = 2;
/** Lessons of one band belong together where so many of their minima are the same. */
const SAME_MIN = 6;
/** Odd factors of the hash functions, by a linear congruential generator of fixed seed. */
const FACTORS = factors();

/**
 * Gives each lesson one of `count` parts, and those that are near-duplicates of each other the same one: else what is held out
 * would be known after all. Deterministic.
 */
export function partsOf(problem: Problem, count: number): Uint8Array {
  const lessons = problem.labels.length;
  const signatures = new Uint32Array(lessons * MINIMA);
  for (let index = 0; index < lessons; index += 1) sign(slotsOf(problem, index), signatures, index * MINIMA);
  const parents = Uint32Array.from({ length: lessons }, (_, index) => index);
  for (let at = 0; at < MINIMA; at += BAND) joinBand(at, signatures, parents);
  return Uint8Array.from(
    parents,
    (_, index) => (Math.imul(rootOf(parents, index) + 1, 0x9e3779b1) >>> 8) % count,
  );
}

function sign(slots: Uint32Array, into: Uint32Array, at: number): void {
  into.fill(0xffffffff, at, at + MINIMA);
  for (let index = 0; index < slots.length; index += 1) {
    const slot = (slots[index] as number) + 1;
    for (let hash = 0; hash < MINIMA; hash += 1) {
      const mixed = Math.imul(slot ^ (slot >>> 9), FACTORS[hash] as number);
      const value = (mixed ^ (mixed >>> 15)) >>> 0;
      if (value < (into[at + hash] as number)) into[at + hash] = value;
    }
  }
}

/** Joins with the first of a band only: in time that grows with the number of lessons alone. */
function joinBand(at: number, signatures: Uint32Array, parents: Uint32Array): void {
  const firsts = new Map<number, number>();
  for (let index = 0; index < parents.length; index += 1) {
    const start = index * MINIMA + at;
    // Two words as one number that a double holds exactly.
    const key = (signatures[start] as number) * 2 ** 21 + ((signatures[start + 1] as number) >>> 11);
    const first = firsts.get(key);
    if (first === undefined) firsts.set(key, index);
    else if (same(signatures, first, index) >= SAME_MIN) join(parents, first, index);
  }
}

function same(signatures: Uint32Array, one: number, other: number): number {
  let count = 0;
  for (let at = 0; at < MINIMA; at += 1)
    if (signatures[one * MINIMA + at] === signatures[other * MINIMA + at]) count += 1;
  return count;
}

function join(parents: Uint32Array, one: number, other: number): void {
  const first = rootOf(parents, one);
  const second = rootOf(parents, other);
  parents[Math.max(first, second)] = Math.min(first, second);
}

function rootOf(parents: Uint32Array, index: number): number {
  let at = index;
  while (parents[at] !== at) {
    // Halves the way for the next one.
    parents[at] = parents[parents[at] as number] as number;
    at = parents[at] as number;
  }
  return at;
}

function factors(): Uint32Array {
  let state = 12_345;
  return Uint32Array.from({ length: MINIMA }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state | 1;
  });
}
