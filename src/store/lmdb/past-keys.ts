import { pastMaskPad } from '../crypto.ts';
import type { StoreBounds } from '../options.ts';
import type { LMDBFacts } from './facts.ts';
import type { LocalUser } from './local-user.ts';
import { MaskedCipher } from './masked-cipher.ts';

/** Keys that a user had before; of more the oldest goes, and the traces under it cannot be opened any more. */
export const PAST_KEYS_MAX = 8;
const FACT = 'past-keys';
const DAY_MS = 86_400_000;

/** A key that the user had before: its check value, its mask sealed under the key of now, and when its traces are gone. */
type PastKey = readonly [check: Buffer, sealed: Buffer, until: number];

export interface PastKeysOptions {
  readonly facts: LMDBFacts;
  readonly now: () => number;
  readonly bounds: Pick<StoreBounds, 'tracesDays'>;
}

/** A key that is given up or taken: its check value, and the user as it opens them. */
export interface HeldKey {
  readonly check: Buffer;
  readonly user: LocalUser;
}

/**
 * What opens the traces that a user left under the keys before. A trace is sealed where it lies, among those of others; so not
 * the traces go over to another key, but the masks that open them, for as long as there are such traces.
 */
export class PastKeys {
  readonly #options: PastKeysOptions;

  constructor(options: PastKeysOptions) {
    this.#options = options;
  }

  /** Ciphers of the keys before, the last one first. */
  of({ id, cipher }: LocalUser): MaskedCipher[] {
    if (cipher === undefined) return [];
    return this.#read(id).map(([check, sealed]) => cipherOf(cipher, check, sealed));
  }

  /**
   * Within a transaction: seals under `after` what `before` opened, and `before` itself.
   * @returns takes it back, in memory, where the transaction failed.
   */
  handOn(before: HeldKey, after: HeldKey): () => void {
    const { facts, now, bounds } = this.#options;
    const { id } = before.user;
    const known = this.#read(id);
    const masks: readonly (readonly [Buffer, MaskedCipher, number])[] = [
      [before.check, before.user.cipher!, now() + bounds.tracesDays * DAY_MS],
      ...known.map(
        ([check, sealed, until]) => [check, cipherOf(before.user.cipher!, check, sealed), until] as const,
      ),
    ];
    const keys = masks
      .filter(([check]) => !check.equals(after.check))
      .slice(0, PAST_KEYS_MAX)
      .map(([check, { mask }, until]): PastKey => [check, seal(after.user.cipher!, check, mask), until]);
    this.#set(id, keys);
    facts.putNow('user', id);
    return () => this.#set(id, known);
  }

  #read(id: string): readonly PastKey[] {
    const { facts, now } = this.#options;
    const keys = (facts.get('user', id, FACT, '', now()) ?? []) as readonly PastKey[];
    return keys.filter(([, , until]) => until > now());
  }

  #set(id: string, keys: readonly PastKey[]): void {
    const last = keys.reduce((latest, [, , until]) => Math.max(latest, until), 0);
    this.#options.facts.set('user', id, FACT, '', keys, last);
  }
}

/** The pad is another one for each two keys, so to add it is to seal. */
function seal(under: MaskedCipher, check: Buffer, mask: Uint32Array): Buffer {
  const sealed = pastMaskPad(bytesOf(under.mask), check);
  for (const [i, byte] of bytesOf(mask).entries()) sealed[i] = sealed[i]! ^ byte;
  return sealed;
}

function cipherOf(under: MaskedCipher, check: Buffer, sealed: Buffer): MaskedCipher {
  const mask = pastMaskPad(bytesOf(under.mask), check);
  for (const [i, byte] of sealed.entries()) mask[i] = mask[i]! ^ byte;
  return new MaskedCipher(under.cipher, mask);
}

function bytesOf(mask: Uint32Array): Buffer {
  return Buffer.from(mask.buffer, mask.byteOffset, mask.byteLength);
}
