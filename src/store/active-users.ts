import { idWord } from './id-words.ts';

/** Days after which a user that nothing was asked about is no longer active. */
export const ACTIVE_DAYS = 30;
const DAY_MS = 86_400_000;
const SLOTS = 2048;

/**
 * How many users something was asked about within `ACTIVE_DAYS`: an estimate in 4 KiB, a few percent off at 500, exact enough
 * at 20. Each user's id falls into one of the slots, which holds the last day; how many are in use tells how many users there
 * are ("linear counting": Whang, Vander-Zanden & Taylor 1990). Beyond some 10,000 it tells no more than that.
 */
export class ActiveUsers {
  /** It differs from what was saved. */
  isChanged = false;
  /** Days since 1970; 0 = none. */
  readonly #days = new Uint16Array(SLOTS);
  #today = 0;
  #used = 0;

  /** @param saved as `save` gave it; anything else is as if there were nothing. */
  constructor(saved?: Buffer) {
    if (saved?.length !== 2 * SLOTS) return;
    for (let slot = 0; slot < SLOTS; slot += 1) this.#days[slot] = saved.readUInt16LE(2 * slot);
  }

  /** @param userId keyed, 32 hex digits */
  mark(userId: string, now: number): void {
    this.#goTo(now);
    const slot = idWord(userId, 1) % SLOTS;
    const day = this.#days[slot] as number;
    if (day === this.#today) return;
    if (!this.#isActive(day)) this.#used += 1;
    this.#days[slot] = this.#today;
    this.isChanged = true;
  }

  count(now: number): number {
    this.#goTo(now);
    const free = Math.max(1, SLOTS - this.#used);
    return Math.round(SLOTS * Math.log(SLOTS / free));
  }

  save(): Buffer {
    this.isChanged = false;
    const saved = Buffer.allocUnsafeSlow(2 * SLOTS);
    for (let slot = 0; slot < SLOTS; slot += 1) saved.writeUInt16LE(this.#days[slot] as number, 2 * slot);
    return saved;
  }

  #goTo(now: number): void {
    const today = Math.floor(now / DAY_MS);
    if (today === this.#today) return;
    this.#today = today;
    this.#used = this.#days.reduce((used, day) => (this.#isActive(day) ? used + 1 : used), 0);
  }

  #isActive(day: number): boolean {
    return day !== 0 && this.#today - day < ACTIVE_DAYS;
  }
}
