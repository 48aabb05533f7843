import type { Subject } from '../pipeline/gather.ts';
import { FEATURES_MAX } from '../text/features.ts';

const ID_STRIDE = 16;
const NONE = Buffer.alloc(0);

/**
 * Server token ids of all texts of a sample, each once, in order of appearance, stride 16, at most FEATURES_MAX: what a trace
 * keeps and a lesson teaches.
 */
export function sidsOf({ texts }: Subject): Buffer {
  return texts.sids.length <= 1 ? (texts.sids[0] ?? NONE) : union(texts.sids);
}

function union(buffers: readonly Buffer[]): Buffer {
  const seen = new Set<string>();
  const entries: Buffer[] = [];
  for (const buffer of buffers) {
    for (let offset = 0; offset < buffer.length && entries.length < FEATURES_MAX; offset += ID_STRIDE) {
      const entry = buffer.subarray(offset, offset + ID_STRIDE);
      const key = entry.toString('latin1');
      if (seen.has(key)) continue;
      seen.add(key);
      entries.push(entry);
    }
  }
  return Buffer.concat(entries);
}
