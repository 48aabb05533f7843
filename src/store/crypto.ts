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

/** Longest message that is authenticated without an allocation; longer ones get a buffer of their own. */
const SCRATCH_BYTES = 16_384;
const BLOCK_BYTES = 16;

/**
 * CBC-MAC with AES-128 over a message that begins with its length and is padded with zeros (ISO/IEC 9797-1, algorithm 1,
 * padding 3): a pseudorandom function of messages of any length, since no padded message is a prefix of another (Petrank &
 * Rackoff, "CBC MAC for Real-Time Data Sources", 2000). HMAC would do as well and costs five times as much: node:crypto
 * makes a new object for each. This cipher object is kept; its chain is cut by adding its last block to the next first one.
 */
export class MessageCode {
  readonly #cipher: Cipher;
  readonly #scratch = Buffer.alloc(SCRATCH_BYTES);
  #chain = Buffer.alloc(BLOCK_BYTES);

  constructor(key: Buffer) {
    this.#cipher = createCipheriv('aes-128-cbc', key, Buffer.alloc(BLOCK_BYTES)).setAutoPadding(false);
  }

  /** 32 hex digits. @param purpose 0 … 255: messages of two purposes never share a code. */
  of(purpose: number, message: string): string {
    const buffer = this.#roomFor(message);
    const length = buffer.write(message, BLOCK_BYTES, 'utf8');
    const end = BLOCK_BYTES + Math.ceil(length / BLOCK_BYTES) * BLOCK_BYTES;
    buffer.fill(0, BLOCK_BYTES + length, end);
    buffer.fill(0, 0, BLOCK_BYTES);
    buffer.writeUInt32LE(length, 0);
    buffer[4] = purpose;
    for (let at = 0; at < BLOCK_BYTES; at += 1) buffer[at] = buffer[at]! ^ this.#chain[at]!;
    const out = this.#cipher.update(buffer.subarray(0, end));
    this.#chain = out.subarray(end - BLOCK_BYTES, end);
    return out.toString('hex', end - BLOCK_BYTES, end);
  }

  #roomFor(message: string): Buffer {
    // UTF-8 takes at most three bytes a UTF-16 unit.
    const most = 2 * BLOCK_BYTES + 3 * message.length;
    return most <= SCRATCH_BYTES ? this.#scratch : Buffer.alloc(most);
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
