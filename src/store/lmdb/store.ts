import { SCRIPTS } from '../../text/scripts.ts';
import { ActiveUsers } from '../active-users.ts';
import { BlockCipher, type DaemonKeys, deriveDaemonKeys } from '../crypto.ts';
import { DerivedIds } from '../keyed-ids.ts';
import { metaKey } from '../keys.ts';
import { STORE_LIMITS, type StoreBounds, type StoreLimits, type StoreOptions } from '../options.ts';
import type { Starter } from '../starter.ts';
import type { KeyChange, Rekeyed, Store, StoreSizes } from '../store.ts';
import { Ageing } from './ageing.ts';
import { type CheckpointRecord, NO_HOSTS, readCheckpoint } from './checkpoint-record.ts';
import { Checkpoints } from './checkpoints.ts';
import { type Environment, openEnvironment, takeDirectory } from './environment.ts';
import { LMDBFacts } from './facts.ts';
import { LessonArchive } from './lesson-archive.ts';
import { LessonSeal } from './lesson-seal.ts';
import { LMDBLessons } from './lessons.ts';
import { PastKeys } from './past-keys.ts';
import { Rekeying } from './rekeying.ts';
import { LMDBReported } from './reported.ts';
import { LMDBServerTokens } from './server-tokens.ts';
import { segmentsFor } from './token-table.ts';
import { LMDBTraces } from './traces.ts';
import { UnusedUsers } from './unused-users.ts';
import { LMDBUserTables } from './user-tables.ts';
import { Writer } from './writer.ts';

/** What is written behind is written in steps of this interval. */
const STEP_MS = 100;
/** How often it is written which users are active: once a minute. */
const STEPS_PER_SAVE = 600;
/** User tables held unwritten while the log is replayed. */
const REPLAYED_TABLES_MAX = 500;

/**
 * Opens the embedded store: LMDB in a directory of its own, owned by this process alone. Lessons that the tables on disk do
 * not hold yet are replayed.
 * @throws StoreError `locked`, `newer-schema`, `older-schema`, `wrong-secret`, `unusable`.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const limits = { ...STORE_LIMITS, ...options };
  const unlock = await takeDirectory(options.dir);
  try {
    const keys = deriveDaemonKeys(options.secret);
    const environment = await openEnvironment({
      dir: options.dir,
      mapBytesMax: limits.mapBytesMax,
      sync: options.sync ?? true,
      fingerprint: keys.fingerprint,
      log: options.log,
    });
    try {
      return new LMDBStore({ options, limits, environment, keys, unlock });
    } catch (error) {
      await environment.close();
      throw error;
    }
  } catch (error) {
    unlock();
    throw error;
  }
}

interface Opened {
  readonly options: StoreOptions;
  readonly limits: StoreLimits;
  readonly environment: Environment;
  readonly keys: DaemonKeys;
  readonly unlock: () => void;
}

class LMDBStore implements Store {
  readonly ids: DerivedIds;
  readonly server: LMDBServerTokens;
  readonly users: LMDBUserTables;
  readonly lessons: LMDBLessons;
  readonly archive: LessonArchive;
  readonly traces: LMDBTraces;
  readonly reported: LMDBReported;
  readonly facts: LMDBFacts;
  readonly #opened: Opened;
  /** Shared with the parts, which read it each time. */
  readonly #bounds: StoreBounds;
  readonly #writer: Writer;
  readonly #checkpoints: Checkpoints;
  readonly #ageing: Ageing;
  readonly #rekeying: Rekeying;
  readonly #timer: NodeJS.Timeout;
  readonly #active: ActiveUsers;
  #steps = 0;
  #closing: Promise<void> | undefined;

  constructor(opened: Opened) {
    const { options, limits, environment, keys } = opened;
    const { now, secret, dir, log } = options;
    const checkpoint = readCheckpoint(environment) ?? firstCheckpoint(limits);
    this.#opened = opened;
    this.#bounds = { ...limits };
    this.#writer = new Writer({ environment, dir, log, now });
    this.ids = new DerivedIds(keys);
    const cipher = new BlockCipher(keys.masked);
    this.server = new LMDBServerTokens(checkpoint.segments);
    this.#active = new ActiveUsers(environment.meta.get(metaKey('active')));
    const { ids } = this;
    this.users = new LMDBUserTables({
      ...limits,
      environment,
      ids,
      cipher,
      secret,
      now,
      active: this.#active,
    });
    const { server, users } = this;
    const parts = { dir, environment, writer: this.#writer, server, users, bounds: this.#bounds };
    this.reported = new LMDBReported({ ...limits, ...parts, ids, key: keys.reported, now });
    const seal = new LessonSeal(keys.linear);
    this.lessons = new LMDBLessons({ ...parts, reported: this.reported, seal });
    this.archive = new LessonArchive({ ...parts, lessons: this.lessons, keys });
    const stepsOf = () => Math.max(1, Math.floor((this.#bounds.checkpointSeconds * 1000) / STEP_MS));
    this.#checkpoints = new Checkpoints({ ...parts, lessons: this.lessons, stepsOf }, checkpoint);
    this.facts = new LMDBFacts({ ...limits, ...parts, now });
    const pastKeys = new PastKeys({ ...parts, facts: this.facts, now });
    this.traces = new LMDBTraces({
      ...limits,
      ...parts,
      ids: this.ids,
      cipher,
      mask: keys.trace,
      now,
      pastKeys,
    });
    this.#rekeying = new Rekeying({ ...limits, ...parts, lessons: this.lessons, pastKeys });
    const unused = new UnusedUsers({ ...parts, lessons: this.lessons });
    this.#ageing = new Ageing({ ...parts, archive: this.archive, unused, now, log });
    this.#restore(checkpoint);
    this.#timer = setInterval(() => this.#step(), STEP_MS).unref();
  }

  get state(): 'ok' | 'degraded' {
    return this.#writer.state;
  }

  sizes(): StoreSizes {
    const stats = this.#opened.environment.root.getStats() as EnvironmentStats;
    return {
      serverTokens: this.server.tokens,
      serverTokensMax: this.server.tokensMax,
      serverTokensRefused: this.server.refused,
      starterTokens: this.server.starterTokens,
      userTablesCached: this.users.cached,
      hosts: this.server.hosts,
      lessons: this.lessons.count,
      lessonBytes: this.archive.liveBytes,
      lessonsAged: this.#ageing.aged,
      users: this.archive.users,
      usersForgotten: this.#ageing.forgottenUsers,
      traceBytes: this.traces.bytes,
      reportedTexts: this.reported.count,
      factRecordsCached: this.facts.cached,
      fileBytes: (stats.lastPageNumber + 1) * stats.pageSize,
      writesPending: this.#writer.pending,
    };
  }

  rekey(change: KeyChange): Promise<Rekeyed> {
    return this.#rekeying.rekey(change);
  }

  adopt(bounds: StoreBounds): void {
    Object.assign(this.#bounds, bounds);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #restore(checkpoint: CheckpointRecord): void {
    const { environment, limits, options } = this.#opened;
    const startedAt = performance.now();
    this.server.load(environment, checkpoint);
    this.users.generation = checkpoint.usersFloor;
    const first = Math.min(checkpoint.serverFloor, checkpoint.usersFloor, checkpoint.scrubbed) + 1;
    const lessons = this.lessons.replay(first, checkpoint.scrubbed, () => {
      options.replaying?.();
      if (this.users.dirty > REPLAYED_TABLES_MAX) this.#checkpoints.writeUsersNow();
    });
    const segments = segmentsFor(limits.serverTokensMax);
    if (segments !== this.server.segments) this.#checkpoints.resizeServerNow(segments);
    if (options.starter !== undefined) this.#addStarter(options.starter);
    const ms = Math.round(performance.now() - startedAt);
    options.log.info({ lessons: this.lessons.count, replayed: lessons, ms }, 'store opened');
  }

  /** Last, so that tokens of lessons find their places first. */
  #addStarter(starter: Starter): void {
    const startedAt = performance.now();
    this.server.addStarter(starter, this.ids.serverTokens(starter.hashes));
    const tokens = this.server.starterTokens;
    const dropped = starter.shares.length - tokens;
    const ms = Math.round(performance.now() - startedAt);
    this.#opened.options.log.info({ id: starter.id, tokens, dropped, ms }, 'starter table loaded');
  }

  #step(): void {
    this.#checkpoints.step();
    this.traces.step();
    this.facts.step();
    this.reported.step();
    this.#ageing.step();
    this.#steps++;
    if (this.#steps % STEPS_PER_SAVE === 0) void this.#saveActive();
  }

  async #saveActive(): Promise<void> {
    if (!this.#active.isChanged || this.#writer.state === 'degraded') return;
    const value = this.#active.save();
    // Where it fails the writer says so; the next user of the day changes it again.
    await this.#writer
      .commit(() => void this.#opened.environment.meta.put(metaKey('active'), value))
      .catch(() => undefined);
  }

  async #close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#ageing.settled();
    await this.#rekeying.settled();
    await this.lessons.settled();
    await this.reported.settled();
    await this.#saveActive();
    await this.traces.finish();
    await this.facts.finish();
    await this.#checkpoints.finish();
    await this.#writer.close();
    await this.#opened.environment.close();
    this.#opened.unlock();
  }
}

interface EnvironmentStats {
  readonly lastPageNumber: number;
  readonly pageSize: number;
}

function firstCheckpoint({ serverTokensMax }: StoreLimits): CheckpointRecord {
  return {
    segments: segmentsFor(serverTokensMax),
    serverFloor: 0,
    usersFloor: 0,
    scrubbed: 0,
    totalsSeq: 0,
    hosts: NO_HOSTS,
    spamByScript: new Float64Array(SCRIPTS),
    hamByScript: new Float64Array(SCRIPTS),
  };
}
