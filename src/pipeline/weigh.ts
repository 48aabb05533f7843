import { combine, LESSON_UNITS, lessonsMissing } from '../filters/bayes/combine.ts';
import { credibility, isKeptFrom } from '../filters/bayes/credibility.ts';
import type { BayesServerOptions } from '../filters/bayes/server.ts';
import type { HostShare, LessonLabel, ServerColumns, Store, TableShare, User } from '../store/store.ts';
import { NO_TOKENS, type TokenSet, tokenSet } from '../store/token-set.ts';
import { TOKEN_STRIDE } from '../store/token-words.ts';
import type { Fingerprint } from '../text/fingerprint.ts';
import { type Scope, serverColumns } from './gather.ts';
import { OwnShare } from './own-share.ts';
import { type Taken, TokenSums } from './token-sums.ts';

/** A user's report as it is to be weighed. */
export interface Report {
  readonly reporter: Pick<User, 'id' | 'host'>;
  readonly label: LessonLabel;
  /** Server token ids, stride 16. */
  readonly sids: Buffer;
  readonly fingerprint: Fingerprint;
  /** Keyed id of whose text it is. */
  readonly senderId: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

export interface WeigherOptions extends BayesServerOptions {
  readonly scope: Scope;
}

/** What the table of all takes of a report, and that of the reporter's virtual host, where hosts have one. */
export interface Weighed extends TableShare {
  readonly host: HostShare | undefined;
}

/** A table to be asked, without what the reporter brought to it. */
interface Asked {
  /** Of which virtual host; undefined: that of all. */
  readonly host: string | undefined;
  readonly own: OwnShare;
}

/**
 * Weighs what users report by what others have taught, so that a few of them cannot turn a table round (docs/decisions/0039).
 * What the reporter taught is taken out first: nobody agrees with themselves. The table of a virtual host is asked by itself, as
 * if there were no other: else a small host could not disagree with a large one (docs/decisions/0038).
 */
export class Weigher {
  readonly #store: Pick<Store, 'server' | 'lessons' | 'reported'>;
  readonly #columns = serverColumns();
  /** Without a starter, which look-ups in the table of a host leave as it is. */
  readonly #hostColumns = serverColumns();
  /** What was weighed and is not in the tables yet: else many at once would not know of each other. */
  readonly #underWay = new TokenSums();
  #options: WeigherOptions;

  constructor(store: Pick<Store, 'server' | 'lessons' | 'reported'>, options: WeigherOptions) {
    this.#store = store;
    this.#options = options;
  }

  adopt(options: WeigherOptions): void {
    this.#options = options;
  }

  /** Weighs a report and has it taught; until that is done, reports that are weighed meanwhile know of it. */
  async teach<Result>(report: Report, teach: (weighed: Weighed) => Promise<Result>): Promise<Result> {
    const weighed = this.weigh(report);
    this.#count(report, weighed, 1);
    try {
      return await teach(weighed);
    } finally {
      this.#count(report, weighed, -1);
    }
  }

  weigh(report: Report): Weighed {
    const { id, host } = report.reporter;
    const past = this.#store.lessons.lastOf(id);
    const forAll = this.#share(report, past, { host: undefined, own: new OwnShare(past) });
    if (this.#options.scope !== 'virtualhost') return { ...forAll, host: undefined };
    const inHost = past.flatMap((lesson) =>
      lesson.host === undefined ? [] : [{ ...lesson, ...lesson.host }],
    );
    return {
      ...forAll,
      host: { id: host, ...this.#share(report, inHost, { host, own: new OwnShare(inHost) }) },
    };
  }

  #share(report: Report, past: readonly Taken[], asked: Asked): TableShare {
    const agreement = past.map((lesson) => this.#logOdds(lesson, asked));
    const weight = credibility(agreement, this.#logOdds(report, asked), this.#copies(report));
    return { weight, withheld: this.#withheld(report, asked) };
  }

  /** Log-odds that a label is right, by what others taught; 0 where that is not enough to say. */
  #logOdds({ label, sids }: Pick<Taken, 'label' | 'sids'>, { host, own }: Asked): number {
    const { lessonsMin, tokensMin } = this.#options;
    const columns = this.#lookup(sids, host);
    if (columns === undefined) return 0;
    own.takeOut(sids, columns);
    if (!columns.hasStarter && lessonsMissing(columns, lessonsMin) !== undefined) return 0;
    const { z, tokens } = combine(columns, undefined, lessonsMin);
    if (tokens < tokensMin) return 0;
    return label === 'spam' ? z : -z;
  }

  #lookup(sids: Buffer, host: string | undefined): ServerColumns | undefined {
    const { server } = this.#store;
    const count = sids.length / TOKEN_STRIDE;
    if (host !== undefined)
      return server.lookupHost(host, sids, count, this.#hostColumns) ? this.#hostColumns : undefined;
    server.lookup(sids, count, this.#columns);
    return this.#columns;
  }

  /** Others who have said the same of copies of the text lately, less those who said the opposite. */
  #copies({ reporter, label, fingerprint, senderId, at }: Report): number {
    const { others } = this.#store.reported.look({ fingerprint, userId: reporter.id, senderId }, at);
    return Math.max(0, label === 'spam' ? others : -others);
  }

  #withheld({ label, sids }: Report, { host }: Asked): TokenSet {
    const columns = this.#lookup(sids, host);
    if (columns === undefined) return NO_TOKENS;
    this.#underWay.applyTo(columns, sids, 1, host);
    const [inClass, inOther] = label === 'spam' ? [columns.spam, columns.ham] : [columns.ham, columns.spam];
    const indexes: number[] = [];
    for (let index = 0; index < columns.count; index += 1)
      if (isKeptFrom(inClass[index] as number, inOther[index] as number)) indexes.push(index);
    return tokenSet(indexes);
  }

  #count({ label, sids }: Report, { host, ...all }: Weighed, sign: 1 | -1): void {
    this.#underWay.add({ label, sids, ...inUnits(all) }, sign);
    if (host !== undefined) this.#underWay.add({ label, sids, ...inUnits(host) }, sign, host.id);
  }
}

/** As tables count: what a reporter may add is not looked at, so that it is at most so much. */
function inUnits({ weight, withheld }: TableShare): TableShare {
  return { weight: Math.round(weight * LESSON_UNITS), withheld };
}
