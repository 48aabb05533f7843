import { type Cipher, createCipheriv, hkdfSync } from 'node:crypto';

/** Keys under the daemon's secret, one a purpose (HKDF, RFC 5869; the label is its `info`). */
export interface DaemonKeys {
  readonly id: Buffer;
  readonly lesson: Buffer;
  readonly serverToken: Buffer;
  /** Of the cipher that all users' masks are laid upon, see `lmdb/masked-cipher.ts`. */
  readonly masked: Buffer;
  /** Mask of the traces that are no user's. */
  readonly trace: Buffer;
  /** Shuffles the slots of `linear.server`; the other one seals them in lessons. */
  readonly slot: Buffer;
  readonly linear: Buffer;
  readonly reported: Buffer;
  /** Marks the lessons of a dump. */
  readonly dump: Buffer;
  /** Says which secret a store belongs to; says nothing of the secret. */
  readonly fingerprint: Buffer;
}

export function deriveDaemonKeys(secret: Buffer): DaemonKeys {
  return {
    id: derive(secret, 'id', 16),
    lesson: derive(secret, 'lesson', 32),
    serverToken: derive(secret, 'server token', 16),
    masked: derive(secret, 'masked', 16),
    trace: derive(secret, 'trace', 16),
    slot: derive(secret, 'slot', 8),
    linear: derive(secret, 'linear', 16),
    reported: derive(secret, 'reported', 16),
    dump: derive(secret, 'dump', 32),
    fingerprint: derive(secret, 'fingerprint', 16),
  };
}

/** What is derived from one user's root. */
export interface UserKeys {
  readonly mask: Buffer;
  /** 8 bytes kept in the user's record: another root has another one. */
  readonly check: Buffer;
}

export function deriveUserKeys(root: Buffer): UserKeys {
  return { mask: derive(root, 'mask', 16), check: userCheck(root) };
}

export function userCheck(root: Buffer): Buffer {
  return derive(root, 'check', 8);
}

/** 16 bytes that hide the mask of a key before under that of the key of now. @param check of the key before */
export function pastMaskPad(mask: Buffer, check: Buffer): Buffer {
  return derive(mask, `past mask ${check.toString('hex')}`, 16);
}

/** Root of a user for whom the XMPP server sends no key; gone for good once the salt is. */
export function userRoot(secret: Buffer, bareJID: string, salt: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, salt, `providence user root ${bareJID}`, 32));
}

function derive(key: Buffer, label: string, bytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', key, Buffer.alloc(0), `providence ${label}`, bytes));
}

/**
 * AES-128 in ECB mode: a keyed permutation of single blocks, from which the rest is made. The cipher object is kept, since
 * making one costs more than forty blocks.
 */
export class BlockCipher {
  readonly #cipher: Cipher;

  /** @param key 16 bytes. */
  constructor(key: Buffer) {
    this.#cipher = createCipheriv('aes-128-ecb', key, null).setAutoPadding(false);
  }

  /** @param blocks whole blocks of 16 bytes. */
  encipher(blocks: Uint8Array): Buffer {
    return this.#cipher.update(blocks);
  }
}
