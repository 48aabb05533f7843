import type { Logger } from 'pino';
import type { Peer } from './pnp/peer.ts';
import type { Attendant } from './server/serve.ts';
import type { AnnouncedLimits, Context } from './verbs/context.ts';
import { dispatch } from './verbs/dispatch.ts';

/** A verdict that takes longer than this is worth a warning. */
const SLOW_MS = 50;

/** What the verbs of all connections work with; each connection adds its log, and the limits that it was opened under. */
export type DaemonContext = Omit<Context, 'limits' | 'logLesson' | 'logRekey' | 'logVerdict' | 'logAuth'>;

/**
 * Gives each connection an attendant whose log lines carry the connection's number as `conn`. What that takes is made when
 * the connection opens, so that a verdict pays nothing for it.
 */
export function createAttendants(
  shared: DaemonContext,
  daemonLog: Logger,
): (peer: Peer, limits: AnnouncedLimits) => Attendant {
  let connections = 0;
  return (peer, limits) => {
    connections += 1;
    const log = childOf(daemonLog, { conn: connections });
    const context = { ...shared, limits, ...lines(log, daemonLog, peer) };
    log().debug({ listener: peer.listener }, 'connection opened');
    return {
      serve: (request) => dispatch(request, peer, context),
      failed: (verb, error) => log().error({ verb, err: error }, 'a request failed'),
      closed: () => log().debug('connection closed'),
    };
  };
}

/** A child of pino's keeps the level that it was born with; this one follows its parent's, which a reload changes. */
function childOf(parent: Logger, bindings: object): () => Logger {
  const child = parent.child(bindings);
  return () => {
    if (child.level !== parent.level) child.level = parent.level;
    return child;
  };
}

function lines(
  log: () => Logger,
  daemonLog: Logger,
  { listener }: Peer,
): Pick<Context, 'logAuth' | 'logLesson' | 'logRekey' | 'logVerdict'> {
  return {
    logAuth: (outcome) => {
      if (outcome === 'wrong') log().warn({ listener }, 'a client did not prove who it is');
      else log().debug({ outcome }, 'AUTH');
    },
    logLesson: (lesson) =>
      lesson.by === 'operator' ? log().debug(lesson, 'lesson') : log().info(lesson, 'lesson'),
    logRekey: (rekeyed) => log().info(rekeyed, "a user's key"),
    logVerdict: (verdict) => {
      if (verdict.milliseconds > SLOW_MS) log().warn(verdict, 'slow verdict');
      else if (daemonLog.isLevelEnabled('debug')) log().debug(verdict, 'verdict');
    },
  };
}
