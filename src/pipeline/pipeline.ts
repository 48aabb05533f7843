import type { Explain, TextEvidence } from '../filters/bayes/evidence.ts';
import type { FindStretches } from '../filters/bayes/find-stretches.ts';
import { type Facts, factBits } from '../filters/facts.ts';
import type { CacheKey, Filter } from '../filters/filter.ts';
import type { Allowances } from '../live/rate-table.ts';
import { abstain, type Opinion } from '../model/opinion.ts';
import type { Sample } from '../model/sample.ts';
import type { UnitName } from '../model/unit.ts';
import type { Action, Breakdown, Verdict, VerdictName } from '../model/verdict.ts';
import type { FactRecords, User } from '../store/store.ts';
import { TOKENISER_VERSION } from '../text/features.ts';
import type { Gather, Scope, Subject } from './gather.ts';
import { breakdown, type ScoreOptions, score } from './score.ts';
import { NO_TEXT, type TextCache } from './text-cache.ts';

/** The filter threw: a programmer's error, counted and logged; the stanza is judged by the others. */
const FAILED = abstain('failed');
/** The daemon catches up: text filters stand aside, lists and rates go on. */
const OVERLOAD = abstain('overload');

export interface PipelineOptions {
  readonly score: ScoreOptions;
  readonly actions: Readonly<Record<'spam' | 'unsure', Action>>;
  readonly ttlSeconds: Readonly<Record<UnitName, number>>;
}

/** What a verdict goes by. All of it changes between two verdicts, so that none is of the old and the new. */
export interface Rules {
  readonly filters: readonly Filter[];
  /** How tables are taken apart token by token. */
  readonly explain: Explain;
  readonly findStretches: FindStretches;
  readonly options: PipelineOptions;
  readonly allowances: Allowances;
  readonly scope: Scope;
}

/** What the pipeline tells of its work: counters only, called for each unit of each verdict. */
export interface PipelineEvents {
  cacheHit(unit: UnitName): void;
  cacheMiss(unit: UnitName): void;
  filterFailed(unit: UnitName, error: unknown): void;
}

/** A verdict, with what learning from it later needs. */
export interface JudgedSample {
  readonly verdict: Verdict;
  /** Undefined where the filters did not run: there is nothing to learn. */
  readonly subject: Subject | undefined;
}

/**
 * Sample → verdict. The only place that catches a filter's failure. Synchronous: what it reads is in memory or one read
 * of the store away.
 */
export class Pipeline {
  readonly #gather: Gather;
  readonly #texts: TextCache;
  readonly #facts: FactRecords;
  readonly #events: PipelineEvents;
  #filters: readonly Filter[] = [];
  #names: readonly UnitName[] = [];
  /** What each filter wants, as `factBits`. */
  #wants: readonly number[] = [];
  /** What every stamp of each filter begins with. */
  #stamps: readonly string[] = [];
  #options: PipelineOptions;
  #explain: Explain;
  #findStretches: FindStretches;

  constructor(parts: {
    rules: Rules;
    gather: Gather;
    texts: TextCache;
    facts: FactRecords;
    events: PipelineEvents;
  }) {
    this.#gather = parts.gather;
    this.#texts = parts.texts;
    this.#facts = parts.facts;
    this.#events = parts.events;
    this.#options = parts.rules.options;
    this.#explain = parts.rules.explain;
    this.#findStretches = parts.rules.findStretches;
    this.adopt(parts.rules);
  }

  /** Goes by other rules from the next verdict on. Live levels stay; opinions kept under other parameters are not met. */
  adopt({ filters, options, allowances, scope, explain, findStretches }: Rules): void {
    this.#filters = filters;
    this.#names = filters.map((filter) => filter.name);
    this.#wants = filters.map((filter) => factBits(filter.wants));
    this.#stamps = filters.map((filter) => stampOf(filter, options));
    this.#options = options;
    this.#explain = explain;
    this.#findStretches = findStretches;
    this.#gather.allow(allowances);
    this.#gather.divide(scope);
  }

  /** The sample with its texts' features and keyed ids: what judging and teaching both begin with. */
  subjectOf(sample: Sample, user: User | undefined, overload = false): Subject {
    const texts = overload ? NO_TEXT : this.#texts.of(sample.texts);
    const uids = user?.keyState === 'ok' ? texts.sids.map((sids) => user.tokens(sids)) : [];
    const ids = this.#gather.idsOf(sample, texts.id, user);
    return { sample, texts, user, uids, ids, stretches: 0 };
  }

  /** @param overload true: text is not looked at. */
  judge(sample: Sample, user: User | undefined, now: number, overload = false): JudgedSample {
    const fixed = this.#fixedVerdict(sample);
    if (fixed !== undefined) return { subject: undefined, verdict: fixed };
    const subject = this.subjectOf(sample, user, overload);
    const opinions = this.#opinionsOn(subject, now, overload);
    const { verdict, total, probability } = score(this.#names, opinions, this.#options.score);
    const action = this.#actionFor(verdict);
    const threshold = this.#options.score.spamThreshold;
    return {
      subject,
      verdict: { verdict, action, total, threshold, probability, opinions, symbol: undefined },
    };
  }

  /** What each unit and each group brought to a verdict. */
  breakdown(verdict: Verdict): Breakdown {
    return breakdown(this.#names, verdict.opinions, this.#options.score);
  }

  /** What the tables know of each token of each text; no verdict, and no trace of one. */
  evidenceOn(sample: Sample, user: User | undefined): readonly TextEvidence[] {
    return this.#explain(this.#gather.counts(this.subjectOf(sample, user)));
  }

  #fixedVerdict(sample: Sample): Verdict | undefined {
    if (sample.bypass !== undefined) return this.#withoutFilters('ham', 'KNOWN_SENDER');
    if (sample.kind === 'other') return this.#withoutFilters('unsure', 'NOT_JUDGED');
    if (sample.isTest) return this.#withoutFilters('spam', 'TEST_STANZA');
    return undefined;
  }

  #withoutFilters(verdict: VerdictName, symbol: string): Verdict {
    const { spamThreshold } = this.#options.score;
    const total = verdict === 'spam' ? spamThreshold : 0;
    const probability = { ham: 0, unsure: 0.5, spam: 1 }[verdict];
    const action = verdict === 'spam' ? this.#actionFor('spam') : 'deliver';
    return { verdict, action, total, threshold: spamThreshold, probability, opinions: [], symbol };
  }

  #actionFor(verdict: VerdictName): Action {
    return verdict === 'ham' ? 'deliver' : this.#options.actions[verdict];
  }

  /** In two passes over the filters: what the cache does not answer decides which facts are read at all. */
  #opinionsOn(subject: Subject, now: number, overload: boolean): readonly Opinion[] {
    const facts = this.#gather.touch(subject, now);
    const keys: (CacheKey | undefined)[] = [];
    const opinions: (Opinion | undefined)[] = [];
    let wanted = 0;
    for (let index = 0; index < this.#filters.length; index += 1) {
      const filter = this.#filters[index] as Filter;
      const standsAside = overload && filter.readsText;
      const key = standsAside ? undefined : this.#keyFor(index, subject, facts);
      const known = standsAside ? OVERLOAD : this.#cached(filter, key, now);
      keys.push(key);
      opinions.push(known);
      if (known === undefined) wanted |= this.#wants[index] as number;
    }
    this.#gather.read(subject, wanted, facts);
    const stretches = this.#findStretches(facts.serverCounts ?? [], subject.texts.features);
    if (stretches.length > 0)
      this.#gather.read(this.#gather.withStretches(subject, stretches), wanted, facts);
    const on = { sample: subject.sample, facts, now };
    for (let index = 0; index < opinions.length; index += 1) {
      opinions[index] ??= this.#judgeWith(this.#filters[index] as Filter, keys[index], on);
    }
    return opinions as Opinion[];
  }

  #keyFor(index: number, subject: Subject, touched: Facts): CacheKey | undefined {
    const filter = this.#filters[index] as Filter;
    if (this.#options.ttlSeconds[filter.name] === 0) return undefined;
    if (filter.readsText && !subject.texts.isSeenAgain) {
      this.#events.cacheMiss(filter.name);
      return undefined;
    }
    const key = filter.cacheKey(subject.sample, subject.ids, touched);
    return key === undefined ? undefined : { ...key, stamp: this.#stamps[index] + key.stamp };
  }

  #cached(filter: Filter, key: CacheKey | undefined, now: number): Opinion | undefined {
    if (key === undefined) return undefined;
    const value = this.#facts.get(key.subject, key.id, key.fact, key.stamp, now);
    if (value === undefined) this.#events.cacheMiss(filter.name);
    else this.#events.cacheHit(filter.name);
    return value as Opinion | undefined;
  }

  #judgeWith(
    filter: Filter,
    key: CacheKey | undefined,
    on: { sample: Sample; facts: Facts; now: number },
  ): Opinion {
    let opinion: Opinion;
    try {
      opinion = filter.judge(on.sample, on.facts, on.now);
    } catch (error) {
      this.#events.filterFailed(filter.name, error);
      return FAILED;
    }
    if (key !== undefined) {
      const expiresAt = on.now + this.#options.ttlSeconds[filter.name] * 1_000;
      this.#facts.set(key.subject, key.id, key.fact, key.stamp, opinion, expiresAt);
    }
    return opinion;
  }
}

/** Versions, and how long opinions are believed: a time that was shortened does not meet what was kept for longer. */
function stampOf(filter: Filter, { ttlSeconds }: PipelineOptions): string {
  return `${filter.version}.${TOKENISER_VERSION}.${ttlSeconds[filter.name]} `;
}
