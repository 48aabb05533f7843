import type { FrameLimits } from '../pnp/framer.ts';

/** Bounds of the server, under the names that they have in the configuration [PNP-2.2]. */
export interface Limits extends FrameLimits {
  /** Requests of one connection that may be unanswered; reading pauses there. */
  readonly in_flight_max: number;
  /** Requests that wait for their turn over all connections; beyond, they are answered 75 at once. */
  readonly queue_requests_max: number;
  /** Age in the queue at which text filters abstain. */
  readonly shed_ms: number;
  readonly connections_max: number;
  readonly idle_seconds_max: number;
  /** From the first to the last byte of one request. */
  readonly head_seconds_max: number;
  /** For the TLS handshake, and again for a client to prove who it is. */
  readonly handshake_seconds_max: number;
  /** Connections that still have to prove who they are, and as many handshakes of a listener; the oldest make room. */
  readonly unproven_connections_max: number;
  /** For a client to take one write. */
  readonly write_seconds_max: number;
}

/** Whether more than so many seconds have gone by; of what never began, none have. Times in milliseconds. */
export function isOver(since: number | undefined, secondsMax: number, now: number): boolean {
  return since !== undefined && now - since > secondsMax * 1_000;
}
