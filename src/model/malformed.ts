import { RequestError } from '../errors.ts';

/** Refusal of what is not XML. @param fault what is wrong, without a word of the stanza's own. */
export function malformed(fault: string): RequestError {
  return new RequestError(
    'EX_DATAERR',
    'bad-xml',
    `The stanza is not well-formed (${fault}); send it as the server has it.`,
  );
}
