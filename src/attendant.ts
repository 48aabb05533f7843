import type { Logger } from 'pino';
import type { Peer } from './pnp/peer.ts';
import type { Attendant } from './server/serve.ts';
import type { Context } from './verbs/context.ts';
import { dispatch } from './verbs/dispatch.ts';

/** A verdict that takes longer than this is worth a warning. */
const SLOW_MS = 50;

/** What the verbs of all connections work with; each connection adds its log. */
export type DaemonContext = Omit<Context, 'logLesson' | 'logVerdict' | 'logAuth'>;

/**
 * Gives each connection an attendant whose log lines carry the connection's number as `conn`. What that takes is made when
 * the connection opens, so that a verdict pays nothing for it.
 */
export function createAttendants(shared: DaemonContext, daemonLog: Logger): (peer: Peer) => Attendant {
  let connections = 0;
  return (peer) => {
    connections += 1;
    const log = daemonLog.child({ conn: connections });
    const context = withLog(shared, log, peer);
    log.debug({ listener: peer.listener }, 'connection opened');
    return {
      serve: (request) => dispatch(request, peer, context),
      failed: (verb, error) => log.error({ verb, err: error }, 'a request failed'),
      closed: () => log.debug('connection closed'),
    };
  };
}

function withLog(shared: DaemonContext, log: Logger, { listener }: Peer): Context {
  const debug = log.isLevelEnabled('debug');
  return {
    ...shared,
    logAuth: (outcome) => {
      if (outcome === 'wrong') log.warn({ listener }, 'a client did not prove who it is');
      else log.debug({ outcome }, 'AUTH');
    },
    logLesson: (lesson) => (lesson.by === 'user' ? log.info(lesson, 'lesson') : log.debug(lesson, 'lesson')),
    logVerdict: (verdict) => {
      if (verdict.milliseconds > SLOW_MS) log.warn(verdict, 'slow verdict');
      else if (debug) log.debug(verdict, 'verdict');
    },
  };
}
