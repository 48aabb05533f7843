import { randomBytes } from 'node:crypto';
import { type BlockCipher, deriveUserKeys, userCheck, userRoot } from '../crypto.ts';
import type { KeyedIds } from '../store.ts';
import { LocalUser, type TableSource } from './local-user.ts';
import { MaskedCipher } from './masked-cipher.ts';
import type { UserHead } from './user-table.ts';

const SALT_BYTES = 16;

export interface UserLocksOptions {
  readonly ids: KeyedIds;
  readonly cipher: BlockCipher;
  readonly secret: Buffer;
}

/** What opens a user's table: the key that the XMPP server sends, or without one the daemon's secret and a salt. */
export class UserLocks {
  readonly #options: UserLocksOptions;
  readonly #tables: TableSource;

  constructor(options: UserLocksOptions, tables: TableSource) {
    this.#options = options;
    this.#tables = tables;
  }

  /** Another head for a user: what `userKey`, or the daemon's secret and a new salt, open from now on. */
  newHead(bareJID: string, userKey: Buffer | undefined, created: number): UserHead {
    const salt = randomBytes(SALT_BYTES);
    return { salt, check: userCheck(userKey ?? this.#rootOf(bareJID, salt)), created };
  }

  /** The user as `head` has it. */
  unlock(bareJID: string, userKey: Buffer | undefined, head: UserHead): LocalUser {
    const keys = deriveUserKeys(userKey ?? this.#rootOf(bareJID, head.salt));
    const isRight = keys.check.equals(head.check);
    return this.#userOf(bareJID, isRight ? new MaskedCipher(this.#options.cipher, keys.mask) : undefined);
  }

  /** The user as under a wrong key. */
  withoutKey(bareJID: string): LocalUser {
    return this.#userOf(bareJID, undefined);
  }

  #userOf(bareJID: string, cipher: MaskedCipher | undefined): LocalUser {
    const { ids } = this.#options;
    const host = ids.id('domain', bareJID.slice(bareJID.indexOf('@') + 1));
    return new LocalUser({ id: ids.id('user', bareJID), host }, cipher, this.#tables);
  }

  #rootOf(bareJID: string, salt: Buffer): Buffer {
    return userRoot(this.#options.secret, bareJID, salt);
  }
}
