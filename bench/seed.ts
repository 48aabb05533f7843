import { execFileSync } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { openStore } from '../src/store/lmdb/store.ts';
import { loadOrCreateSecret } from '../src/store/secret.ts';
import type { LessonInput, Store } from '../src/store/store.ts';
import { NO_FINGERPRINT } from '../src/text/fingerprint.ts';
import { tableLimits } from './daemon.ts';
import { userJID } from './frames.ts';
import { createPhraseBank } from './phrases.ts';
import {
  type HashLesson,
  knownShares,
  partsToTeach,
  phrasesMax,
  quietLessons,
  type Shares,
  serverLessons,
  type TableSizes,
  userLessons,
} from './tables.ts';

/**
 * Puts a filled store and its secret into `directory`: a copy of one that is kept in the system's temporary directory, made
 * anew when sizes or sources have changed. Returns which shares of the messages' tokens its tables know.
 */
export async function copySeededStore(
  sizes: TableSizes,
  directory: string,
  progress: (text: string) => void,
): Promise<Shares> {
  const kept = path.join(os.tmpdir(), `${KEPT_PREFIX}${fingerprint(sizes)}`);
  if (!existsSync(kept)) {
    const growing = `${kept}.${process.pid}`;
    mkdirSync(growing);
    try {
      await fill(growing, sizes, progress);
      renameSync(growing, kept);
    } finally {
      rmSync(growing, { recursive: true, force: true });
    }
    forgetOldStores();
  }
  // Not `cpSync`: it would write out the holes of a sparse file.
  execFileSync('cp', ['-a', '--sparse=always', `${kept}/.`, directory]);
  return JSON.parse(readFileSync(path.join(kept, SHARES_FILE), 'utf8')) as Shares;
}

const KEPT_PREFIX = 'providence-bench-store-';
const SHARES_FILE = 'shares.json';
/** So that two commits can be compared without filling twice; a bench has up to three stores. */
const KEPT_MAX = 6;
/** Lessons under way at once; the store flushes them together. */
const BATCH = 512;

async function fill(directory: string, sizes: TableSizes, progress: (text: string) => void): Promise<void> {
  progress('choosing tokens');
  const bank = createPhraseBank(sizes.seed, phrasesMax(sizes));
  const parts = partsToTeach(sizes, bank);
  const store = await openStore({
    dir: path.join(directory, 'store'),
    secret: loadOrCreateSecret(path.join(directory, 'secret')),
    now: Date.now,
    log: { info: () => undefined, warn: complain, error: complain },
    ...tableLimits(sizes),
  });
  try {
    const server = serverLessons(sizes, bank, parts.server);
    await teachAll(
      store,
      server.map((lesson) => operatorLesson(store, lesson)),
    );
    for (let user = 0; user < sizes.users; user++) {
      if (user % 50 === 0) progress(`filling the store: user ${user} of ${sizes.users}`);
      const lessons = userLessons(sizes, bank, { user, part: parts.user });
      await teachAll(
        store,
        lessons.map((lesson) => userLesson(store, userJID(user), lesson)),
      );
    }
    await teachQuiet(store, sizes, progress);
  } finally {
    await store.close();
  }
  writeFileSync(path.join(directory, SHARES_FILE), JSON.stringify(knownShares(sizes, bank, parts)));
}

/** Many users at a time, since each of them teaches little. */
async function teachQuiet(store: Store, sizes: TableSizes, progress: (text: string) => void): Promise<void> {
  const last = sizes.users + (sizes.quiet?.users ?? 0);
  for (let user = sizes.users; user < last; user += BATCH) {
    progress(`filling the store: user ${user} of ${last}`);
    const count = Math.min(BATCH, last - user);
    const lessons = Array.from({ length: count }, (_, index) =>
      quietLessons(sizes, user + index).map((lesson) => userLesson(store, userJID(user + index), lesson)),
    );
    await teachAll(store, lessons.flat());
  }
}

function complain(fields: object, message: string): void {
  console.error(message, fields);
}

async function teachAll(store: Store, lessons: readonly LessonInput[]): Promise<void> {
  for (let i = 0; i < lessons.length; i += BATCH) {
    await Promise.all(lessons.slice(i, i + BATCH).map((lesson) => store.lessons.teach(lesson)));
  }
}

/** No letters are known of made-up tokens. */
const NO_SLOTS = new Uint32Array(0);

function operatorLesson(store: Store, { label, hashes }: HashLesson): LessonInput {
  const none = Buffer.alloc(0);
  return {
    ...anyLesson(store, ''),
    label,
    reporterId: undefined,
    user: undefined,
    sids: store.ids.serverTokens(hashes),
    uids: none,
    slots: NO_SLOTS,
  };
}

/** Teaches the user's table alone, so that the server's keeps its size. */
function userLesson(store: Store, jid: string, { label, hashes }: HashLesson): LessonInput {
  const user = store.users.open(jid, undefined);
  return {
    ...anyLesson(store, user.id),
    label,
    reporterId: user.id,
    user,
    sids: Buffer.alloc(0),
    slots: NO_SLOTS,
    uids: user.tokens(store.ids.serverTokens(hashes)),
  };
}

function anyLesson(store: Store, reporterId: string) {
  const id = store.ids.lesson(reporterId, store.ids.text(randomUUID()), '');
  return { id, at: Date.now(), fingerprint: NO_FINGERPRINT, senderId: '' };
}

/** Names the sizes and every source that decides what the store holds. */
function fingerprint(sizes: TableSizes): string {
  const { serverTokens, userTokens, users, quiet, seed } = sizes;
  const hash = createHash('sha256').update(JSON.stringify({ serverTokens, userTokens, users, quiet, seed }));
  const root = path.dirname(import.meta.dirname);
  for (const folder of ['src/store', 'src/text', 'bench']) {
    for (const file of readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' }).sort()) {
      if (file.endsWith('.js')) hash.update(readFileSync(path.join(root, folder, file)));
    }
  }
  return hash.digest('hex').slice(0, 16);
}

function forgetOldStores(): void {
  const stores = readdirSync(os.tmpdir())
    .filter((name) => name.startsWith(KEPT_PREFIX))
    .map((name) => path.join(os.tmpdir(), name))
    .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  for (const store of stores.slice(KEPT_MAX)) rmSync(store, { recursive: true, force: true });
}
