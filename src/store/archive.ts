/** What the lessons are, as a whole. Sizes are bytes of pages in use. */
export interface LessonOverview {
  readonly lessons: number;
  /** Weights in the server's table, in lessons. */
  readonly spam: number;
  readonly ham: number;
  /** Milliseconds since 1970; undefined without lessons. */
  readonly oldestAt: number | undefined;
  /** Users of whom there is a record. */
  readonly users: number;
  readonly lessonBytes: number;
  readonly userBytes: number;
  readonly serverBytes: number;
}

/** What is done to the log of lessons as a whole, a bounded step at a time. */
export interface Archive {
  /** Says which secret the lessons are sealed with, 32 hex digits; says nothing of the secret. */
  readonly fingerprint: string;
  readonly schema: number;
  overview(): LessonOverview;
  /** Live lessons behind number `after`, a few, each as one piece; `next` goes on behind it, undefined: there are no more. */
  page(after: number): { readonly lessons: readonly Buffer[]; readonly next: number | undefined };
  /**
   * Puts a lesson back as it was taught; one of its id that is there stays. `damaged`: it is no piece of a dump, or of another
   * secret. `other-key`: its user has begun anew since, and has another salt or key. @throws StoreError `degraded`
   */
  restore(lesson: Buffer): Promise<'restored' | 'unchanged' | 'other-key' | 'damaged'>;
  /**
   * Learns an operator's lesson from its record, as `CorpusRecords` makes it elsewhere with the secret of this store; as
   * `Lessons.teach` in all else.
   */
  learn(record: Buffer): Promise<'set' | 'replaced' | 'unchanged'>;
  /** Undoes old lessons, exactly, whatever `store.undo_days` says. @throws StoreError `degraded` */
  prune(step: PruneStep): Promise<Pruned>;
}

export interface PruneStep {
  /** Goes on behind the record of this number; 0 = the beginning. */
  readonly after: number;
  /** Lessons taught before this go; milliseconds since 1970. */
  readonly before: number;
  /** `users`: the operator's stay. */
  readonly of: 'users' | 'all';
}

export interface Pruned {
  readonly dropped: number;
  /** Undefined: all were looked at. */
  readonly next: number | undefined;
}
