import { createHmac } from 'node:crypto';
import type { SubjectKind } from '../model/subject.ts';
import { type DaemonKeys, MessageCode, TokenCipher } from './crypto.ts';
import { KIND_BYTES } from './keys.ts';
import type { KeyedIds } from './store.ts';

export const ID_BYTES = 16;

/** Ids of subjects by `MessageCode`, one purpose a kind, so that kinds never collide; ids of lessons by HMAC-SHA256. */
export class DerivedIds implements KeyedIds {
  readonly #code: MessageCode;
  readonly #lessonKey: Buffer;
  readonly #cipher: TokenCipher;

  constructor(keys: DaemonKeys) {
    this.#code = new MessageCode(keys.id);
    this.#lessonKey = keys.lesson;
    this.#cipher = new TokenCipher(keys.serverToken);
  }

  id(kind: SubjectKind, value: string): string {
    return this.#code.of(KIND_BYTES[kind], value);
  }

  text(texts: string): string {
    return this.id('text', texts);
  }

  lesson(reporterId: string, textId: string, senderId: string): string {
    return createHmac('sha256', this.#lessonKey)
      .update(`${reporterId}\0${textId}\0${senderId}`)
      .digest('hex')
      .slice(0, 2 * ID_BYTES);
  }

  serverTokens(hashes: Buffer): Buffer {
    return this.#cipher.tokens(hashes);
  }
}
