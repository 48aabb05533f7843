import type { Duplex } from 'node:stream';
import type { Peer } from '../pnp/peer.ts';
import { brokenFrame } from '../pnp/refusal.ts';
import { encodeResponse, errorResponse } from '../pnp/response.ts';
import { Connection, type ConnectionHost } from './connection.ts';
import type { Limits } from './limits.ts';
import { Scheduler } from './scheduler.ts';
import type { ServerEvents } from './serve.ts';

/** Time-outs are looked at at most this often, and at least as often as the shortest of them needs. */
const SWEEP_MS_MIN = 10;
const SWEEP_MS_MAX = 1_000;
/** Connections beyond `connections_max` that are being told so; still more are cut off without a word. */
const TURNED_AWAY_MAX = 64;
const TURNED_AWAY_MS = 1_000;

export interface ServerOptions {
  readonly limits: Limits;
  readonly events: ServerEvents;
  /** Monotonic milliseconds; default `performance.now`. */
  readonly now?: () => number;
}

/** Speaks PNP on any number of streams; it knows nothing of what serves the requests. */
export class Server {
  readonly #host: ConnectionHost;
  readonly #connections = new Set<Connection>();
  #sweepMs: number;
  #sweeper: NodeJS.Timeout;
  /** Of listeners: as many as the configuration has. */
  readonly #followers: ((limits: Limits) => void)[] = [];
  #turnedAway = 0;
  #drained: (() => void) | undefined;

  constructor(options: ServerOptions) {
    const { limits, events, now = () => performance.now() } = options;
    const scheduler = new Scheduler(limits.queue_requests_max, now);
    this.#host = { limits, events, scheduler, now, closed: (connection) => this.#closed(connection) };
    this.#sweepMs = sweepInterval(limits);
    this.#sweeper = setInterval(() => this.sweep(), this.#sweepMs).unref();
  }

  /** Open connections. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Requests that wait for their turn. */
  get queued(): number {
    return this.#host.scheduler.queued;
  }

  /** Tells the limits, now and whenever they change. */
  follow(follower: (limits: Limits) => void): void {
    this.#followers.push(follower);
    follower(this.limits);
  }

  /** Goes by other limits; open connections keep those that HELLO announced to them. */
  adopt(limits: Limits): void {
    this.#host.limits = limits;
    this.#host.scheduler.queuedMax = limits.queue_requests_max;
    for (const follower of this.#followers) follower(limits);
    if (this.#drained !== undefined) return;
    clearInterval(this.#sweeper);
    // Connections that are open may need it as often as before.
    this.#sweepMs = Math.min(this.#sweepMs, sweepInterval(limits));
    this.#sweeper = setInterval(() => this.sweep(), this.#sweepMs).unref();
  }

  /** Serves one connection. Over `connections_max` it is answered 75 and closed. */
  accept(stream: Duplex, peer: Peer): void {
    if (this.#drained !== undefined) {
      stream.destroy();
    } else if (this.#connections.size >= this.limits.connections_max) {
      this.#turnAway(stream);
    } else {
      if (peer.unproven !== undefined) this.#makeRoomForStranger();
      this.#connections.add(new Connection(stream, peer, this.#host));
    }
  }

  get limits(): Limits {
    return this.#host.limits;
  }

  /** The kernel could not hand a connection over. */
  acceptFailed(error: Error): void {
    this.#host.events.acceptFailed(error);
  }

  /** A client and a TLS listener did not come to terms in time. */
  handshakeFailed(listener: string, error: Error): void {
    this.#host.events.handshakeFailed(listener, error);
  }

  /** Reads no more, answers what is in flight, closes; what is not done after `graceMs` is cut off. */
  async drain(graceMs: number): Promise<void> {
    const cutOff = setTimeout(() => {
      for (const connection of this.#connections) connection.destroy();
    }, graceMs);
    await new Promise<void>((resolve) => {
      this.#drained = resolve;
      for (const connection of this.#connections) connection.finish();
      if (this.#connections.size === 0) resolve();
    });
    clearTimeout(cutOff);
    clearInterval(this.#sweeper);
  }

  /** Enforces the time-outs; a timer calls it often enough. */
  sweep(): void {
    const now = this.#host.now();
    for (const connection of this.#connections) connection.sweep(now);
  }

  /** The oldest strangers go: a client that means it proves who it is at once, however many others do not. */
  #makeRoomForStranger(): void {
    const strangers = [...this.#connections].filter(({ isUnproven }) => isUnproven);
    const surplus = strangers.length + 1 - this.limits.unproven_connections_max;
    for (const connection of strangers.slice(0, Math.max(0, surplus))) connection.destroy();
  }

  #closed(connection: Connection): void {
    this.#connections.delete(connection);
    if (this.#connections.size === 0) this.#drained?.();
  }

  #turnAway(stream: Duplex): void {
    if (this.#turnedAway >= TURNED_AWAY_MAX) {
      stream.destroy();
      return;
    }
    const error = brokenFrame(
      'too-many-connections',
      'The daemon has as many connections as it may; use fewer',
    );
    const cutOff = setTimeout(() => stream.destroy(), TURNED_AWAY_MS);
    this.#turnedAway += 1;
    stream.on('error', () => stream.destroy());
    stream.on('close', () => {
      clearTimeout(cutOff);
      this.#turnedAway -= 1;
    });
    // Its request is read and dropped: closing over unread bytes would reset the connection, answer and all.
    stream.resume();
    stream.end(encodeResponse(errorResponse(error), undefined));
    this.#host.events.answered(undefined, error.status);
  }
}

function sweepInterval(limits: Limits): number {
  const { idle_seconds_max, head_seconds_max, write_seconds_max, handshake_seconds_max } = limits;
  const seconds = Math.min(idle_seconds_max, head_seconds_max, write_seconds_max, handshake_seconds_max);
  const shortest = seconds * 1_000;
  return Math.min(SWEEP_MS_MAX, Math.max(SWEEP_MS_MIN, shortest / 4));
}
