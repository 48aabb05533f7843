import { combine, lessonsMissing } from '../filters/bayes/combine.ts';
import { credibility, isKeptFrom } from '../filters/bayes/credibility.ts';
import type { BayesServerOptions } from '../filters/bayes/server.ts';
import type { LessonLabel, PastLesson, ServerColumns, Store, User } from '../store/store.ts';
import { type TokenSet, tokenSet } from '../store/token-set.ts';
import type { Fingerprint } from '../text/fingerprint.ts';
import { type Scope, serverColumns } from './gather.ts';
import { OwnShare } from './own-share.ts';

const ID_STRIDE = 16;

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

/** What the server's table takes of a report. */
export interface Weighed {
  /** Virtual host whose table takes it as well. */
  readonly host: string | undefined;
  /** 0 … 1 */
  readonly weight: number;
  /** Tokens that it leaves out. */
  readonly withheld: TokenSet;
}

/**
 * Weighs what users report by what others have taught the server's table, so that a few of them cannot turn it round
 * (docs/decisions/0039). What the reporter taught is taken out first: nobody agrees with themselves.
 */
export class Weigher {
  readonly #store: Pick<Store, 'server' | 'lessons' | 'reported'>;
  readonly #columns: ServerColumns = serverColumns();
  #options: WeigherOptions;

  constructor(store: Pick<Store, 'server' | 'lessons' | 'reported'>, options: WeigherOptions) {
    this.#store = store;
    this.#options = options;
  }

  adopt(options: WeigherOptions): void {
    this.#options = options;
  }

  weigh(report: Report): Weighed {
    const { reporter, label, sids } = report;
    const past = this.#store.lessons.lastOf(reporter.id);
    const share = new OwnShare(past);
    const agreement = past.map((lesson) => this.#logOdds(lesson, share));
    // Last: its counts are looked at once more.
    const logOdds = this.#logOdds({ label, sids }, share);
    const host = this.#options.scope === 'virtualhost' ? reporter.host : undefined;
    const weight = credibility(agreement, logOdds, this.#copies(report));
    return { weight, withheld: this.#withheld(label), host };
  }

  /** Log-odds that a label is right, by what others taught; 0 where that is not enough to say. */
  #logOdds({ label, sids }: Pick<PastLesson, 'label' | 'sids'>, share: OwnShare): number {
    const columns = this.#columns;
    const { lessonsMin, tokensMin } = this.#options;
    this.#store.server.lookup(sids, sids.length / ID_STRIDE, columns);
    share.takeOut(sids, columns);
    if (!columns.hasStarter && lessonsMissing(columns, lessonsMin) !== undefined) return 0;
    const { z, tokens } = combine(columns, undefined, lessonsMin);
    if (tokens < tokensMin) return 0;
    return label === 'spam' ? z : -z;
  }

  /** Others who have said the same of copies of the text lately, less those who said the opposite. */
  #copies({ reporter, label, fingerprint, senderId, at }: Report): number {
    const { others } = this.#store.reported.look({ fingerprint, userId: reporter.id, senderId }, at);
    return Math.max(0, label === 'spam' ? others : -others);
  }

  #withheld(label: LessonLabel): TokenSet {
    const { count, spam, ham } = this.#columns;
    const [inClass, inOther] = label === 'spam' ? [spam, ham] : [ham, spam];
    const indexes: number[] = [];
    for (let index = 0; index < count; index += 1)
      if (isKeptFrom(inClass[index] as number, inOther[index] as number)) indexes.push(index);
    return tokenSet(indexes);
  }
}
