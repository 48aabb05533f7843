import type { Outcome } from '../../src/cli/eval-metrics.ts';
import { createRandom, type Random } from '../random.ts';

/** Both ends of a 95 % interval. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

export const RESAMPLES = 2_000;
const SEED = 1;
/** Share of the resamples below and above the interval. */
const TAIL = 0.025;

/**
 * How far a figure, or its mean over several sets of messages, would move with other messages of the same kind: the percentile
 * interval of Efron, "Bootstrap Methods: Another Look at the Jackknife" (1979). Spam and ham of each set are drawn apart, with
 * replacement, as many as there are, so that no resample lacks a class. What rests on the highest ham (`caught at no ham
 * blocked`) comes out too well, since no resample has a higher one. Seeded: the same messages, the same interval.
 * @returns undefined where the figure cannot be told
 */
export function bootstrapInterval(
  sets: readonly (readonly Outcome[])[],
  figure: (outcomes: readonly Outcome[]) => number | null,
  resamples: number = RESAMPLES,
): Interval | undefined {
  const random = createRandom(SEED);
  const classes = sets.map((set) => [ofLabel(set, 'spam'), ofLabel(set, 'ham')] as const);
  const means: number[] = [];
  for (let round = 0; round < resamples; round += 1) {
    let sum = 0;
    for (const [spam, ham] of classes) {
      const value = figure([...drawn(spam, random), ...drawn(ham, random)]);
      if (value === null) return undefined;
      sum += value;
    }
    means.push(sum / sets.length);
  }
  means.sort((a, b) => a - b);
  const last = resamples - 1;
  return { low: means[Math.floor(TAIL * last)]!, high: means[Math.ceil((1 - TAIL) * last)]! };
}

function ofLabel(set: readonly Outcome[], label: Outcome['label']): Outcome[] {
  return set.filter((outcome) => outcome.label === label);
}

function drawn(outcomes: readonly Outcome[], random: Random): Outcome[] {
  return outcomes.map(() => random.pick(outcomes));
}
