import type { FactName, Facts, TokenCounts } from '../filters/facts.ts';
import type { SampleIds } from '../filters/filter.ts';
import type { RateTable } from '../live/rate-table.ts';
import { bareJID, domainOf } from '../model/jid.ts';
import type { Sample } from '../model/sample.ts';
import type { CountColumns, KeyedIds, ServerTokens, User } from '../store/store.ts';
import { FEATURES_MAX } from '../text/features.ts';
import type { KnownTexts } from './text-cache.ts';

/** A sample with all that judging it may need: who it is about, its texts, its user. */
export interface Subject {
  readonly sample: Sample;
  readonly texts: KnownTexts;
  readonly user: User | undefined;
  /** Token ids of the user's table, one entry a text; empty without a user, or under a wrong key. */
  readonly uids: readonly Buffer[];
  readonly ids: SampleIds;
}

/** Where facts come from. */
export interface Sources {
  readonly ids: KeyedIds;
  readonly server: ServerTokens;
  readonly rates: RateTable;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * Reads what is known and touches live state, synchronously: the levels that a stanza itself raises are facts of its own
 * verdict, else a burst in one read would pass whole. Count columns are scratch space, reused from stanza to stanza.
 */
export class Gather {
  readonly #sources: Sources;
  readonly #serverColumns: CountColumns[] = [];
  readonly #userColumns: CountColumns[] = [];

  constructor(sources: Sources) {
    this.#sources = sources;
  }

  /** Keyed ids of the parties. The domain's is made only where it is asked for. */
  idsOf(sample: Sample, textId: string, user: User | undefined): SampleIds {
    const { ids, server } = this.#sources;
    const { subject } = sample;
    return {
      text: textId,
      user: user?.id ?? '',
      jid: subject === undefined ? '' : ids.id('jid', bareJID(subject)),
      get domain() {
        return subject === undefined ? '' : ids.id('domain', domainOf(subject));
      },
      serverGeneration: server.generation,
      userGeneration: user?.generation ?? 0,
    };
  }

  /** Touches live state: exactly once a request, before anything is judged. */
  touch(subject: Subject, now: number): Facts {
    const { ids, user } = subject;
    const userKeyState = user?.keyState ?? 'none';
    if (ids.jid === '') return { userKeyState };
    const recipientTag = ids.user === '' ? 0 : Number.parseInt(ids.user.slice(0, 4), 16) || 1;
    return { userKeyState, jidRate: this.#sources.rates.touch(ids.jid, recipientTag, now) };
  }

  /** Adds to `touched` the facts that cost a look-up, only those that `wanted` names. */
  read(subject: Subject, wanted: ReadonlySet<FactName>, touched: Facts): Facts {
    const facts: Mutable<Facts> = touched;
    if (wanted.has('server_counts')) facts.serverCounts = this.#serverCounts(subject);
    if (wanted.has('user_counts') && subject.user?.keyState === 'ok')
      facts.userCounts = this.#userCounts(subject, subject.user);
    return facts;
  }

  #serverCounts(subject: Subject): TokenCounts[] {
    const { features, sids } = subject.texts;
    return features.map((feature, index) => {
      const columns = columnsAt(this.#serverColumns, index);
      this.#sources.server.lookup(sids[index] as Buffer, feature.count, columns);
      return columns;
    });
  }

  #userCounts(subject: Subject, user: User): TokenCounts[] {
    return subject.texts.features.map((feature, index) => {
      const columns = columnsAt(this.#userColumns, index);
      user.lookup(subject.uids[index] as Buffer, feature.count, columns);
      return columns;
    });
  }
}

function columnsAt(columns: CountColumns[], index: number): CountColumns {
  const known = columns[index];
  if (known !== undefined) return known;
  const fresh = {
    count: 0,
    spam: new Uint32Array(FEATURES_MAX),
    ham: new Uint32Array(FEATURES_MAX),
    spamTotal: 0,
    hamTotal: 0,
  };
  columns[index] = fresh;
  return fresh;
}
