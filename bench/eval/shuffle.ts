import type { Random } from '../random.ts';

/** A copy in another order, each as likely (Fisher and Yates; Durstenfeld 1964). */
export function shuffled<T>(items: readonly T[], random: Random): T[] {
  const copy = [...items];
  for (let last = copy.length - 1; last > 0; last -= 1) {
    const at = random.below(last + 1);
    [copy[last], copy[at]] = [copy[at]!, copy[last]!];
  }
  return copy;
}
