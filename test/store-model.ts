import type { LessonLabel, Store } from '../src/store/store.ts';
import { type Counts, lessonId, lessonOf, START, serverCounts, userCounts } from './store-fixture.ts';

export const WORDS = Array.from({ length: 24 }, (_, i) => `word${i}`);
export const JIDS = ['romeo@montague.example', 'juliet@capulet.example', 'nurse@capulet.example'];

/** One thing that somebody does to a store. `who` −1 is the operator; a user's own table learns as well. */
export interface Deed {
  readonly act: LessonLabel | 'forget';
  readonly who: number;
  readonly text: number;
}

interface Kept {
  readonly label: LessonLabel;
  readonly who: number;
  readonly words: readonly string[];
}

/** The same lessons in plain maps, counted anew for each question. */
export class StoreModel {
  readonly #kept = new Map<string, Kept>();

  do({ act, who, text }: Deed): string {
    const key = `${who} ${text}`;
    const kept = this.#kept.get(key);
    if (act === 'forget') {
      this.#kept.delete(key);
      return kept === undefined ? 'unchanged' : 'removed';
    }
    if (kept?.label === act) return 'unchanged';
    this.#kept.set(key, { label: act, who, words: wordsOf(text) });
    return kept === undefined ? 'set' : 'replaced';
  }

  get lessons(): number {
    return this.#kept.size;
  }

  server(): Counts {
    const kept = [...this.#kept.values()];
    const trusted = (word: string): boolean => {
      const reporters = new Set(kept.filter(({ words }) => words.includes(word)).map(({ who }) => who));
      return reporters.size > 1 || reporters.has(-1);
    };
    return count(kept, trusted);
  }

  user(who: number): Counts {
    return count(
      [...this.#kept.values()].filter((each) => each.who === who),
      () => true,
    );
  }
}

function count(kept: readonly Kept[], counts: (word: string) => boolean): Counts {
  const of = (label: LessonLabel) => kept.filter((each) => each.label === label);
  const column = (label: LessonLabel) =>
    WORDS.map((word) => (counts(word) ? of(label).filter(({ words }) => words.includes(word)).length : 0));
  return {
    spam: column('spam'),
    ham: column('ham'),
    spamTotal: of('spam').length,
    hamTotal: of('ham').length,
  };
}

/** Five words of a text, none twice. */
export function wordsOf(text: number): readonly string[] {
  return [0, 1, 2, 3, 4].map((i) => WORDS[(text * 7 + i * 5) % WORDS.length]!);
}

export function doInStore(store: Store, { act, who, text }: Deed): Promise<string> {
  const said = { reporter: JIDS[who], text: `text ${text}` };
  if (act === 'forget') return store.lessons.forget(lessonId(store, said), START);
  const jid = JIDS[who];
  const user = jid === undefined ? {} : { user: store.users.open(jid, undefined) };
  return store.lessons.teach(lessonOf(store, { ...said, ...user, label: act, words: wordsOf(text) }));
}

/** All that look-ups tell. */
export function observe(store: Store): unknown {
  return {
    server: serverCounts(store, WORDS),
    users: JIDS.map((jid) => userCounts(store, store.users.open(jid, undefined), WORDS)),
    lessons: store.lessons.count,
  };
}

export function expected(model: StoreModel): unknown {
  return { server: model.server(), users: JIDS.map((_, who) => model.user(who)), lessons: model.lessons };
}
