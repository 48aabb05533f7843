import type { Subject } from '../pipeline/gather.ts';
import { FEATURES_MAX } from '../text/features.ts';

const ID_STRIDE = 16;
const NONE = Buffer.alloc(0);

/** Token ids of a sample in both tables, stride 16, at most FEATURES_MAX. */
export interface LessonTokens {
  readonly sids: Buffer;
  readonly uids: Buffer;
}

/** Token ids of all texts of a sample, each once: what a trace keeps and a lesson teaches. */
export function tokensOf({ texts, uids }: Subject): LessonTokens {
  if (texts.sids.length <= 1) return { sids: texts.sids[0] ?? NONE, uids: uids[0] ?? NONE };
  return { sids: union(texts.sids), uids: union(uids) };
}

/** Entries of stride 16, each once, in order of appearance; as equal tokens have equal ids, both unions run in parallel. */
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
