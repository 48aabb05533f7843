import type { Counts } from '../filters/bayes/evidence.ts';
import type { FoundStretch } from '../filters/bayes/find-stretches.ts';
import {
  type Facts,
  factBits,
  type LinearFacts,
  type ReportsOfText,
  type ServerCounts,
  type TokenCounts,
} from '../filters/facts.ts';
import type { SampleIds } from '../filters/filter.ts';
import type { LinearEstimate, LinearModel } from '../linear/model.ts';
import type { Allowances, RateTable } from '../live/rate-table.ts';
import { bareJID, domainOf, type JID } from '../model/jid.ts';
import type { Sample } from '../model/sample.ts';
import { idWord } from '../store/id-words.ts';
import type { CountColumns, KeyedIds, ServerColumns, Store, User } from '../store/store.ts';
import { tokenWords } from '../store/token-words.ts';
import { FEATURES_MAX, type Features } from '../text/features.ts';
import { SCRIPTS } from '../text/scripts.ts';
import { withStretches } from './stretches.ts';
import type { KnownTexts } from './text-cache.ts';

/** A sample with all that judging it may need: who it is about, its texts, its user. */
export interface Subject {
  readonly sample: Sample;
  readonly texts: KnownTexts;
  readonly user: User | undefined;
  /** Token ids of the user's table, one entry a text; empty without a user, or under a wrong key. */
  readonly uids: readonly Buffer[];
  readonly ids: SampleIds;
  /** How many of its texts, the last ones, are stretches of the others. */
  readonly stretches: number;
}

/** Where facts come from. */
export interface Sources {
  readonly store: Pick<Store, 'ids' | 'server' | 'users' | 'reported'>;
  readonly rates: RateTable;
  readonly linear: LinearSource;
}

/** The last fit of `linear.server`. */
export interface LinearSource {
  readonly model: LinearModel | undefined;
}

/** Whether the users of a virtual host have a table of their own, above that of all. */
export type Scope = 'virtualhost' | 'daemon';

/** Until a look-up says more. */
const NO_LESSONS = new Float64Array(SCRIPTS);
const DAY_MS = 86_400_000;

const SERVER_COUNTS = factBits(['server_counts']);
const USER_COUNTS = factBits(['user_counts']);
const LINEAR = factBits(['linear']);

/** Of one text: the server's counts, its virtual host's, and whether it is a stretch of another. */
type TextColumns = ServerColumns & { host: ServerColumns | undefined; isStretch: boolean };

/** Facts in the making: every field is there from the start, so that all stanzas' facts have one shape. */
type FactsInMaking = { -readonly [Name in keyof Facts]-?: Facts[Name] | undefined };

/**
 * Reads what is known and touches live state, synchronously: the levels that a stanza itself raises are facts of its own
 * verdict, else a burst in one read would pass whole. Count columns are scratch space, reused from stanza to stanza.
 */
export class Gather {
  readonly #sources: Sources;
  readonly #serverColumns: TextColumns[] = [];
  readonly #userColumns: CountColumns[] = [];
  readonly #estimates: LinearEstimate[] = [];
  readonly #hostColumns: ServerColumns[] = [];
  #scope: Scope = 'daemon';

  constructor(sources: Sources) {
    this.#sources = sources;
  }

  /** Changes what senders may do; their levels stay. */
  allow(allowances: Allowances): void {
    this.#sources.rates.allow(allowances);
  }

  /** Changes whose lessons a recipient's text is judged by. */
  divide(scope: Scope): void {
    this.#scope = scope;
  }

  /** Keyed ids of the parties. What costs something and is seldom asked for is made then: the domain's, the user's lesson. */
  idsOf(sample: Sample, textId: string, user: User | undefined): SampleIds {
    return new GatheredIds({ sample, textId, user, scope: this.#scope, sources: this.#sources });
  }

  /** Touches live state: exactly once a request, before anything is judged. */
  touch(subject: Subject, now: number): FactsInMaking {
    const { ids, user } = subject;
    return {
      serverCounts: undefined,
      userCounts: undefined,
      userKeyState: user?.keyState ?? 'none',
      linear: undefined,
      jidRate: ids.jid === '' ? undefined : this.#sources.rates.touch(ids.jid, recipientTag(ids.user), now),
      reports: subject.texts.id === '' ? undefined : this.#reports(subject, now),
    };
  }

  withStretches(subject: Subject, found: readonly FoundStretch[]): Subject {
    return withStretches(subject, found, this.#sources.store.ids);
  }

  /** Adds the facts that cost a look-up. @param wanted which of them, as `factBits`; they are all of the same texts. */
  read(subject: Subject, wanted: number, facts: FactsInMaking): void {
    if ((wanted & SERVER_COUNTS) !== 0) facts.serverCounts = this.#serverCounts(subject);
    if ((wanted & LINEAR) !== 0) facts.linear = this.#linear(subject);
    if ((wanted & USER_COUNTS) !== 0 && subject.user?.keyState === 'ok') {
      facts.userCounts = this.#userCounts(subject, subject.user);
    }
  }

  /** Under a wrong key nobody's own reports are told. */
  #reports({ texts, user, ids }: Subject, now: number): ReportsOfText {
    const { reported, users } = this.#sources.store;
    const userId = user?.keyState === 'ok' ? user.id : '';
    const told = reported.look({ fingerprint: texts.fingerprint, userId, senderId: ids.jid }, now);
    return {
      own: told.own,
      ownDays: daysSince(told.ownAt, now),
      others: told.others,
      othersDays: daysSince(told.othersAt, now),
      activeUsers: users.active(now),
    };
  }

  /** What the tables know of a subject's tokens; touches nothing. */
  counts(subject: Subject): Counts {
    return {
      server: this.#serverCounts(subject),
      user: subject.user?.keyState === 'ok' ? this.#userCounts(subject, subject.user) : undefined,
    };
  }

  #serverCounts(subject: Subject): ServerCounts[] {
    const { features, sids } = subject.texts;
    const whole = features.length - subject.stretches;
    const counts: ServerCounts[] = [];
    for (let index = 0; index < features.length; index += 1) {
      const columns = this.#serverColumns[index] ?? textColumns();
      this.#serverColumns[index] = columns;
      const { count } = features[index] as Features;
      this.#sources.store.server.lookup(sids[index] as Buffer, count, columns);
      columns.host = this.#hostCounts(subject, index, count);
      columns.isStretch = index >= whole;
      counts.push(columns);
    }
    return counts;
  }

  #hostCounts({ ids, texts }: Subject, index: number, count: number): ServerColumns | undefined {
    if (ids.host === '') return undefined;
    const columns = this.#hostColumns[index] ?? serverColumns();
    this.#hostColumns[index] = columns;
    const { server } = this.#sources.store;
    return server.lookupHost(ids.host, texts.sids[index] as Buffer, count, columns) ? columns : undefined;
  }

  #linear({ texts: { features, sids, slots } }: Subject): LinearFacts | undefined {
    const { model } = this.#sources.linear;
    if (model === undefined || features.length === 0) return undefined;
    const texts: LinearEstimate[] = [];
    for (let index = 0; index < features.length; index += 1) {
      const estimate = this.#estimates[index] ?? { z: 0, known: 0 };
      this.#estimates[index] = estimate;
      const { count } = features[index] as Features;
      model.estimate(tokenWords(sids[index] as Buffer, count), count, slots[index] as Uint32Array, estimate);
      texts.push(estimate);
    }
    return { texts, model };
  }

  #userCounts(subject: Subject, user: User): TokenCounts[] {
    const { features } = subject.texts;
    const counts: TokenCounts[] = [];
    for (let index = 0; index < features.length; index += 1) {
      const columns = this.#userColumns[index] ?? countColumns();
      this.#userColumns[index] = columns;
      user.lookup(subject.uids[index] as Buffer, (features[index] as Features).count, columns);
      counts.push(columns);
    }
    return counts;
  }
}

/** Keyed ids of one stanza's parties. */
class GatheredIds implements SampleIds {
  readonly text: string;
  readonly user: string;
  readonly host: string;
  readonly jid: string;
  readonly serverGeneration: number;
  readonly linearFit: string;
  readonly starter: string;
  readonly #subject: JID | undefined;
  readonly #user: User | undefined;
  readonly #ids: KeyedIds;

  constructor(of: {
    sample: Sample;
    textId: string;
    user: User | undefined;
    scope: Scope;
    sources: Sources;
  }) {
    const { linear } = of.sources;
    const { ids, server } = of.sources.store;
    const { subject } = of.sample;
    this.text = of.textId;
    this.user = of.user?.id ?? '';
    this.host = of.scope === 'virtualhost' ? (of.user?.host ?? '') : '';
    this.jid = subject === undefined ? '' : ids.id('jid', bareJID(subject));
    this.serverGeneration = server.generation;
    this.linearFit = linear.model?.id ?? '';
    this.starter = server.starter;
    this.#subject = subject;
    this.#user = of.user;
    this.#ids = ids;
  }

  get domain(): string {
    return this.#subject === undefined ? '' : this.#ids.id('domain', domainOf(this.#subject));
  }

  get userGeneration(): number {
    return this.#user?.generation ?? 0;
  }
}

/** Whole days, 0 where that is not yet. */
function daysSince(at: number, now: number): number {
  return Math.max(0, Math.floor((now - at) / DAY_MS));
}

/** 1 … 65535, by the recipient's keyed id; 0 = no recipient. */
function recipientTag(userId: string): number {
  return userId === '' ? 0 : idWord(userId, 0) >>> 16 || 1;
}

function countColumns(): CountColumns {
  return {
    count: 0,
    spam: new Uint32Array(FEATURES_MAX),
    ham: new Uint32Array(FEATURES_MAX),
    spamTotal: 0,
    hamTotal: 0,
    scripts: new Uint8Array(FEATURES_MAX),
    spamByScript: NO_LESSONS,
    hamByScript: NO_LESSONS,
  };
}

function textColumns(): TextColumns {
  return { ...serverColumns(), host: undefined, isStretch: false };
}

export function serverColumns(): ServerColumns {
  return {
    ...countColumns(),
    starter: new Uint32Array(FEATURES_MAX),
    hasStarter: false,
  };
}
