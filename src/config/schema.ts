import { z } from 'zod';
import { number, oneOf, RESTART, table, whole } from './keys.ts';
import {
  bayesTable,
  cacheTable,
  groupsTable,
  karmaTable,
  linearTable,
  streamTable,
} from './schema-filters.ts';
import { learnTable } from './schema-learn.ts';
import { checkListeners, credentialsList, listenTable } from './schema-listen.ts';

const limitsTable = table(
  {
    head_bytes_max: whole(16_384, [512, 1_048_576], 'Longest request head in bytes.'),
    headers_max: whole(64, [8, 1_000], 'Most header lines of a request.'),
    body_bytes_max: whole(262_144, [1_024, 16_777_216], 'Longest request body in bytes.'),
    in_flight_max: whole(
      1_024,
      [1, 65_536],
      'Requests that one connection may have unanswered; reading pauses there.',
    ),
    queue_requests_max: whole(
      16_384,
      [1, 1_000_000],
      'Requests waiting over all connections; beyond it they are answered 75.',
    ),
    shed_ms: whole(250, [1, 60_000], 'Age of a waiting request at which text filters abstain, to catch up.'),
    connections_max: whole(4_096, [1, 65_536], 'Open connections; a further one is answered 75 and closed.'),
    idle_seconds_max: whole(3_600, [1, 86_400], 'A connection without a request is closed after this time.'),
    head_seconds_max: whole(30, [1, 3_600], 'Time from the first to the last byte of one request.'),
    write_seconds_max: whole(60, [1, 3_600], 'A client that takes no answer for this long is cut off.'),
    handshake_seconds_max: whole(
      10,
      [1, 600],
      'Time that a client has for the TLS handshake, and again to prove who it is.',
    ),
    unproven_connections_max: whole(
      256,
      [1, 65_536],
      'Open connections that still have to prove who they are, and TLS handshakes of a listener; the oldest make room.',
    ),
    auth_failures_per_minute: whole(
      30,
      [1, 100_000],
      'Failed AUTHs of one address in a minute; beyond it they are answered 75, unread.',
    ),
    drain_seconds_max: whole(10, [0, 600], 'Time that a stop waits for requests in flight.'),
  },
  'Limits of the wire; HELLO announces them.',
);

const storeTable = table(
  {
    directory: z.string().min(1).default('./var/store').describe('Directory of the store.').meta(RESTART),
    secret_file: z
      .string()
      .min(1)
      .default('./var/secret')
      .describe(
        "The daemon's secret: 32 bytes in a file, made at the first start; or `credential:NAME`, `environment:NAME`. Keep a copy: without it the store is worthless.",
      )
      .meta(RESTART),
    map_bytes_max: whole(
      16 * 2 ** 30,
      [2 ** 20, 2 ** 44],
      'Largest size of the store in bytes; address space, not memory.',
    ).meta(RESTART),
    undo_days: whole(90, [1, 3_650], 'How long a lesson can be undone.'),
    user_lesson_days: whole(
      365,
      [0, 36_500],
      "How long a user's lesson counts; then it is undone. Longer than undo_days; 0: for ever.",
    ),
    operator_lesson_days: whole(0, [0, 36_500], 'The same of what the operator has taught; 0: for ever.'),
    lessons_bytes_max: whole(
      4 * 2 ** 30,
      [2 ** 20, 2 ** 44],
      'Room for lessons in bytes; beyond it the oldest of users are undone, however old. Their tables take about as much again.',
    ),
    sync: z
      .boolean()
      .default(true)
      .describe(
        'Flush each lesson to the disk before it is answered. `false` is for stores that may be lost.',
      )
      .meta(RESTART),
    checkpoint_seconds: whole(
      30,
      [1, 3_600],
      'Within this time a changed table is written; a start replays what came after.',
    ),
  },
  'The embedded store.',
);

/** The one strict schema of the configuration: types, defaults, bounds and prose. */
export const schema = z
  .strictObject({
    // First: in TOML a key of no table stands before all tables.
    credentials: credentialsList,
    listen: listenTable,
    http: table(
      {
        host: z
          .string()
          .max(255)
          .default('127.0.0.1')
          .describe('Address of metrics and health pages; empty: none.')
          .meta(RESTART),
        port: whole(7712, [0, 65_535], 'Port of metrics and health pages; 0 takes any free one.').meta(
          RESTART,
        ),
      },
      'Metrics and health over HTTP.',
    ),
    limits: limitsTable,
    log: table(
      {
        level: oneOf(
          'info',
          ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
          'Least level that is logged, to standard error.',
        ),
      },
      'Logs. They hold no body, and no full JID at `info`.',
    ),
    store: storeTable,
    thresholds: table(
      {
        spam: number(5, [0.5, 100], 'Points from which a verdict is `spam`.'),
        ham: number(0, [-100, 100], 'Points up to which a verdict is `ham`; between the two it is `unsure`.'),
      },
      'What the total means.',
    ),
    actions: table(
      {
        spam: oneOf('mark', ['deliver', 'mark'], 'Action for `spam`.'),
        unsure: oneOf('deliver', ['deliver', 'mark'], 'Action for `unsure`.'),
      },
      'What the XMPP server is asked to do.',
    ),
    probability: table(
      {
        slope: number(1, [0.01, 10], 'Steepness of the logistic curve from points to probability.'),
        midpoint: number(2.5, [-20, 20], 'Points at which the probability is one half.'),
      },
      'The calibrated probability.',
    ),
    groups: groupsTable,
    bayes: bayesTable,
    linear: linearTable,
    karma: karmaTable,
    auth: streamTable,
    learn: learnTable,
    cache: cacheTable,
    traces: table(
      {
        bytes_max: whole(256 * 2 ** 20, [2 ** 20, 2 ** 40], 'Room for traces in bytes; the oldest go first.'),
        days: whole(7, [1, 365], 'How long one can learn from a verdict by its trace.'),
      },
      'What verdicts leave behind, sealed.',
    ),
  })
  .superRefine((config, context) => {
    checkListeners(config, (path, message) => context.addIssue({ code: 'custom', path, message }));
    if (config.thresholds.ham >= config.thresholds.spam) {
      context.addIssue({
        code: 'custom',
        path: ['thresholds', 'ham'],
        message: 'must be below thresholds.spam',
      });
    }
    const { lessons_min: needed, lessons_max: taken } = config.linear.server;
    if (taken < 2 * needed) {
      context.addIssue({
        code: 'custom',
        path: ['linear', 'server', 'lessons_max'],
        message: 'must be at least twice linear.server.lessons_min: a fit takes as many of each class',
      });
    }
    for (const key of ['user_lesson_days', 'operator_lesson_days'] as const) {
      const days = config.store[key];
      if (days !== 0 && days <= config.store.undo_days)
        context.addIssue({
          code: 'custom',
          path: ['store', key],
          message: 'must be above store.undo_days, or 0',
        });
    }
    const weak = config.groups.auth.cap_spam + config.groups.pow.cap_spam;
    if (weak >= config.thresholds.spam) {
      context.addIssue({
        code: 'custom',
        path: ['groups', 'auth', 'cap_spam'],
        message:
          'and groups.pow.cap_spam together must stay below thresholds.spam: technical quality alone never convicts',
      });
    }
  });

/** The whole configuration, every key filled in. */
export type Config = z.output<typeof schema>;
