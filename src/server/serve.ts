import { RequestError } from '../errors.ts';
import type { StatusName, Verb } from '../pnp/grammar.ts';
import { type Peer, permits } from '../pnp/peer.ts';
import { refusal } from '../pnp/refusal.ts';
import type { Request, WireRequest } from '../pnp/request.ts';
import { errorResponse, type Response } from '../pnp/response.ts';

/** What does a verb's work. Undefined: no answer. A `RequestError` thrown is answered as such, any other with 70. */
export type Serve = (request: Request) => Response | Promise<Response> | undefined;

/** Attends to one connection: does what its requests ask for, and hears what becomes of it. */
export interface Attendant {
  readonly serve: Serve;
  /** `serve` threw something else than a `RequestError`. */
  failed(verb: Verb, error: unknown): void;
  /** The connection is gone. */
  closed(): void;
}

/** What the server tells of its work. */
export interface ServerEvents {
  /** A connection is accepted; what is returned attends to it. */
  opened(peer: Peer): Attendant;
  /** An answer is ready; `verb` is undefined where the request had none that is known. */
  answered(verb: Verb | undefined, status: StatusName): void;
  /** The kernel could not hand a connection over. */
  acceptFailed(error: Error): void;
}

/** Who serves the requests of a connection, and what its peer may ask for. */
export interface Serving {
  readonly rights: Peer['rights'];
  readonly attendant: Attendant;
}

/** Serves one request whose turn has come. Never throws, and its promise is never rejected. */
export function serveRequest(
  request: WireRequest,
  now: number,
  { rights, attendant }: Serving,
): Response | Promise<Response> | undefined {
  try {
    if (request.deadlineMs !== undefined && now - request.receivedAt >= request.deadlineMs) {
      throw refusal('deadline', 'The deadline passed before the turn of this request came');
    }
    if (!permits(rights, request.verb)) {
      throw refusal('no-right', `${request.verb} is not allowed on this listener; HELLO lists your rights`);
    }
    const answer = attendant.serve(request);
    return answer instanceof Promise
      ? answer.catch((error: unknown) => answerTo(error, request.verb, attendant))
      : answer;
  } catch (error) {
    return answerTo(error, request.verb, attendant);
  }
}

function answerTo(error: unknown, verb: Verb, attendant: Attendant): Response {
  if (error instanceof RequestError) return errorResponse(error);
  attendant.failed(verb, error);
  return errorResponse(refusal('internal', 'The daemon failed on this request; its log says why'));
}
