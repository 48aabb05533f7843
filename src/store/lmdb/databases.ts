import type { Database, RootDatabase } from 'lmdb';

export type Table = Database<Buffer, Buffer>;
export const BINARY = { encoding: 'binary', keyEncoding: 'binary' } as const;

/** The named databases of the environment; `keys.ts` draws what is in them. */
export interface Databases {
  readonly root: RootDatabase<Buffer, Buffer>;
  readonly meta: Table;
  readonly lessons: Table;
  readonly lessonIds: Table;
  readonly reporters: Table;
  readonly server: Table;
  readonly users: Table;
  readonly traces: Table;
  readonly reported: Table;
  readonly facts: Table;
  readonly expiry: Table;
}

export function openDatabases(root: RootDatabase<Buffer, Buffer>): Databases {
  const table = (name: string): Table => root.openDB<Buffer, Buffer>(name, BINARY);
  return {
    root,
    meta: table('meta'),
    lessons: table('lessons'),
    lessonIds: table('lesson_ids'),
    reporters: table('reporters'),
    server: table('server'),
    users: table('users'),
    traces: table('traces'),
    reported: table('reported'),
    facts: table('facts'),
    expiry: table('expiry'),
  };
}
