import { idWord } from '../store/id-words.ts';

/** Ways of a set: a sender is looked for in so many neighbouring slots. */
const WAYS = 8;
/** Recipients remembered per sender, to tell a new one from the last few. */
const RECIPIENTS_REMEMBERED = 8;
/** A bucket holds at most so many allowances, so that it drains in finite time. */
const LEVEL_ALLOWANCES_MAX = 32;

/** What a sender may do before its level counts. */
export interface Allowances {
  readonly stanzasBurst: number;
  readonly stanzasPerMinute: number;
  readonly recipientsBurst: number;
  readonly recipientsPerHour: number;
}

export interface RateOptions extends Allowances {
  readonly sendersMax: number;
}

/** Levels of one sender ÷ allowance, the touching stanza included. */
export interface RateLevels {
  stanzas: number;
  recipients: number;
}

/**
 * Leaky buckets of senders in typed arrays, by keyed 64-bit id: no object per sender, and a fixed size. A full set gives the
 * slot of the sender longest silent to the newcomer, so a flood of new senders costs the quiet ones their level, never memory.
 * Buckets as meters: Turner 1986, "New directions in communications".
 */
export class RateTable {
  #allowances: Allowances;
  readonly #sets: number;
  readonly #idHigh: Uint32Array;
  readonly #idLow: Uint32Array;
  readonly #stanzas: Float32Array;
  readonly #recipients: Float32Array;
  readonly #seenMs: Float64Array;
  readonly #recent: Uint16Array;
  readonly #levels: RateLevels = { stanzas: 0, recipients: 0 };

  constructor(options: RateOptions) {
    const slots = 2 ** Math.ceil(Math.log2(Math.max(options.sendersMax, WAYS)));
    this.#allowances = options;
    this.#sets = slots / WAYS;
    this.#idHigh = new Uint32Array(slots);
    this.#idLow = new Uint32Array(slots);
    this.#stanzas = new Float32Array(slots);
    this.#recipients = new Float32Array(slots);
    this.#seenMs = new Float64Array(slots);
    this.#recent = new Uint16Array(slots * RECIPIENTS_REMEMBERED);
  }

  /** Levels stay: what was sent counts against the new allowances, and drains by them from its last stanza on. */
  allow(allowances: Allowances): void {
    this.#allowances = allowances;
  }

  /**
   * Counts one stanza and tells the sender's levels. The result is overwritten by the next call.
   * @param id keyed id of the sender, at least 16 hex digits.
   * @param recipientTag 1 … 65535, keyed; 0 = no recipient.
   */
  touch(id: string, recipientTag: number, now: number): RateLevels {
    const high = idWord(id, 0);
    const low = idWord(id, 1);
    const slot = this.#slotOf(high, low);
    const { stanzasBurst, stanzasPerMinute, recipientsBurst, recipientsPerHour } = this.#allowances;
    if (this.#idHigh[slot] !== high || this.#idLow[slot] !== low) this.#claim(slot, high, low);
    const elapsedMs = Math.max(0, now - (this.#seenMs[slot] as number));
    const stanzas =
      Math.max(0, (this.#stanzas[slot] as number) - (elapsedMs * stanzasPerMinute) / 60_000) + 1;
    const isNew = recipientTag !== 0 && this.#isNewRecipient(slot, recipientTag);
    const drained = Math.max(
      0,
      (this.#recipients[slot] as number) - (elapsedMs * recipientsPerHour) / 3_600_000,
    );
    const recipients = drained + (isNew ? 1 : 0);
    this.#stanzas[slot] = Math.min(stanzas, stanzasBurst * LEVEL_ALLOWANCES_MAX);
    this.#recipients[slot] = Math.min(recipients, recipientsBurst * LEVEL_ALLOWANCES_MAX);
    this.#seenMs[slot] = now;
    this.#levels.stanzas = (this.#stanzas[slot] as number) / stanzasBurst;
    this.#levels.recipients = (this.#recipients[slot] as number) / recipientsBurst;
    return this.#levels;
  }

  #slotOf(high: number, low: number): number {
    const base = (low % this.#sets) * WAYS;
    let oldest = base;
    for (let slot = base; slot < base + WAYS; slot += 1) {
      if (this.#idLow[slot] === low && this.#idHigh[slot] === high) return slot;
      if ((this.#seenMs[slot] as number) < (this.#seenMs[oldest] as number)) oldest = slot;
    }
    return oldest;
  }

  #claim(slot: number, high: number, low: number): void {
    this.#idHigh[slot] = high;
    this.#idLow[slot] = low;
    this.#stanzas[slot] = 0;
    this.#recipients[slot] = 0;
    this.#recent.fill(0, slot * RECIPIENTS_REMEMBERED, (slot + 1) * RECIPIENTS_REMEMBERED);
  }

  #isNewRecipient(slot: number, tag: number): boolean {
    const base = slot * RECIPIENTS_REMEMBERED;
    for (let index = 0; index < RECIPIENTS_REMEMBERED; index += 1) {
      if (this.#recent[base + index] === tag) return false;
    }
    this.#recent.copyWithin(base + 1, base, base + RECIPIENTS_REMEMBERED - 1);
    this.#recent[base] = tag;
    return true;
  }
}
