import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { StoreOptions } from '../src/store/options.ts';
import type {
  CountColumns,
  HostShare,
  LessonInput,
  LessonLabel,
  ServerColumns,
  Store,
  User,
} from '../src/store/store.ts';
import { NO_TOKENS, tokenSet } from '../src/store/token-set.ts';
import { extractFeatures } from '../src/text/extract.ts';
import { SCRIPTS } from '../src/text/scripts.ts';

export const SECRET = Buffer.alloc(32, 7);
export const START = Date.UTC(2026, 0, 1);
export const QUIET = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** Most tests are about something else than how much one reporter may teach. */
export const UNCAPPED = {
  reporterLessonsPerDay: 1e6,
  reporterLessonsWhole: 1e9,
  reporterLessonsMax: 1e6,
} as const;

export type OpenStore = (options: StoreOptions) => Promise<Store>;

/** A directory that is gone after the test. */
export function temporaryDirectory(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'pv-store-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

export function storeOptions(dir: string, overrides: Partial<StoreOptions> = {}): StoreOptions {
  return {
    dir,
    secret: SECRET,
    now: () => START,
    log: QUIET,
    serverTokensMax: 9000,
    ...UNCAPPED,
    ...overrides,
  };
}

/** Public hashes of words, as features have them. */
export function hashesOf(words: readonly string[]): Buffer {
  return Buffer.concat(words.map((word) => createHash('md5').update(word).digest()));
}

export interface Said {
  readonly label: LessonLabel;
  /** Keyed by the store before it is used; undefined = the operator. */
  readonly reporter?: string | undefined;
  readonly text: string;
  readonly words: readonly string[];
  readonly user?: User;
  readonly at?: number;
  readonly weight?: number;
  readonly host?: string | HostShare;
  /** Places of words that the server's table leaves out, ascending. */
  readonly withheld?: readonly number[];
}

export function lessonId(store: Store, said: Pick<Said, 'reporter' | 'text'>): string {
  const reporterId = said.reporter === undefined ? '' : store.ids.id('user', said.reporter);
  return store.ids.lesson(reporterId, store.ids.text(said.text), store.ids.id('jid', 'bot@spam.example'));
}

export function lessonOf(store: Store, said: Said): LessonInput {
  const sids = store.ids.serverTokens(hashesOf(said.words));
  const user = said.user?.keyState === 'ok' ? said.user : undefined;
  return {
    label: said.label,
    id: lessonId(store, said),
    reporterId: said.reporter === undefined ? undefined : store.ids.id('user', said.reporter),
    user: said.user,
    sids,
    uids: user === undefined ? Buffer.alloc(0) : user.tokens(sids),
    slots: store.ids.slots(gramsOfWords(said.words)),
    fingerprint: extractFeatures(said.text).fingerprint,
    senderId: store.ids.id('jid', 'bot@spam.example'),
    at: said.at ?? START,
    weight: said.weight,
    host: typeof said.host === 'string' ? { id: said.host, weight: 1, withheld: NO_TOKENS } : said.host,
    withheld: tokenSet(said.withheld ?? []),
  };
}

/** Any grams will do: one a word. */
function gramsOfWords(words: readonly string[]): Uint32Array {
  return Uint32Array.from(words, (word) => hashesOf([word]).readUInt32LE(0) & 0xfffffff0);
}

export interface Counts {
  readonly spam: readonly number[];
  readonly ham: readonly number[];
  readonly spamTotal: number;
  readonly hamTotal: number;
}

export function serverCounts(store: Store, words: readonly string[]): Counts {
  const into = columns(words.length);
  store.server.lookup(store.ids.serverTokens(hashesOf(words)), words.length, into);
  return plain(into);
}

/** Of a virtual host; undefined where it has no table. */
export function hostCounts(store: Store, host: string, words: readonly string[]): Counts | undefined {
  const into = columns(words.length);
  const ids = store.ids.serverTokens(hashesOf(words));
  return store.server.lookupHost(host, ids, words.length, into) ? plain(into) : undefined;
}

export function userCounts(store: Store, user: User, words: readonly string[]): Counts {
  const into = columns(words.length);
  user.lookup(user.tokens(store.ids.serverTokens(hashesOf(words))), words.length, into);
  return plain(into);
}

/** In whole lessons. */
function plain(into: CountColumns): Counts {
  return {
    spam: [...into.spam.subarray(0, into.count)].map((count) => count / 256),
    ham: [...into.ham.subarray(0, into.count)].map((count) => count / 256),
    spamTotal: into.spamTotal / 256,
    hamTotal: into.hamTotal / 256,
  };
}

export const NO_SCRIPTS = { spamByScript: new Float64Array(SCRIPTS), hamByScript: new Float64Array(SCRIPTS) };

export function columns(count: number): ServerColumns {
  // What was there before a look-up must not show through.
  const stale = () => new Uint32Array(count + 2).fill(99);
  return {
    count: 99,
    spam: stale(),
    ham: stale(),
    spamTotal: 99,
    hamTotal: 99,
    ...NO_SCRIPTS,
    scripts: new Uint8Array(count + 2).fill(99),
    starter: stale(),
    hasStarter: true,
  };
}
