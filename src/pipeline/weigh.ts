import { combine, lessonsMissing } from '../filters/bayes/combine.ts';
import { credibility, isKeptFrom } from '../filters/bayes/credibility.ts';
import type { BayesServerOptions } from '../filters/bayes/server.ts';
import type { LessonLabel, PastLesson, ServerColumns, Store } from '../store/store.ts';
import { type TokenSet, tokenSet } from '../store/token-set.ts';
import { serverColumns } from './gather.ts';
import { OwnShare } from './own-share.ts';

const ID_STRIDE = 16;

/** A user's report as it is to be weighed. */
export interface Report {
  readonly reporterId: string;
  readonly label: LessonLabel;
  /** Server token ids, stride 16. */
  readonly sids: Buffer;
}

/** What the server's table takes of a report. */
export interface Weighed {
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
  readonly #store: Pick<Store, 'server' | 'lessons'>;
  readonly #columns: ServerColumns = serverColumns();
  #options: BayesServerOptions;

  constructor(store: Pick<Store, 'server' | 'lessons'>, options: BayesServerOptions) {
    this.#store = store;
    this.#options = options;
  }

  adopt(options: BayesServerOptions): void {
    this.#options = options;
  }

  weigh({ reporterId, label, sids }: Report): Weighed {
    const past = this.#store.lessons.lastOf(reporterId);
    const share = new OwnShare(past);
    const agreement = past.map((lesson) => this.#logOdds(lesson, share));
    // Last: its counts are looked at once more.
    const logOdds = this.#logOdds({ label, sids }, share);
    return { weight: credibility(agreement, logOdds), withheld: this.#withheld(label) };
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

  #withheld(label: LessonLabel): TokenSet {
    const { count, spam, ham } = this.#columns;
    const [inClass, inOther] = label === 'spam' ? [spam, ham] : [ham, spam];
    const indexes: number[] = [];
    for (let index = 0; index < count; index += 1)
      if (isKeptFrom(inClass[index] as number, inOther[index] as number)) indexes.push(index);
    return tokenSet(indexes);
  }
}
