import type { Answer } from './answer.ts';
import { factHeaders, type StanzaFacts } from './facts.ts';
import type { RequestHeaders } from './request.ts';
import { words } from './words.ts';

/** What TELL is to teach, or to forget. */
export interface Lesson {
  readonly label: 'spam' | 'ham' | 'forget';
  /** The stanza, or the `Trace` of its verdict: one of the two. */
  readonly stanza?: string | Uint8Array | undefined;
  readonly trace?: string | undefined;
  /** Bare JID of who says so. Without it, and without `facts.to`, it is the operator's word: on the admin socket only. */
  readonly reporter?: string | undefined;
  readonly facts?: StanzaFacts | undefined;
}

/** What a TELL or an OBSERVE really did. */
export interface Taught {
  readonly didSet: boolean;
  readonly didRemove: boolean;
  /** Why nothing was done, e.g. `already-taught`. */
  readonly unchanged: string | undefined;
  readonly answer: Answer;
}

export function lessonHeaders({ label, trace, reporter, facts = {} }: Lesson): RequestHeaders {
  const what = label === 'forget' ? { Remove: 'local' } : { 'Message-Class': label, Set: 'local' };
  return { ...factHeaders(facts), ...what, Reporter: reporter, Trace: trace };
}

export function readTaught(answer: Answer): Taught {
  const did = (name: string) => words(answer.headers.get(name)).includes('local');
  const unchanged = answer.headers.get('Unchanged');
  return { didSet: did('DidSet'), didRemove: did('DidRemove'), unchanged, answer };
}
