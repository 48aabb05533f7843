import { type Cipher, createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';

/** Nonce of AES-GCM, NIST SP 800-38D §5.2.1.1: 96 bits. */
export const NONCE_BYTES = 12;
export const TAG_BYTES = 16;

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
    id: derive(secret, 'id', 32),
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

export interface Sealing {
  readonly key: Buffer;
  readonly nonce: Buffer;
  /** Bound to the text but not hidden: who may open it. */
  readonly associated: Buffer;
}

/** AES-256-GCM: the ciphertext, then the 16-byte tag, written to `into` at `offset`. Returns the bytes written. */
export function seal(sealing: Sealing, text: Uint8Array, into: { target: Buffer; offset: number }): number {
  const cipher = createCipheriv('aes-256-gcm', sealing.key, sealing.nonce);
  cipher.setAAD(sealing.associated);
  const sealed = cipher.update(text);
  cipher.final();
  into.target.set(sealed, into.offset);
  into.target.set(cipher.getAuthTag(), into.offset + sealed.length);
  return sealed.length + TAG_BYTES;
}

/** Undefined where the key, the nonce or `associated` is another one. */
export function unseal(sealing: Sealing, sealed: Buffer): Buffer | undefined {
  const decipher = createDecipheriv('aes-256-gcm', sealing.key, sealing.nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(sealing.associated);
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
  const text = decipher.update(sealed.subarray(0, sealed.length - TAG_BYTES));
  try {
    decipher.final();
  } catch {
    return undefined;
  }
  return text;
}
