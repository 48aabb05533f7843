import type { Fingerprint } from '../text/fingerprint.ts';
import type { LessonLabel } from './store.ts';

/** A text of which it is asked who has reported it. Ids are keyed. */
export interface TextOfUser {
  readonly fingerprint: Fingerprint;
  /** '' for nobody's. */
  readonly userId: string;
  readonly senderId: string;
}

/** What users have said of copies of a text. */
export interface Told {
  /** What this user has said last. */
  own: LessonLabel | undefined;
  ownAt: number;
  /** Distinct other users by whom it is spam, less those by whom it is ham. */
  others: number;
  /** When the last of them said that it is spam. */
  othersAt: number;
}

/** What users have reported lately. A lesson is known here as soon as `Lessons` has settled. */
export interface Reported {
  /** In memory and synchronous. The result is overwritten by the next look-up. */
  look(text: TextOfUser, now: number): Told;
}
