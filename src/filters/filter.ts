import type { Opinion } from '../model/opinion.ts';
import type { Sample } from '../model/sample.ts';
import type { SubjectKind } from '../model/subject.ts';
import type { UnitName } from '../model/unit.ts';
import type { FactName, Facts } from './facts.ts';

/**
 * The heart of the house. A filter is pure: it declares which facts it wants, and judges them. It holds no state, reads
 * no clock, no store and no socket, so that it is tested with plain values.
 */
export interface Filter {
  readonly name: UnitName;
  /** Counted up whenever the same facts would lead to another opinion: part of the cache key. */
  readonly version: number;
  /** The facts that `judge` reads. `gather` fetches the union over all filters in one batched read. */
  readonly wants: readonly FactName[];
  /** True where the unit reads text: it abstains with `overload` while the daemon sheds load. */
  readonly readsText: boolean;
  /**
   * Names all that `judge` reads, for the granular cache: the same key and stamp, the same opinion. Undefined where an
   * opinion must not be kept. Called only where `cache.<unit>.ttl_seconds` is above 0.
   */
  cacheKey(sample: Sample, ids: SampleIds, facts: Facts): CacheKey | undefined;
  /** Judges. Pure and synchronous. Throws only on a programmer's error; the pipeline catches, counts and abstains. */
  judge(sample: Sample, facts: Facts, now: number): Opinion;
}

/** Keyed ids of what a sample is about, 32 hex digits each, and the generations of the tables: cheap to have before any table is read. */
export interface SampleIds {
  /** Keyed fingerprint of all texts; '' without text. */
  readonly text: string;
  /** The recipient; '' without one. */
  readonly user: string;
  /** The recipient's virtual host, where hosts have tables of their own; else ''. */
  readonly host: string;
  /** The judged bare JID; '' without one. */
  readonly jid: string;
  /** The domain of the judged JID; '' without one. */
  readonly domain: string;
  /** Number of the last lesson in the server-wide table: another number, another table. */
  readonly serverGeneration: number;
  /** Which fit of `linear.server` is in force; '' = none. */
  readonly linearFit: string;
  /** Which starter table the server's begins with; '' = none. */
  readonly starter: string;
  /** Number of the last lesson in the recipient's table. */
  readonly userGeneration: number;
}

/** Where an opinion is kept: a fact of one subject's record. */
export interface CacheKey {
  readonly subject: SubjectKind;
  /** Keyed id of the subject, 32 hex digits. */
  readonly id: string;
  /** Name of the fact in the record: the unit, with the user's or host's id behind a slash where it differs by these. */
  readonly fact: string;
  /** All else that the opinion rests on; another stamp, another opinion. */
  readonly stamp: string;
}
