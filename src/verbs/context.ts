import type { AuthOutcome } from '../access/access.ts';
import type { Changes } from '../config/changes.ts';
import type { ConfigError, StartError } from '../errors.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';
import type { Weigher } from '../pipeline/weigh.ts';
import type { Peer } from '../pnp/peer.ts';
import type { Rekeyed, Store } from '../store/store.ts';
import type { Learning } from './learning.ts';

/** What verbs work with: handed over by the daemon, nothing else is reached for. */
export interface Context {
  readonly pipeline: Pipeline;
  readonly weigher: Weigher;
  readonly learning: Learning;
  readonly store: Store;
  readonly metrics: Metrics;
  readonly limits: AnnouncedLimits;
  /** Reads the configuration again; an error: it cannot be used, and nothing has changed. */
  readonly reload: () => Promise<Changes | ConfigError | StartError>;
  /** Name and version of the software, for HELLO. */
  readonly server: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Takes a peer for what it proves to be. */
  readonly authenticate: (peer: Peer, name: string, secret: Buffer) => AuthOutcome;
  /** One line for each AUTH, without a name or a secret. */
  readonly logAuth: (outcome: AuthOutcome) => void;
  /** One line for each lesson, without a JID. */
  readonly logLesson: (lesson: LessonNote) => void;
  /** One line for each REKEY, without a JID or a key. */
  readonly logRekey: (rekeyed: Rekeyed) => void;
  /** One line for each verdict, at `debug`, and a warning for a slow one. */
  readonly logVerdict: (verdict: {
    readonly verdict: string;
    readonly points: number;
    readonly milliseconds: number;
  }) => void;
}

/** What the log says of a lesson. */
export interface LessonNote {
  /** `none` where something was forgotten. */
  readonly label: string;
  readonly outcome: string;
  readonly by: 'user' | 'operator' | 'observation';
}

/** Limits that HELLO announces, by the names of the configuration. */
export interface AnnouncedLimits {
  readonly head_bytes_max: number;
  readonly headers_max: number;
  readonly body_bytes_max: number;
  readonly in_flight_max: number;
  readonly idle_seconds_max: number;
  readonly head_seconds_max: number;
}
