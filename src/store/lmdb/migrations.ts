import { metaKey, numberKey, readNumberKey } from '../keys.ts';
import { withScripts } from './checkpoint-record.ts';
import type { Databases, Table } from './databases.ts';
import { headOf, OPERATOR_TAG, withFields } from './lesson-record.ts';

/** Records looked at in one transaction, of at most 64 KiB each. */
const PIECE_RECORDS = 256;

/** What leads from a schema to the next one. */
export interface Migration {
  readonly from: number;
  /** For the log, one sentence: what is kept, what is not, and what to do about it. */
  readonly says: string;
  /**
   * The work, and how many lessons it retired. Each piece, up to the next `yield`, is a transaction of its own. Begun anew
   * after a kill it does the rest, and the store ends the same.
   */
  readonly pieces: (databases: Databases) => Generator<void, number, void>;
}

/** In order, without a gap up to the schema of this version (decision 0036). */
export const MIGRATIONS: readonly Migration[] = [
  {
    from: 1,
    says: 'the store had schema 1: what the operator has taught is kept, what users have taught is retired; they teach anew',
    pieces: keepOperator,
  },
  {
    from: 2,
    says: 'the store had schema 2: all lessons are kept, traces are dropped; what was judged before is reported by its body',
    pieces: toFieldsAndScripts,
  },
];

/**
 * Schema 1 made ids of users, texts and subjects in three ways without counting up, and nothing in a store says in which one:
 * whose a lesson was cannot be told any more, so FORGET could not reach it. The server's token ids were always the same, and
 * the operator's lessons are nobody's: the start makes the server's table of them.
 */
function* keepOperator(databases: Databases): Generator<void, number, void> {
  const { meta, server, users, traces, facts, expiry } = databases;
  for (const table of [server, users, traces, facts, expiry]) yield* emptied(table);
  meta.removeSync(metaKey('checkpoint'));
  meta.removeSync(metaKey('traces'));
  return yield* withoutUsersLessons(databases);
}

function* emptied(table: Table): Generator<void, void, void> {
  for (;;) {
    const keys = [...table.getKeys({ limit: PIECE_RECORDS })].map((key) => Buffer.from(key));
    for (const key of keys) table.removeSync(key);
    yield;
    if (keys.length < PIECE_RECORDS) return;
  }
}

function* withoutUsersLessons({ lessons, lessonIds }: Databases): Generator<void, number, void> {
  let retired = 0;
  for (let first = 0; ; ) {
    const heads = [...lessons.getRange({ start: numberKey(first), limit: PIECE_RECORDS })].map(
      ({ key, value }) => ({ seq: readNumberKey(key), ...headOf(value) }),
    );
    for (const { seq, id, reporterTag } of heads) {
      if (reporterTag === OPERATOR_TAG) continue;
      lessons.removeSync(numberKey(seq));
      if (lessonIds.removeSync(id)) retired += 1;
    }
    const last = heads.at(-1);
    if (last === undefined || heads.length < PIECE_RECORDS) return retired;
    first = last.seq + 1;
    yield;
  }
}

/** Schema 2 told no scripts apart: its lessons count for all of them, and its traces have no room for them. */
function* toFieldsAndScripts(databases: Databases): Generator<void, number, void> {
  const { meta, traces } = databases;
  yield* emptied(traces);
  meta.removeSync(metaKey('traces'));
  const checkpoint = meta.get(metaKey('checkpoint'));
  if (checkpoint !== undefined) meta.putSync(metaKey('checkpoint'), withScripts(Buffer.from(checkpoint)));
  return yield* lessonsWithFields(databases);
}

/** Schema 2 had no room in a lesson for anything but its tokens. All that it recorded stays. */
function* lessonsWithFields({ lessons }: Databases): Generator<void, number, void> {
  for (let first = 0; ; ) {
    const records = [...lessons.getRange({ start: numberKey(first), limit: PIECE_RECORDS })].map(
      ({ key, value }) => ({ seq: readNumberKey(key), renewed: withFields(value) }),
    );
    for (const { seq, renewed } of records)
      if (renewed !== undefined) lessons.putSync(numberKey(seq), renewed);
    const last = records.at(-1);
    if (last === undefined || records.length < PIECE_RECORDS) return 0;
    first = last.seq + 1;
    yield;
  }
}
