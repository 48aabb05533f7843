import { FEATURES_MAX } from '../../text/features.ts';
import type { BlockCipher } from '../crypto.ts';
import { SCRIPT_WORD, STRIDE_WORDS, TOKEN_STRIDE, tokenWords } from '../token-words.ts';

const blocks = new Uint32Array(FEATURES_MAX * STRIDE_WORDS);
const blockBytes = new Uint8Array(blocks.buffer);

/**
 * A user's cipher: one AES for all, with 128 bits of the user's own added before and after it (Even & Mansour, "A
 * construction of a cipher from a single pseudorandom permutation", 1997). So one call can encipher for many users, and a
 * user takes 16 bytes instead of a cipher object. Why this is safe: docs/decisions/0034.
 *
 * Blocks of tokens end with 8 zero bytes, those of traces (`trace-block.ts`) with a place that is never 0.
 */
export class MaskedCipher {
  readonly mask: Uint32Array;
  readonly cipher: BlockCipher;

  /** @param key 16 bytes. */
  constructor(cipher: BlockCipher, key: Buffer) {
    this.cipher = cipher;
    this.mask = Uint32Array.from([0, 4, 8, 12], (at) => key.readUInt32LE(at));
  }

  /** The user's token ids (uids) from the server's (sids), with their scripts; both of stride 16, at most `FEATURES_MAX`. */
  tokens(sids: Buffer): Buffer {
    if (sids.length > blockBytes.length) throw new RangeError(`${sids.length / TOKEN_STRIDE} tokens at once`);
    const end = sids.length / 4;
    const from = tokenWords(sids, sids.length / TOKEN_STRIDE);
    const first = this.mask[0]!;
    const second = this.mask[1]!;
    const third = this.mask[2]!;
    const fourth = this.mask[3]!;
    for (let at = 0; at < end; at += STRIDE_WORDS) {
      blocks[at] = from[at]! ^ first;
      blocks[at + 1] = from[at + 1]! ^ second;
      blocks[at + 2] = third;
      blocks[at + 3] = fourth;
    }
    const uids = this.cipher.encipher(blockBytes.subarray(0, sids.length));
    // Not `tokenWords`, which may copy.
    const to = new Int32Array(uids.buffer, uids.byteOffset, end);
    for (let at = 0; at < end; at += STRIDE_WORDS) {
      to[at] = to[at]! ^ first;
      to[at + 1] = to[at + 1]! ^ second;
      to[at + SCRIPT_WORD] = from[at + SCRIPT_WORD]!;
    }
    return uids;
  }
}
