import type { Fingerprint } from './fingerprint.ts';

/** Counted up whenever the same text would give other features: part of every text's fingerprint in the cache. */
export const TOKENISER_VERSION = 2;
/** A lesson, a trace and a verdict see at most this many features of a text. */
export const FEATURES_MAX = 128;

/** Features of one text as public 128-bit hashes (h128), never stored as they are, and its fingerprint. */
export interface Features {
  /** 16 bytes a feature, distinct. */
  readonly hashes: Buffer;
  readonly count: number;
  readonly fingerprint: Fingerprint;
}
