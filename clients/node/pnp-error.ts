import type { Answer } from './answer.ts';

/**
 * Why a call failed. `unreachable`: no connection could be made. `disconnected`: it was lost before the answer came.
 * `timeout`: no answer in time. `aborted`: by the caller's signal. `queue-full`: too many calls wait. `protocol`: the
 * other side does not speak PNP/1, or broke a limit. `refused`: it answered with a status other than 0. `bad-request`:
 * the call cannot be put on the wire, or an option of the client cannot be used. `closed`: the client was closed.
 */
export type PnpErrorCode =
  | 'unreachable'
  | 'disconnected'
  | 'timeout'
  | 'aborted'
  | 'queue-full'
  | 'protocol'
  | 'refused'
  | 'bad-request'
  | 'closed';

/** Every failure of this client. `answer` is set where the daemon said no in a whole answer. */
export class PnpError extends Error {
  override readonly name = 'PnpError';
  readonly code: PnpErrorCode;
  readonly answer: Answer | undefined;

  constructor(code: PnpErrorCode, message: string, options: ErrorOptions & { answer?: Answer } = {}) {
    super(message, options);
    this.code = code;
    this.answer = options.answer;
  }
}

/** What the daemon says no with. */
export function refused(answer: Answer): PnpError {
  const said = answer.headers.get('Error') ?? `${answer.name} ; ${answer.name}`;
  const sentence = said.slice(said.indexOf(' ; ') + 3).replace(/\.$/, '');
  return new PnpError('refused', `The daemon answered ${answer.status} ${answer.name}: ${sentence}.`, {
    answer,
  });
}
