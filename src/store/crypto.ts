import { type Cipher, createCipheriv, hkdfSync } from 'node:crypto';

/** Keys under the daemon's secret, one a purpose (HKDF, RFC 5869; the label is its `info`). */
export interface DaemonKeys {
  readonly id: Buffer;
  readonly lesson: Buffer;
  readonly serverToken: Buffer;
  readonly trace: Buffer;
  /** Says which secret a store belongs to; says nothing of the secret. */
  readonly fingerprint: Buffer;
}

export function deriveDaemonKeys(secret: Buffer): DaemonKeys {
  return {
    id: derive(secret, 'id', 16),
    lesson: derive(secret, 'lesson', 32),
    serverToken: derive(secret, 'server token', 16),
    trace: derive(secret, 'trace', 32),
    fingerprint: derive(secret, 'fingerprint', 16),
  };
}

/** Keys under one user's root. */
export interface UserKeys {
  readonly token: Buffer;
  readonly trace: Buffer;
  /** 8 bytes kept in the user's record: another root has another one. */
  readonly check: Buffer;
}

export function deriveUserKeys(root: Buffer): UserKeys {
  return { token: derive(root, 'token', 16), trace: derive(root, 'trace', 32), check: userCheck(root) };
}

export function userCheck(root: Buffer): Buffer {
  return derive(root, 'check', 8);
}

/** Root of a user for whom the XMPP server sends no key; gone for good once the salt is. */
export function userRoot(secret: Buffer, bareJID: string, salt: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, salt, `providence user root ${bareJID}`, 32));
}

function derive(key: Buffer, label: string, bytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', key, Buffer.alloc(0), `providence ${label}`, bytes));
}

/**
 * Token ids by AES-128 in ECB mode: a keyed permutation of one block a token, which is all that is wanted of it. The cipher
 * object is kept, since making one costs more than forty blocks.
 */
export class TokenCipher {
  readonly #cipher: Cipher;

  constructor(key: Buffer) {
    this.#cipher = createCipheriv('aes-128-ecb', key, null).setAutoPadding(false);
  }

  /** @param hashes whole blocks of 16 bytes. */
  tokens(hashes: Buffer): Buffer {
    return this.#cipher.update(hashes);
  }
}

const BLOCK_WORDS = 4;
const COUNTERS_MAX = 256;
/** Words that one nonce enciphers at most. */
export const STREAM_WORDS_MAX = COUNTERS_MAX * BLOCK_WORDS;

/**
 * Enciphers by AES-256 in counter mode (NIST SP 800-38A §6.5) with a cipher object that is kept: making one for each trace,
 * as an AEAD of node:crypto needs, costs several times the work itself. There is no tag; what is enciphered names its owner,
 * so that another key is found out.
 */
export class StreamCipher {
  readonly #cipher: Cipher;
  readonly #counters = new Uint32Array(COUNTERS_MAX * BLOCK_WORDS);

  constructor(key: Buffer) {
    this.#cipher = createCipheriv('aes-256-ecb', key, null).setAutoPadding(false);
  }

  /**
   * Adds the key stream to `words`, in place: enciphers and deciphers.
   * @param nonce three words, never twice the same under one key.
   * @param words at most `STREAM_WORDS_MAX`.
   */
  apply(nonce: Uint32Array, words: Uint32Array): void {
    const blocks = Math.ceil(words.length / BLOCK_WORDS);
    const counters = this.#counters;
    for (let block = 0, at = 0; block < blocks; block += 1, at += BLOCK_WORDS) {
      counters[at] = nonce[0]!;
      counters[at + 1] = nonce[1]!;
      counters[at + 2] = nonce[2]!;
      counters[at + 3] = block;
    }
    const stream = this.#cipher.update(new Uint8Array(counters.buffer, 0, blocks * 4 * BLOCK_WORDS));
    const key = new Uint32Array(stream.buffer, stream.byteOffset, blocks * BLOCK_WORDS);
    for (let at = 0; at < words.length; at += 1) words[at] = words[at]! ^ key[at]!;
  }
}
