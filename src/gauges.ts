import type { Access } from './access/access.ts';
import type { LinearFitter } from './linear/fitter.ts';
import type { Gauges } from './metrics/metrics.ts';
import type { Reloader } from './reload.ts';
import type { Server } from './server/server.ts';
import type { Store } from './store/store.ts';

interface Measured {
  readonly store: Store;
  readonly linear: LinearFitter;
  readonly server: Server;
  readonly access: Access;
  readonly reloader: Reloader;
}

/** Numbers that are read at the scrape. */
export function gaugesOf({ store, linear, server, access, reloader }: Measured): Gauges {
  const size = (name: keyof ReturnType<Store['sizes']>) => () => store.sizes()[name];
  return {
    providence_connections: { help: 'Open connections.', read: () => server.connections },
    providence_queue_requests: { help: 'Requests that wait for their turn.', read: () => server.queued },
    providence_certificate_expires_seconds: {
      help: 'When the first certificate of a listener expires, in seconds since 1970; 0: there is none.',
      read: () => access.certificateExpiresAt,
    },
    providence_config_restart_keys: {
      help: 'Changed keys of the configuration that wait for a restart.',
      read: () => reloader.waitingKeys,
    },
    providence_store_writes_pending: { help: 'Writes not yet committed.', read: size('writesPending') },
    providence_store_degraded: {
      help: '1 while the store cannot write.',
      read: () => (store.state === 'ok' ? 0 : 1),
    },
    providence_store_bytes: { help: 'Bytes of the store in use.', read: size('fileBytes') },
    providence_server_tokens: { help: 'Tokens in the server-wide table.', read: size('serverTokens') },
    providence_server_tokens_refused: {
      help: 'Tokens for which the server-wide table had no room.',
      read: size('serverTokensRefused'),
    },
    providence_starter_tokens: { help: 'Tokens of the starter table in use.', read: size('starterTokens') },
    providence_hosts: { help: 'Virtual hosts with a table of their own.', read: size('hosts') },
    providence_user_tables_cached: { help: "Users' tables in memory.", read: size('userTablesCached') },
    providence_lessons_bytes: { help: 'Bytes of lessons in force.', read: size('lessonBytes') },
    providence_lessons_aged: {
      help: 'Lessons that were undone since the start, being too old or too many.',
      read: size('lessonsAged'),
    },
    providence_users: { help: 'Users of whom there is a record.', read: size('users') },
    providence_users_forgotten: {
      help: 'Users without lessons who were forgotten since the start.',
      read: size('usersForgotten'),
    },
    providence_lessons_live: { help: 'Lessons that are in force.', read: size('lessons') },
    providence_linear_lessons: {
      help: 'Lessons that linear.server is fitted to.',
      read: () => (linear.model?.spam ?? 0) + (linear.model?.ham ?? 0),
    },
    providence_linear_caution: {
      help: 'What linear.server multiplies log-odds by, so that held-out ham stays below the threshold.',
      read: () => linear.model?.caution ?? 1,
    },
    providence_trace_bytes: { help: 'Bytes of traces.', read: size('traceBytes') },
    providence_reported_texts: {
      help: 'Texts that users have reported, as spam or as ham, and that are remembered.',
      read: size('reportedTexts'),
    },
    providence_users_active: {
      help: 'Users something was asked about in the last 30 days, about.',
      read: () => store.users.active(Date.now()),
    },
    providence_fact_records_cached: { help: 'Fact records in memory.', read: size('factRecordsCached') },
  };
}
