import { RequestError } from '../errors.ts';
import { RIGHT_OF_VERB, type StatusName, type Verb } from '../pnp/grammar.ts';
import type { Peer } from '../pnp/peer.ts';
import { refusal } from '../pnp/refusal.ts';
import type { Request } from '../pnp/request.ts';
import { errorResponse, type Response } from '../pnp/response.ts';
import type { Limits } from './limits.ts';

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
  /** A connection is accepted, under limits that hold as long as it lives; what is returned attends to it. */
  opened(peer: Peer, limits: Limits): Attendant;
  /** An answer is ready; `verb` is undefined where the request had none that is known. */
  answered(verb: Verb | undefined, status: StatusName): void;
  /** The kernel could not hand a connection over. */
  acceptFailed(error: Error): void;
  /** A TLS handshake failed or took too long. */
  handshakeFailed(listener: string, error: Error): void;
}

/** Who serves the requests of a connection, and whose they are. */
export interface Serving {
  readonly peer: Peer;
  readonly attendant: Attendant;
}

/** Serves one request whose turn has come. Never throws, and its promise is never rejected. */
export function serveRequest(
  request: Request,
  now: number,
  { peer, attendant }: Serving,
): Response | Promise<Response> | undefined {
  try {
    if (request.deadlineMs !== undefined && now - request.receivedAt >= request.deadlineMs) {
      throw refusal('deadline', 'The deadline passed before the turn of this request came');
    }
    requireRight(request.verb, peer);
    const answer = attendant.serve(request);
    return answer instanceof Promise
      ? answer.catch((error: unknown) => answerTo(error, request.verb, attendant))
      : answer;
  } catch (error) {
    return answerTo(error, request.verb, attendant);
  }
}

/** [PNP-4] @throws RequestError `no-right` */
function requireRight(verb: Verb, peer: Peer): void {
  const right = RIGHT_OF_VERB[verb];
  if (right === 'none') return;
  peer.hasAsked = true;
  if (peer.grant.rights.has(right)) return;
  throw refusal('no-right', `${verb} is not allowed here; ${peer.unproven ?? 'HELLO lists your rights'}`);
}

function answerTo(error: unknown, verb: Verb, attendant: Attendant): Response {
  if (error instanceof RequestError) return errorResponse(error);
  attendant.failed(verb, error);
  return errorResponse(refusal('internal', 'The daemon failed on this request; its log says why'));
}
