import { type Fingerprint, isEmpty, isOrdinary } from '../text/fingerprint.ts';
import { BANDS, bandsOf } from '../text/likeness.ts';
import { BandIndex, FOUND_MAX } from './band-index.ts';
import type { Told } from './reported.ts';
import {
  type IdWords,
  LESSON,
  PAIR,
  ReportedEntries,
  type ReportedText,
  USER,
  wordsOf,
} from './reported-entries.ts';
import { Ring } from './ring.ts';
import type { LessonLabel } from './store.ts';

/** Distinct users counted of one text: more than any threshold asks for. */
const USERS_COUNTED_MAX = 32;
const FREED_PER_STEP = 64;

/** What is asked for. */
export interface Sought {
  readonly fingerprint: Fingerprint;
  /** Who asks; '' for nobody. */
  readonly userId: string;
  /** Asked for only where the text is an ordinary one. */
  readonly pairId: () => string;
  /** Milliseconds since 1970: what was said before is past. */
  readonly since: number;
}

/**
 * What users have reported, in memory of fixed size: so many texts that are spam, and as many that are ham, of each the
 * oldest go first. A user's own are found by themselves. Of copies of one text that a user has reported only the latest is
 * shown to others, so that nobody hides what others say. What is told comes from the reports that are here and from nothing
 * else: one that is taken back leaves no trace.
 */
export class ReportedTexts {
  readonly #rings: Readonly<Record<LessonLabel, Ring>>;
  readonly #entries: ReportedEntries;
  readonly #byLesson = new Map<number, number>();
  readonly #isShown: Uint8Array;
  readonly #own: BandIndex;
  readonly #shown: BandIndex;
  readonly #bands = new Uint32Array(BANDS);
  readonly #found = new Uint32Array(FOUND_MAX);
  /** Latest entries of the users that are counted. */
  readonly #latest = new Uint32Array(USERS_COUNTED_MAX);
  readonly #told: Told = { own: undefined, ownAt: 0, others: 0, othersAt: 0 };

  /** @param textsMax of each label. */
  constructor(textsMax: number) {
    const entries = 2 * textsMax;
    this.#rings = { spam: new Ring(0, textsMax), ham: new Ring(textsMax, textsMax) };
    this.#entries = new ReportedEntries(entries);
    this.#isShown = new Uint8Array(entries);
    this.#own = new BandIndex(entries);
    this.#shown = new BandIndex(entries);
  }

  /** Texts that are here. */
  get count(): number {
    return this.#byLesson.size;
  }

  /** Takes in a report, in the place of the one of the same lesson. Those of one user come in their order. */
  add(text: ReportedText): void {
    this.remove(text.lessonId);
    const entry = this.#rings[text.label].give();
    if (!this.#entries.isFree(entry)) this.#drop(entry);
    this.#entries.write(entry, text);
    this.#byLesson.set(keyOf(wordsOf(text.lessonId)), entry);
    const user = wordsOf(text.userId);
    if (!isOrdinary(text.fingerprint)) {
      const copies = this.#findOwn(text.fingerprint, user);
      for (let at = 0; at < copies; at += 1) this.#hide(this.#found[at] as number);
      this.#show(entry);
    }
    this.#own.add(entry, this.#bandsFor(text.fingerprint, user));
  }

  remove(lessonId: string): void {
    const entry = this.#byLesson.get(keyOf(wordsOf(lessonId)));
    if (entry !== undefined) this.#drop(entry);
  }

  /** Label and number of the report of a lesson. */
  find(lessonId: string): Pick<ReportedText, 'label' | 'number'> | undefined {
    const entry = this.#byLesson.get(keyOf(wordsOf(lessonId)));
    if (entry === undefined) return undefined;
    return { label: this.#entries.labelOf(entry), number: this.#entries.numberOf(entry) };
  }

  /** No report of this label with a lower number is here. */
  firstNumber(label: LessonLabel): number {
    const oldest = this.#rings[label].oldest;
    return oldest === undefined ? 0 : this.#entries.numberOf(oldest);
  }

  /** Drops some of what was said before `since`. */
  step(since: number): void {
    for (const ring of [this.#rings.spam, this.#rings.ham])
      for (let freed = 0; freed < FREED_PER_STEP; freed += 1) {
        const entry = ring.oldest;
        if (entry === undefined) break;
        if (!this.#entries.isFree(entry)) {
          if (this.#entries.timeOf(entry) >= since) break;
          this.#drop(entry);
        }
        ring.freeOldest();
      }
  }

  /** The result is overwritten by the next look-up. */
  look(sought: Sought): Told {
    const told = this.#told;
    told.own = undefined;
    told.ownAt = 0;
    told.others = 0;
    told.othersAt = 0;
    if (this.count === 0 || isEmpty(sought.fingerprint)) return told;
    bandsOf(sought.fingerprint, this.#bands);
    if (!isOrdinary(sought.fingerprint)) this.#lookAmongShown(sought, told);
    if (sought.userId !== '') this.#lookAmongOwn(sought, told);
    return told;
  }

  #lookAmongOwn({ fingerprint, userId, pairId, since }: Sought, told: Told): void {
    const user = wordsOf(userId);
    const copies = this.#findOwn(fingerprint, user, this.#mix(user));
    const pair = copies > 0 && isOrdinary(fingerprint) ? wordsOf(pairId()) : undefined;
    for (let at = 0; at < copies; at += 1) {
      const entry = this.#found[at] as number;
      const time = this.#entries.timeOf(entry);
      if (time < since || time <= told.ownAt) continue;
      if (pair !== undefined && !this.#entries.hasId(entry, PAIR, pair)) continue;
      told.own = this.#entries.labelOf(entry);
      told.ownAt = time;
    }
  }

  #lookAmongShown({ fingerprint, userId, since }: Sought, told: Told): void {
    const found = this.#shown.find(this.#bands, this.#found);
    const user = userId === '' ? undefined : wordsOf(userId);
    let users = 0;
    for (let at = 0; at < found && users < USERS_COUNTED_MAX; at += 1) {
      const entry = this.#found[at] as number;
      if (this.#entries.timeOf(entry) < since || !this.#entries.isCopy(entry, fingerprint)) continue;
      if (user === undefined || !this.#entries.hasId(entry, USER, user))
        users = this.#countOnce(entry, users);
    }
    for (let at = 0; at < users; at += 1) {
      const entry = this.#latest[at] as number;
      const isSpam = this.#entries.labelOf(entry) === 'spam';
      told.others += isSpam ? 1 : -1;
      if (isSpam) told.othersAt = Math.max(told.othersAt, this.#entries.timeOf(entry));
    }
  }

  /** A text that lies between two others may be a copy of either, be these none of each other: of one user it counts once. */
  #countOnce(entry: number, users: number): number {
    const user = this.#entries.idOf(entry, USER);
    for (let at = 0; at < users; at += 1) {
      const counted = this.#latest[at] as number;
      if (!this.#entries.hasId(counted, USER, user)) continue;
      if (this.#entries.timeOf(entry) > this.#entries.timeOf(counted)) this.#latest[at] = entry;
      return users;
    }
    this.#latest[users] = entry;
    return users + 1;
  }

  #drop(entry: number): void {
    const print = this.#entries.printOf(entry);
    const user = this.#entries.idOf(entry, USER);
    this.#own.remove(entry, this.#bandsFor(print, user));
    this.#byLesson.delete(keyOf(this.#entries.idOf(entry, LESSON)));
    this.#entries.free(entry);
    if (this.#isShown[entry] === 0) return;
    this.#hide(entry);
    const latest = this.#latestOf(this.#findOwn(print, user));
    if (latest !== undefined && this.#isShown[latest] === 0) this.#show(latest);
  }

  /** Of the entries found. */
  #latestOf(found: number): number | undefined {
    let latest: number | undefined;
    for (const entry of this.#found.subarray(0, found))
      if (latest === undefined || this.#entries.timeOf(entry) > this.#entries.timeOf(latest)) latest = entry;
    return latest;
  }

  #show(entry: number): void {
    this.#isShown[entry] = 1;
    this.#shown.add(entry, this.#bandsFor(this.#entries.printOf(entry), NOBODY));
  }

  #hide(entry: number): void {
    if (this.#isShown[entry] === 0) return;
    this.#isShown[entry] = 0;
    this.#shown.remove(entry, this.#bandsFor(this.#entries.printOf(entry), NOBODY));
  }

  /** Into `found`; returns how many copies a user has reported. */
  #findOwn(print: Fingerprint, user: IdWords, bands = this.#bandsFor(print, user)): number {
    const found = this.#own.find(bands, this.#found);
    let copies = 0;
    for (let at = 0; at < found; at += 1) {
      const entry = this.#found[at] as number;
      if (!this.#entries.hasId(entry, USER, user) || !this.#entries.isCopy(entry, print)) continue;
      this.#found[copies] = entry;
      copies += 1;
    }
    return copies;
  }

  /** Bands of a text, for one user or for all. */
  #bandsFor(print: Fingerprint, user: IdWords): Uint32Array {
    bandsOf(print, this.#bands);
    return this.#mix(user);
  }

  /** So that a user's own texts stand apart from those of all others. */
  #mix([word]: IdWords): Uint32Array {
    for (let band = 0; band < BANDS; band += 1) this.#bands[band] = (this.#bands[band] as number) ^ word;
    return this.#bands;
  }
}

const NOBODY: IdWords = [0, 0];

/** 53 of the 64 bits: a number that a map can hold. */
function keyOf([high, low]: IdWords): number {
  return high * 2 ** 21 + (low >>> 11);
}
