import type { Config } from '../config/schema.ts';
import type { Event } from '../pnp/grammar.ts';
import type { Store, User } from '../store/store.ts';
import { Turns } from '../turns.ts';

/** What of the configuration says what may be learnt from what users do. */
export type LearningRules = Config['learn'];

/** Events from which this release learns, where the configuration lets it. */
export const LEARNING_EVENTS = [
  'replied',
  'rostered',
  'released',
  'sample',
] as const satisfies readonly Event[];
export type LearningEvent = (typeof LEARNING_EVENTS)[number];

const DAY_MS = 86_400_000;
const SETTLED = 'settled';
const SAMPLES = 'samples';

/** What is learnt of whom: which events count, whom a user has spoken about, how many samples of talk are still wanted. */
export class Learning {
  readonly #store: Pick<Store, 'facts' | 'ids'>;
  readonly #now: () => number;
  /** What is being learnt of a sender for a user: of two events at once, the second one finds what the first one settled. */
  readonly #turns = new Turns();
  #rules: LearningRules;

  constructor(rules: LearningRules, store: Pick<Store, 'facts' | 'ids'>, now: () => number) {
    this.#rules = rules;
    this.#store = store;
    this.#now = now;
  }

  /** Goes by other rules from the next request on. */
  adopt(rules: LearningRules): void {
    this.#rules = rules;
  }

  learnsFrom(event: LearningEvent): boolean {
    return event === 'sample' ? this.#rules.contacts === 'sample' : this.#rules[event];
  }

  /** The events that are learnt from now. */
  get events(): readonly LearningEvent[] {
    return LEARNING_EVENTS.filter((event) => this.learnsFrom(event));
  }

  /** Waits for what is being learnt of this sender for this user. */
  inTurn<Result>(user: User, senderId: string, act: () => Promise<Result>): Promise<Result> {
    return this.#turns.take(this.#store.ids.pair(user.id, senderId), act);
  }

  /** The user has said or shown what they think of this sender. */
  isSettled(user: User, senderId: string): boolean {
    const { facts, ids } = this.#store;
    return facts.get('pair', ids.pair(user.id, senderId), SETTLED, '', this.#now()) === true;
  }

  /** Settles when it is durable. @throws StoreError `degraded` */
  settle(user: User, senderId: string): Promise<void> {
    const { facts, ids } = this.#store;
    const until = this.#now() + this.#rules.sender_days * DAY_MS;
    return facts.keep('pair', ids.pair(user.id, senderId), SETTLED, true, until);
  }

  /** Whether a message between the user and a contact would be learnt from now. */
  wantsSample(user: User): boolean {
    if (!this.learnsFrom('sample') || user.keyState !== 'ok') return false;
    const { contact_lessons_max, contact_samples_per_day } = this.#rules;
    return user.hamLessons < contact_lessons_max && this.#samplesToday(user) < contact_samples_per_day;
  }

  countSample(user: User): void {
    const now = this.#now();
    const tomorrow = (Math.floor(now / DAY_MS) + 1) * DAY_MS;
    this.#store.facts.set('user', user.id, SAMPLES, '', this.#samplesToday(user) + 1, tomorrow);
  }

  #samplesToday(user: User): number {
    return (this.#store.facts.get('user', user.id, SAMPLES, '', this.#now()) ?? 0) as number;
  }
}
