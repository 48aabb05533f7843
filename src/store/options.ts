import type { Starter } from './starter.ts';

/** Where the store says what an operator should know; pino's loggers fit. */
export interface StoreLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Every bound of the store, by name. */
export interface StoreLimits {
  /** Tokens in the server-wide table; rounded up to whole segments. 32 bytes of memory a slot, 3 slots of 4 used. */
  readonly serverTokensMax: number;
  /** Tokens in one user's table; beyond it the rarest eighth is dropped. */
  readonly userTokensMax: number;
  /** Decoded user tables held in memory. */
  readonly userCacheBytesMax: number;
  readonly tracesBytesMax: number;
  readonly tracesDays: number;
  /** Pairs of user and sender whose last trace is known, 32 bytes each in memory. */
  readonly tracedPairsMax: number;
  /** Texts that users have reported as spam, and as many as ham, that are remembered. */
  readonly reportedTextsMax: number;
  readonly reportedDays: number;
  /**
   * What the server's table takes of one reporter, in lessons: in a day; how many of one class count whole, beyond which the next
   * one counts the less the more there are; how many of one class at most. The operator may add anything.
   */
  readonly reporterLessonsPerDay: number;
  readonly reporterLessonsWhole: number;
  readonly reporterLessonsMax: number;
  /** Virtual hosts with a table of their own. */
  readonly hostsMax: number;
  /** A lesson older than this cannot be forgotten any more. */
  readonly undoDays: number;
  /** A user's lesson that is older is undone; 0: never. */
  readonly userLessonDays: number;
  /** The same of the operator's. */
  readonly operatorLessonDays: number;
  /** Lessons of one user; beyond it the oldest are undone. */
  readonly userLessonsMax: number;
  /** Room for all lessons; beyond it the oldest of users are undone. */
  readonly lessonsBytesMax: number;
  /** A user without lessons who was first seen longer ago is forgotten; 0: never. */
  readonly userUnusedDays: number;
  /** Decoded fact records held in memory; as many may wait to be written. */
  readonly factRecordsMax: number;
  /** A table that has learnt is on disk within this time. */
  readonly checkpointSeconds: number;
  /** Address space for the environment's file: the file never grows beyond it. */
  readonly mapBytesMax: number;
}

/** Bounds that a store takes on while it runs; the others are sizes of what it has opened. */
export type StoreBounds = Pick<
  StoreLimits,
  | 'tracesBytesMax'
  | 'tracesDays'
  | 'reportedDays'
  | 'undoDays'
  | 'userLessonDays'
  | 'operatorLessonDays'
  | 'userLessonsMax'
  | 'lessonsBytesMax'
  | 'userUnusedDays'
  | 'checkpointSeconds'
  | 'hostsMax'
  | 'reporterLessonsPerDay'
  | 'reporterLessonsWhole'
  | 'reporterLessonsMax'
>;

export const STORE_LIMITS: StoreLimits = {
  serverTokensMax: 1_000_000,
  userTokensMax: 5000,
  userCacheBytesMax: 64 * 2 ** 20,
  tracesBytesMax: 256 * 2 ** 20,
  tracesDays: 7,
  tracedPairsMax: 65_536,
  reportedTextsMax: 10_000,
  reportedDays: 30,
  undoDays: 90,
  userLessonDays: 365,
  operatorLessonDays: 0,
  userLessonsMax: 4_000,
  lessonsBytesMax: 4 * 2 ** 30,
  userUnusedDays: 365,
  hostsMax: 64,
  reporterLessonsPerDay: 10,
  reporterLessonsWhole: 4,
  reporterLessonsMax: 100,
  factRecordsMax: 20_000,
  checkpointSeconds: 30,
  mapBytesMax: 16 * 2 ** 30,
};

export interface StoreOptions extends Partial<StoreLimits> {
  /** Directory of its own; made with mode 0700 where it is not there. */
  readonly dir: string;
  /** The daemon's secret, 32 bytes: see `loadOrCreateSecret`. */
  readonly secret: Buffer;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: StoreLog;
  /** Called for each lesson that is replayed at the opening, which may take long. */
  readonly replaying?: () => void;
  /** What the server's table begins with; it is never written to the disk. */
  readonly starter?: Starter | undefined;
  /** `false`: nothing is flushed to the disk. Only for the test which shows that flushing is what makes a lesson durable. */
  readonly sync?: boolean;
}
