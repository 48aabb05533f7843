import { RequestError } from '../errors.ts';
import type { StatusName, Verb } from '../pnp/grammar.ts';
import { type Peer, permits } from '../pnp/peer.ts';
import { refusal } from '../pnp/refusal.ts';
import type { Request, WireRequest } from '../pnp/request.ts';
import { errorResponse, type Response } from '../pnp/response.ts';

/** What does a verb's work. Undefined: no answer. A `RequestError` thrown is answered as such, any other with 70. */
export type Serve = (request: Request, peer: Peer) => Response | Promise<Response> | undefined;

/** What the server tells of its work. */
export interface ServerEvents {
  /** An answer is ready; `verb` is undefined where the request had none that is known. */
  answered(verb: Verb | undefined, status: StatusName): void;
  /** `serve` threw something else than a `RequestError`; without a verb: a connection could not be accepted. */
  failed(verb: Verb | undefined, error: unknown): void;
}

export interface ServeOptions {
  readonly serve: Serve;
  readonly peer: Peer;
  readonly events: ServerEvents;
}

/** Serves one request whose turn has come. Never throws, and its promise is never rejected. */
export function serveRequest(
  request: WireRequest,
  now: number,
  options: ServeOptions,
): Response | Promise<Response> | undefined {
  const { serve, peer } = options;
  try {
    if (request.deadlineMs !== undefined && now - request.receivedAt >= request.deadlineMs) {
      throw refusal('deadline', 'The deadline passed before the turn of this request came');
    }
    if (!permits(peer.rights, request.verb)) {
      throw refusal('no-right', `${request.verb} is not allowed on this listener; HELLO lists your rights`);
    }
    const answer = serve(request, peer);
    return answer instanceof Promise
      ? answer.catch((error: unknown) => answerTo(error, request.verb, options))
      : answer;
  } catch (error) {
    return answerTo(error, request.verb, options);
  }
}

function answerTo(error: unknown, verb: Verb, { events }: ServeOptions): Response {
  if (error instanceof RequestError) return errorResponse(error);
  events.failed(verb, error);
  return errorResponse(refusal('internal', 'The daemon failed on this request; its log says why'));
}
