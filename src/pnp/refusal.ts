import { RequestError } from '../errors.ts';
import { ERROR_WORDS, type ErrorWord } from './grammar.ts';

/** A request that cannot be served in a sound frame: answered, and the connection stays open [PNP-2.4]. */
export function refusal(word: ErrorWord, sentence: string): RequestError {
  return new RequestError(ERROR_WORDS[word], word, sentence);
}

/** A request in a sound frame after which the connection closes all the same [PNP-2.4]. */
export function dismissal(word: ErrorWord, sentence: string): RequestError {
  return new RequestError(ERROR_WORDS[word], word, sentence, true);
}

/** What breaks the framing: answered, then the connection closes, since nothing behind it can be trusted [PNP-2.4]. */
export function brokenFrame(word: ErrorWord, sentence: string): RequestError {
  return new RequestError(ERROR_WORDS[word], word, sentence, true);
}
