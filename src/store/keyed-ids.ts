import { createHmac } from 'node:crypto';
import { LRU } from '../lru.ts';
import type { SubjectKind } from '../model/subject.ts';
import { type DaemonKeys, TokenCipher } from './crypto.ts';
import type { KeyedIds } from './store.ts';

/** Ids remembered of each kind. */
const IDS_MAX = 20_000;
export const ID_BYTES = 16;

/** HMAC-SHA256 (RFC 2104) cut to 128 bits; what is hashed begins with its kind, so that kinds never collide. */
export class HMACIds implements KeyedIds {
  readonly #idKey: Buffer;
  readonly #lessonKey: Buffer;
  readonly #cipher: TokenCipher;
  readonly #remembered = new Map<SubjectKind, LRU<string, string>>();

  constructor(keys: DaemonKeys) {
    this.#idKey = keys.id;
    this.#lessonKey = keys.lesson;
    this.#cipher = new TokenCipher(keys.serverToken);
  }

  id(kind: SubjectKind, value: string): string {
    let remembered = this.#remembered.get(kind);
    if (remembered === undefined) {
      remembered = new LRU(IDS_MAX);
      this.#remembered.set(kind, remembered);
    }
    let id = remembered.get(value);
    if (id === undefined) {
      id = hmac(this.#idKey, `${kind}\0${value}`);
      remembered.set(value, id);
    }
    return id;
  }

  text(texts: string): string {
    return hmac(this.#idKey, `text\0${texts}`);
  }

  lesson(reporterId: string, textId: string, senderId: string): string {
    return hmac(this.#lessonKey, `${reporterId}\0${textId}\0${senderId}`);
  }

  serverTokens(hashes: Buffer): Buffer {
    return this.#cipher.tokens(hashes);
  }
}

function hmac(key: Buffer, value: string): string {
  return createHmac('sha256', key)
    .update(value)
    .digest('hex')
    .slice(0, 2 * ID_BYTES);
}
