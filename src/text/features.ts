import type { Fingerprint } from './fingerprint.ts';

/** Counted up whenever the same text would give other features: part of every text's fingerprint in the cache. */
export const TOKENISER_VERSION = 3;
/** A lesson, a trace and a verdict see at most this many features of a text. */
export const FEATURES_MAX = 128;
/** Stretches of letters that a text is seen by at most; of more, those with the smallest hashes, as `Sampler` does. */
export const GRAMS_MAX = 256;

/**
 * Features of one text as public 128-bit hashes (h128), never stored as they are, and its fingerprint. All but the fingerprint is
 * scratch space: valid until the next text.
 */
export interface Features {
  /** 16 bytes a feature, distinct. */
  readonly hashes: Buffer;
  readonly count: number;
  /** How many are of the whole text: its shape and its links. They come first. */
  readonly heads: number;
  /** The script of each feature's letters, 0 where it has none: see `scripts.ts`. */
  readonly scripts: Uint8Array;
  /** Stretches of letters, see `grams.ts`: public hashes as well. */
  readonly grams: Uint32Array;
  readonly fingerprint: Fingerprint;
}
