import type { SubjectKind } from '../model/subject.ts';
import type { VerdictName } from '../model/verdict.ts';
import type { Fingerprint } from '../text/fingerprint.ts';
import type { Archive } from './archive.ts';
import type { StoreBounds } from './options.ts';
import type { Reported } from './reported.ts';
import type { TokenSet } from './token-set.ts';

/**
 * What the daemon asks of its store. One process owns it; `store/lmdb` is the embedded backend. Reads are synchronous, and
 * what must be durable returns a promise that settles after the flush. Later backends pass the same contract tests
 * (`test/store-contract.ts`).
 */
export interface Store {
  readonly ids: KeyedIds;
  readonly server: ServerTokens;
  readonly users: UserTables;
  readonly lessons: Lessons;
  readonly archive: Archive;
  readonly traces: Traces;
  readonly reported: Reported;
  readonly facts: FactRecords;
  /** `degraded` after a failed commit (a full disk): lessons are refused with 75, reading goes on; tried again every second. */
  readonly state: 'ok' | 'degraded';
  sizes(): StoreSizes;
  /**
   * Changes a user's key. Table, lessons and traces go with it; settles when all of it is durable. Meanwhile lessons of this user
   * are refused. @throws StoreError `degraded`: the key before is in force.
   */
  rekey(change: KeyChange): Promise<Rekeyed>;
  /** Goes by other bounds from now on. */
  adopt(bounds: StoreBounds): void;
  /** Writes what is held back and closes; nothing may be called afterwards. */
  close(): Promise<void>;
}

export interface StoreSizes {
  readonly serverTokens: number;
  readonly serverTokensMax: number;
  /** New tokens that found their part of the server's table full, since the start. */
  readonly serverTokensRefused: number;
  /** Tokens of the starter table that found a place. */
  readonly starterTokens: number;
  readonly userTablesCached: number;
  /** Virtual hosts with a table of their own. */
  readonly hosts: number;
  readonly lessons: number;
  /** Bytes of lessons in force. */
  readonly lessonBytes: number;
  /** Lessons that grew too old, or were too many, and were undone since the start. */
  readonly lessonsAged: number;
  /** Users of whom there is a record. */
  readonly users: number;
  /** Users without lessons who were forgotten since the start. */
  readonly usersForgotten: number;
  readonly traceBytes: number;
  /** Texts that users have reported, as spam or as ham, and that are remembered. */
  readonly reportedTexts: number;
  readonly factRecordsCached: number;
  /** Bytes of the environment's file in use. */
  readonly fileBytes: number;
  /** Writes handed to the store and not yet committed. */
  readonly writesPending: number;
}

export type LessonLabel = Exclude<VerdictName, 'unsure'>;

/** Keyed ids under the daemon's secret: no record names a JID or a text in clear. Below 1 µs each, not remembered. */
export interface KeyedIds {
  /** 16 bytes as 32 hex digits. Kinds never collide. */
  id(kind: SubjectKind, value: string): string;
  /** Fingerprint of a sample's texts, 32 hex digits. */
  text(texts: string): string;
  /** Of a local user and a sender, by their ids; 32 hex digits. */
  pair(userId: string, senderId: string): string;
  /** Id of a lesson: who reported which text of whom. By body or by trace, the same. */
  lesson(reporterId: string, textId: string, senderId: string): string;
  /**
   * Server token ids of public hashes: 16 bytes a token in and out; the first 8 of each are the id (`sid`), the next one is the
   * script of its letters, the rest is zero. @param scripts one a token; none: 0 for all.
   */
  serverTokens(hashes: Buffer, scripts?: Uint8Array): Buffer;
  /** Where `linear.server` finds stretches of letters, see `grams.ts` and `slots.ts`. */
  slots(grams: Uint32Array): Uint32Array;
}

/** Columns that a look-up fills; see `TokenCounts` in `filters/facts.ts`. `count` entries are valid. */
export interface CountColumns {
  count: number;
  readonly spam: Uint32Array;
  readonly ham: Uint32Array;
  spamTotal: number;
  hamTotal: number;
  /** Script of each token's letters; 0 = none. */
  readonly scripts: Uint8Array;
  /** Lessons that hold tokens of a script, by script; the first one is all lessons. Not to be written to. */
  spamByScript: Float64Array;
  hamByScript: Float64Array;
}

/** What a look-up in the server's table fills besides. */
export interface ServerColumns extends CountColumns {
  /** Spam shares of the starter table in units of `SHARE_UNITS`; 0 = not in it. */
  readonly starter: Uint32Array;
  hasStarter: boolean;
}

/** The server-wide token table: fixed size, in memory, checkpointed behind. */
export interface ServerTokens {
  /** Number of the last lesson applied. */
  readonly generation: number;
  /** Which starter table it begins with; '' = none. */
  readonly starter: string;
  /** Fills `into` for `count` ids of stride 16 as `serverTokens` returns them; an unknown or not yet trusted token counts 0. */
  lookup(ids: Buffer, count: number, into: ServerColumns): void;
  /**
   * The same in the table of a virtual host, which its users alone have taught; no starter is in it.
   * @param host from `User.host`. @returns false where it has none: nothing is filled.
   */
  lookupHost(host: string, ids: Buffer, count: number, into: ServerColumns): boolean;
}

/** Access to one local user's keys and table, for the length of one request. */
export interface User {
  /** Keyed id, 32 hex digits. */
  readonly id: string;
  /** Keyed id of the domain, 32 hex digits. */
  readonly host: string;
  /** `wrong-key`: another `User-Key` than the user's; reads nothing, teaches nothing there. */
  readonly keyState: 'ok' | 'wrong-key';
  /** Number of the last lesson in this user's table; 0 = none. */
  readonly generation: number;
  /** Lessons of ham in this user's table. */
  readonly hamLessons: number;
  /** Token ids of this user (`uid`) from those of the server, at most 128, same shape. Only with `keyState` ok. */
  tokens(sids: Buffer): Buffer;
  /** As `ServerTokens.lookup`. An empty table for an unknown user. */
  lookup(ids: Buffer, count: number, into: CountColumns): void;
}

export interface UserTables {
  /** @param userKey 32 bytes from `User-Key`, or undefined: the root is then derived from the daemon's secret and a salt. */
  open(bareJID: string, userKey: Buffer | undefined): User;
  /** Whether a user's key is being changed. @param id `User.id` */
  isChanging(id: string): boolean;
  /** As `open`, but of a user that nothing is known of no record is made. */
  find(bareJID: string, userKey: Buffer | undefined): User | undefined;
  /** How many users were opened in the last 30 days, about. */
  active(now: number): number;
}

/** Keys as `UserTables.open` takes them. */
export interface KeyChange {
  readonly bareJID: string;
  readonly before: Buffer | undefined;
  readonly after: Buffer | undefined;
}

export interface Rekeyed {
  /** `unchanged`: `after` is in force already. `wrong-key`: `before` is not. Only with `changed` did anything change. */
  readonly outcome: 'changed' | 'unchanged' | 'wrong-key' | 'too-many-lessons';
  /** How many lessons the user has, where that was found out. */
  readonly lessons: number;
}

export interface LessonInput {
  readonly label: LessonLabel;
  /** From `KeyedIds.lesson`. */
  readonly id: string;
  /** Keyed id of the reporter; undefined = the operator, whose word is enough for the server's table. */
  readonly reporterId: string | undefined;
  /** Whose table learns as well; undefined or `wrong-key`: only the server's. */
  readonly user: User | undefined;
  /** Token ids of stride 16, at most 128: as `serverTokens` and `User.tokens` return them. `uids` is empty without a user. */
  readonly sids: Buffer;
  readonly uids: Buffer;
  /** What it is worth in the server's table, 0 … 1, before what one reporter may add to it is looked at. Undefined: 1. */
  readonly weight?: number | undefined;
  /** Which of `sids` the server's table leaves out; undefined: none. */
  readonly withheld?: TokenSet | undefined;
  /** The same of the virtual host in whose table it counts as well, where there is room for one more. */
  readonly host?: HostShare | undefined;
  /** Slots of `linear.server`, at most `GRAMS_MAX`; those of tokens follow from `sids`. */
  readonly slots: Uint32Array;
  /** What copies of the text are known by, and keyed id of whose it was: remembered for a while, unless it is the operator's. */
  readonly fingerprint: Fingerprint;
  readonly senderId: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** `unchanged` where the same lesson is there, with whatever label. */
  readonly yields?: boolean;
}

/** A lesson as `linear.server` is fitted to it. */
export interface FitLesson {
  readonly label: LessonLabel;
  /** In lessons, more than 0. */
  readonly weight: number;
  /** A number of who taught it; 0 = the operator. */
  readonly reporter: number;
  /** Scripts of its letters, a bit each; one that was taught before they were told apart counts for all. */
  readonly scripts: number;
  /** First those of its tokens. */
  readonly slots: Uint32Array;
  /** How many of the slots are those of tokens. */
  readonly tokens: number;
}

/** What a table takes of a lesson. */
export interface TableShare {
  readonly weight: number;
  /** Which of its tokens it leaves out. */
  readonly withheld: TokenSet;
}

export interface HostShare extends TableShare {
  /** From `User.host`. */
  readonly id: string;
}

/** A lesson in force, as the server's table has it; weights in units of 1/256 lesson. */
export interface PastLesson extends TableShare {
  readonly label: LessonLabel;
  /** Scripts of its tokens, a bit each; one of schema 2 counts for all of them. */
  readonly scripts: number;
  /** Stride 16. */
  readonly sids: Buffer;
  /** As that of a virtual host has it. */
  readonly host: TableShare | undefined;
}

export interface Lessons {
  /** Number of live lessons. */
  readonly count: number;
  /** The last lessons of a reporter that are in force, a few at most. */
  lastOf(reporterId: string): readonly PastLesson[];
  /** Number of the last record that is in the tables: another number, other lessons. */
  readonly generation: number;
  /**
   * The live ones of a wanted class among the last `count` records before record `before`, the newest first, and the number
   * of the last record looked at; undefined where there are no more. Synchronous: a few at a time.
   */
  newestBefore(
    before: number,
    count: number,
    isWanted: (label: LessonLabel) => boolean,
  ): { readonly lessons: readonly FitLesson[]; readonly last: number | undefined };
  /**
   * Teaches once. `unchanged`: the same lesson with the same label is there; what it says of its text is believed anew. `replaced`:
   * it was there with the other label, which is undone exactly. Settles when durable and in memory. @throws StoreError `degraded`,
   * or `rekeying` while the user's key is being changed: nothing was learnt.
   */
  teach(lesson: LessonInput): Promise<'set' | 'replaced' | 'unchanged'>;
  /** Undoes exactly what the lesson recorded. `too-old` beyond `store.undo_days`. @throws StoreError as `teach`. */
  forget(id: string, at: number): Promise<'removed' | 'unchanged' | 'too-old'>;
}

/** What a verdict leaves behind, so that one can train later without the body. */
export interface Trace {
  readonly at: number;
  readonly verdict: VerdictName;
  readonly total: number;
  /** Keyed ids: the text's fingerprint, and the judged bare JID. The recipient is who owns the trace. */
  readonly textId: string;
  readonly senderId: string;
  /** Scores by unit, in the order of `UNITS`; NaN = abstained. */
  readonly scores: Float32Array;
  /** Server token ids of stride 16, at most 128; those of the user are made of them (`User.tokens`). */
  readonly sids: Buffer;
  /** As in `LessonInput`. */
  readonly slots: Uint32Array;
  readonly fingerprint: Fingerprint;
}

export interface Traces {
  /** Seals and keeps a trace in the open block; returns its id (26 characters, sortable by time). Written behind. */
  append(trace: Trace, user: User | undefined): string;
  /** Undefined where the trace is gone, was never there, or is another user's. */
  read(id: string, user: User | undefined): Trace | undefined;
  /** Id of the last trace that a sender's stanza to this user left. Bounded: undefined where it was pushed out, too. */
  last(user: User, senderId: string): string | undefined;
}

/** Facts with their own expiry, one record a subject; decoded records are held in an LRU. */
export interface FactRecords {
  /** Keyed ids of the subjects of a kind that have a record on disk, at most `limit`: for a start, not for the verdict path. */
  subjects(kind: SubjectKind, limit: number): readonly string[];
  /** The value kept under `stamp`, or undefined where there is none, the stamp differs, or it is past `now`. */
  get(subject: SubjectKind, id: string, fact: string, stamp: string, now: number): unknown;
  /** As `set`; settles when it is durable. @throws StoreError `degraded`: it is kept in memory alone. */
  keep(subject: SubjectKind, id: string, fact: string, value: unknown, expiresAt: number): Promise<void>;
  /** Keeps a value until `expiresAt`. Written behind, not awaited; a record seen once may stay in memory only. */
  set(subject: SubjectKind, id: string, fact: string, stamp: string, value: unknown, expiresAt: number): void;
}
