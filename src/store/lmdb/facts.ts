import { LRU } from '../../lru.ts';
import type { SubjectKind } from '../../model/subject.ts';
import { expiryKey, factKey, HOUR_MS, readExpiryKey } from '../keys.ts';
import type { FactRecords } from '../store.ts';
import { type Environment, readForTimer } from './environment.ts';
import { decodeFacts, encodeFacts, expiryOf, FactRecord } from './fact-record.ts';
import type { Writer } from './writer.ts';

/** Records written in one step. */
const WRITTEN_MAX = 256;
/**
 * This often: a record that changes often is written once for many changes, and a store under load is not kept busy with
 * what only a restart will ask for. What is left is written at the close.
 */
const STEPS_PER_WRITE = 20;
const SWEPT_MAX = 64;
const SWEEP_MS_MAX = 0.3;

export interface FactsOptions {
  readonly environment: Environment;
  readonly writer: Writer;
  readonly now: () => number;
  readonly factRecordsMax: number;
}

interface Put {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly expiresAt: number;
}

interface Past {
  readonly note: Buffer;
  /** Key of the record to remove, if it is past. */
  readonly record: Buffer | undefined;
}

const NOTHING = Buffer.alloc(0);

/**
 * One record a subject. What is asked for is decoded once and held in an LRU, what is not there as an empty record. Writing
 * is behind and may lose the last seconds: facts are found out again. The maps go by id alone, since ids of two kinds never
 * collide; keys of the disk are made when they are needed, since each one held would keep a pool of Buffer's alive.
 */
export class LMDBFacts implements FactRecords {
  readonly #options: FactsOptions;
  readonly #near: LRU<string, FactRecord>;
  /** What is to be written, the longest waiting first. */
  readonly #dirty = new Map<string, FactRecord>();
  /** Texts seen once: most never come again, and are not worth a write. */
  readonly #once = new Map<string, FactRecord>();
  readonly #writing = new Map<string, FactRecord>();
  #running: Promise<void> | undefined;
  #steps = 0;

  constructor(options: FactsOptions) {
    this.#options = options;
    this.#near = new LRU(options.factRecordsMax);
  }

  get cached(): number {
    return this.#near.size;
  }

  subjects(kind: SubjectKind, limit: number): readonly string[] {
    const start = factKey(kind, '0'.repeat(32));
    const end = factKey(kind, 'f'.repeat(32));
    const keys = this.#options.environment.facts.getKeys({ start, end, limit });
    return [...keys].map((key) => Buffer.from(key).toString('hex', 1));
  }

  get(subject: SubjectKind, id: string, fact: string, stamp: string, now: number): unknown {
    const record = this.#record(subject, id);
    const found = record.facts.get(fact);
    if (found === undefined || found.stamp !== stamp || found.expiresAt <= now) return undefined;
    if (!record.isSeenAgain) this.#seeAgain(record);
    return found.value;
  }

  set(
    subject: SubjectKind,
    id: string,
    fact: string,
    stamp: string,
    value: unknown,
    expiresAt: number,
  ): void {
    const record = this.#record(subject, id);
    if (subject !== 'text' || record.facts.has(fact)) record.isSeenAgain = true;
    record.set(fact, { expiresAt, stamp, value });
    if (record.isSeenAgain) {
      this.#once.delete(id);
      if (!this.#dirty.has(id)) this.#wait(record);
    } else this.#remember(record);
  }

  async keep(
    subject: SubjectKind,
    id: string,
    fact: string,
    value: unknown,
    expiresAt: number,
  ): Promise<void> {
    this.set(subject, id, fact, '', value, expiresAt);
    await this.#options.writer.commit(() => this.putNow(subject, id));
  }

  /** Within a transaction: a subject's record goes to the disk with what else is in it. */
  putNow(subject: SubjectKind, id: string): void {
    const record = this.#record(subject, id);
    const key = factKey(subject, id);
    void this.#options.environment.facts.put(key, encodeFacts(record));
    void this.#options.environment.expiry.put(expiryKey(record.expiresAt, key), NOTHING);
  }

  /** Writes some of what is due and sweeps some of what is past; one step at a time. */
  step(): void {
    this.#steps++;
    const isDue = this.#steps % STEPS_PER_WRITE === 0;
    if (!isDue || this.#running !== undefined || this.#options.writer.state === 'degraded') return;
    this.#running = this.#write().finally(() => {
      this.#running = undefined;
    });
  }

  /** Settles when nothing is under way. */
  async settled(): Promise<void> {
    await this.#running;
  }

  async finish(): Promise<void> {
    await this.settled();
    for (const record of this.#once.values()) this.#wait(record);
    this.#once.clear();
    while (this.#dirty.size > 0 && this.#options.writer.state === 'ok') await this.#write();
  }

  #record(subject: SubjectKind, id: string): FactRecord {
    const near = this.#near.get(id);
    if (near?.subject === subject) return near;
    const unsaved = this.#dirty.get(id) ?? this.#once.get(id) ?? this.#writing.get(id);
    const record = unsaved?.subject === subject ? unsaved : this.#load(subject, id);
    this.#near.set(id, record);
    return record;
  }

  #load(subject: SubjectKind, id: string): FactRecord {
    const bytes = this.#options.environment.facts.get(factKey(subject, id));
    return bytes === undefined ? new FactRecord(subject, id) : decodeFacts(subject, id, bytes);
  }

  #seeAgain(record: FactRecord): void {
    record.isSeenAgain = true;
    if (this.#once.delete(record.id)) this.#wait(record);
  }

  #remember(record: FactRecord): void {
    // Made empty at once: a map whose oldest key goes with every new one gets slow, and these are the least wanted.
    if (this.#once.size >= this.#options.factRecordsMax) this.#once.clear();
    this.#once.set(record.id, record);
  }

  /** Where too much waits already, the record stays in memory only. */
  #wait(record: FactRecord): void {
    if (this.#dirty.size < this.#options.factRecordsMax) this.#dirty.set(record.id, record);
  }

  async #write(): Promise<void> {
    const { environment, writer, now } = this.#options;
    const puts = this.#takeDirty();
    const past = readForTimer(() => findPast(environment, now())) ?? [];
    if (puts.length + past.length === 0) return;
    try {
      await writer.commit(() => {
        for (const { note, record } of past) {
          void environment.expiry.remove(note);
          if (record !== undefined) void environment.facts.remove(record);
        }
        for (const { key, value, expiresAt } of puts) {
          void environment.facts.put(key, value);
          void environment.expiry.put(expiryKey(expiresAt, key), NOTHING);
        }
      });
    } catch {
      // The writer has said so; what was learnt meanwhile is newer.
      for (const record of this.#writing.values()) if (!this.#dirty.has(record.id)) this.#wait(record);
    }
    this.#writing.clear();
  }

  #takeDirty(): Put[] {
    const now = this.#options.now();
    const puts: Put[] = [];
    for (const [id, record] of this.#dirty) {
      if (puts.length >= WRITTEN_MAX) break;
      this.#dirty.delete(id);
      record.dropPast(now);
      if (record.facts.size === 0) continue;
      this.#writing.set(id, record);
      puts.push({
        key: factKey(record.subject, id),
        value: encodeFacts(record),
        expiresAt: record.expiresAt,
      });
    }
    return puts;
  }
}

/** Notes whose hour is over, and the records of which all is past by now; a record kept on has a later note as well. */
function findPast({ facts, expiry }: Environment, now: number): Past[] {
  const past: Past[] = [];
  const until = performance.now() + SWEEP_MS_MAX;
  for (const key of expiry.getKeys({ limit: SWEPT_MAX })) {
    const { hour, record } = readExpiryKey(key);
    if ((hour + 1) * HOUR_MS > now || performance.now() > until) break;
    const bytes = facts.get(record);
    const isPast = bytes !== undefined && expiryOf(bytes) <= now;
    past.push({ note: Buffer.from(key), record: isPast ? record : undefined });
  }
  return past;
}
