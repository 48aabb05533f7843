import type { Subject } from '../pipeline/gather.ts';
import { TOKEN_STRIDE } from '../store/token-words.ts';
import { FEATURES_MAX, GRAMS_MAX } from '../text/features.ts';

const NONE = Buffer.alloc(0);
const NO_SLOTS = new Uint32Array(0);

/**
 * Server token ids of all texts of a sample, each once, in order of appearance, stride 16, at most FEATURES_MAX: what a trace
 * keeps and a lesson teaches.
 */
export function sidsOf({ texts }: Pick<Subject, 'texts'>): Buffer {
  return texts.sids.length <= 1 ? (texts.sids[0] ?? NONE) : union(texts.sids);
}

/** Slots of all texts, each once, at most GRAMS_MAX. */
export function slotsOf({ texts }: Pick<Subject, 'texts'>): Uint32Array {
  if (texts.slots.length <= 1) return texts.slots[0] ?? NO_SLOTS;
  const slots = new Set<number>();
  for (const of of texts.slots) for (const slot of of) if (slots.size < GRAMS_MAX) slots.add(slot);
  return Uint32Array.from(slots);
}

function union(buffers: readonly Buffer[]): Buffer {
  const seen = new Set<string>();
  const entries: Buffer[] = [];
  for (const buffer of buffers) {
    for (let offset = 0; offset < buffer.length && entries.length < FEATURES_MAX; offset += TOKEN_STRIDE) {
      const entry = buffer.subarray(offset, offset + TOKEN_STRIDE);
      const key = entry.toString('latin1');
      if (seen.has(key)) continue;
      seen.add(key);
      entries.push(entry);
    }
  }
  return Buffer.concat(entries);
}
