import type { Subject } from '../pipeline/gather.ts';
import type { User } from '../store/store.ts';
import { FEATURES_MAX } from '../text/features.ts';

const ID_STRIDE = 16;
const NONE = Buffer.alloc(0);

/** Token ids of a sample in both tables, stride 16, at most FEATURES_MAX. */
export interface LessonTokens {
  readonly sids: Buffer;
  readonly uids: Buffer;
}

/** Token ids of all texts of a sample, each once: what a trace keeps and a lesson teaches. */
export function tokensOf(subject: Subject, user: User | undefined): LessonTokens {
  const { features, sids } = subject.texts;
  const reader = user?.keyState === 'ok' ? user : undefined;
  if (features.length === 0) return { sids: NONE, uids: NONE };
  if (features.length === 1)
    return { sids: sids[0] as Buffer, uids: reader?.tokens(features[0]?.hashes ?? NONE) ?? NONE };
  const hashes = union(features.map((feature) => feature.hashes));
  const order = union(sids);
  return { sids: order, uids: reader?.tokens(hashes) ?? NONE };
}

/** Entries of stride 16, each once, in order of appearance. Equal hashes have equal ids, so hashes and ids stay parallel. */
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
