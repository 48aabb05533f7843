import { type Message, shuffledClusters } from '../rows.ts';

/** Parts of a cross-validation. */
export const FOLDS = 5;

/**
 * Deals messages into parts of about the same size in each class, near-duplicates of each other into one. The same messages,
 * the same parts.
 */
export function folds(messages: readonly Message[], count: number = FOLDS): Message[][] {
  const parts = Array.from({ length: count }, () => ({ messages: [] as Message[], spam: 0, ham: 0 }));
  for (const cluster of shuffledClusters(messages)) {
    // A cluster of both classes counts as its first message's.
    const { label } = cluster[0]!;
    const part = parts.reduce((least, one) => (one[label] < least[label] ? one : least));
    part.messages.push(...cluster);
    part[label] += cluster.length;
  }
  return parts.map((part) => part.messages);
}
