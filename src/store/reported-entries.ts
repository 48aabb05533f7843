import { FINGERPRINT_WORDS, type Fingerprint } from '../text/fingerprint.ts';
import { isCopy } from '../text/likeness.ts';
import { idWord } from './id-words.ts';
import type { LessonLabel } from './store.ts';

/** A text that a user has said to be spam, or ham. Ids are keyed, 32 hex digits. */
export interface ReportedText {
  readonly fingerprint: Fingerprint;
  readonly label: LessonLabel;
  readonly userId: string;
  /** Of user and sender together. */
  readonly pairId: string;
  readonly lessonId: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Counts up from report to report. */
  readonly number: number;
}

/** The first 64 bits of a keyed id. */
export type IdWords = readonly [high: number, low: number];

/** Which id of an entry. */
export const USER = 0;
export const PAIR = 2;
export const LESSON = 4;
const ID_WORDS = 6;

const FREE = 0;
const HAM = 1;
const SPAM = 2;

/** Reported texts in columns: no object for each, and a fixed size. */
export class ReportedEntries {
  readonly #prints: Uint32Array;
  readonly #ids: Uint32Array;
  readonly #times: Float64Array;
  readonly #numbers: Float64Array;
  readonly #states: Uint8Array;

  constructor(entriesMax: number) {
    this.#prints = new Uint32Array(entriesMax * FINGERPRINT_WORDS);
    this.#ids = new Uint32Array(entriesMax * ID_WORDS);
    this.#times = new Float64Array(entriesMax);
    this.#numbers = new Float64Array(entriesMax);
    this.#states = new Uint8Array(entriesMax);
  }

  write(entry: number, text: ReportedText): void {
    const ids = [...wordsOf(text.userId), ...wordsOf(text.pairId), ...wordsOf(text.lessonId)];
    this.#prints.set(text.fingerprint, entry * FINGERPRINT_WORDS);
    this.#ids.set(ids, entry * ID_WORDS);
    this.#times[entry] = text.at;
    this.#numbers[entry] = text.number;
    this.#states[entry] = text.label === 'spam' ? SPAM : HAM;
  }

  free(entry: number): void {
    this.#states[entry] = FREE;
  }

  isFree(entry: number): boolean {
    return this.#states[entry] === FREE;
  }

  labelOf(entry: number): LessonLabel {
    return this.#states[entry] === SPAM ? 'spam' : 'ham';
  }

  timeOf(entry: number): number {
    return this.#times[entry] as number;
  }

  numberOf(entry: number): number {
    return this.#numbers[entry] as number;
  }

  printOf(entry: number): Fingerprint {
    return this.#prints.subarray(entry * FINGERPRINT_WORDS, (entry + 1) * FINGERPRINT_WORDS);
  }

  isCopy(entry: number, print: Fingerprint): boolean {
    return isCopy(print, this.#prints, entry * FINGERPRINT_WORDS);
  }

  idOf(entry: number, which: number): IdWords {
    const at = entry * ID_WORDS + which;
    return [this.#ids[at] as number, this.#ids[at + 1] as number];
  }

  hasId(entry: number, which: number, [high, low]: IdWords): boolean {
    const at = entry * ID_WORDS + which;
    return this.#ids[at] === high && this.#ids[at + 1] === low;
  }
}

export function wordsOf(id: string): IdWords {
  return [idWord(id, 0), idWord(id, 1)];
}
