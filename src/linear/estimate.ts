import type { LinearEstimate } from './model.ts';

/** Part of the Bayesian log-odds that is replaced where the model knows all of a text. */
const REPLACED = 0.5;

/**
 * Log-odds of both models of one text. The more of it the linear one knows, the more it counts, and the less the Bayesian one,
 * down to a half: of a text in a language that no lesson was in, only the Bayesian one has anything to say, by its starter.
 */
export function together({ z, known }: LinearEstimate, bayes: number, caution: number): number {
  return caution * (known * z + (1 - REPLACED * known) * bayes);
}
