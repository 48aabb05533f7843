import { isIP } from 'node:net';
import { z } from 'zod';
import { RIGHTS } from '../pnp/grammar.ts';
import { number, oneOf, RESTART, table, whole } from './keys.ts';
import { bayesTable, cacheTable, groupsTable, karmaTable, streamTable } from './schema-filters.ts';

const rights = z
  .array(z.enum(RIGHTS))
  .describe('What callers of this listener may do: `check`, `learn`, `users`, `admin`.');

/** 127.0.0.0/8 and ::1. */
function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}

const unixListener = z.strictObject({
  path: z
    .string()
    .min(1)
    .max(107)
    .describe('Path of the socket; at most 107 bytes, a limit of the kernel.')
    .meta(RESTART),
  mode: z
    .string()
    .regex(/^0?[0-7]{3}$/, 'must be three octal digits, such as "660"')
    .default('660')
    .describe('Permissions of the socket, octal digits in quotes.')
    .meta(RESTART),
  group: z
    .string()
    .max(32)
    .default('')
    .describe('Group that owns the socket; empty: the group of the daemon.')
    .meta(RESTART),
  rights: rights.default(['check', 'learn', 'users']).meta(RESTART),
});

const tcpListener = z.strictObject({
  host: z
    .string()
    .min(1)
    .max(255)
    .refine(
      (host) => isIP(host) === 0 || isLoopback(host),
      'must be a loopback address: TCP beyond it needs TLS, which this release does not have',
    )
    .default('127.0.0.1')
    .describe('Loopback address to listen on, or a name of one.')
    .meta(RESTART),
  port: whole(7711, [0, 65_535], 'Port; 0 takes any free one.').meta(RESTART),
  rights: rights.default(['check']).meta(RESTART),
});

const listenTable = table(
  {
    unix: z
      .array(unixListener)
      .max(16)
      .default([
        { path: './var/providence.sock', mode: '660', group: '', rights: ['check', 'learn', 'users'] },
        { path: './var/admin.sock', mode: '600', group: '', rights: ['check', 'learn', 'users', 'admin'] },
      ])
      .describe('Unix sockets. A list in the file replaces this one whole.')
      .meta(RESTART),
    tcp: z
      .array(tcpListener)
      .max(16)
      .default([{ host: '127.0.0.1', port: 7711, rights: ['check'] }])
      .describe('TCP listeners, on loopback only. An empty list switches TCP off.')
      .meta(RESTART),
  },
  'Where PNP is spoken.',
);

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
        "The daemon's secret: 32 bytes, made at the first start. Keep a copy: without it the store is worthless.",
      )
      .meta(RESTART),
    map_bytes_max: whole(
      16 * 2 ** 30,
      [2 ** 20, 2 ** 44],
      'Largest size of the store in bytes; address space, not memory.',
    ).meta(RESTART),
    undo_days: whole(90, [1, 3_650], 'How long a lesson can be undone.'),
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
    karma: karmaTable,
    auth: streamTable,
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
    if (config.listen.unix.length + config.listen.tcp.length === 0) {
      context.addIssue({
        code: 'custom',
        path: ['listen', 'unix'],
        message: 'and listen.tcp are both empty: nobody could ask',
      });
    }
    const paths = config.listen.unix.map(({ path }) => path);
    const twice = paths.findIndex((path, index) => paths.indexOf(path) < index);
    if (twice >= 0) {
      context.addIssue({
        code: 'custom',
        path: ['listen', 'unix', twice, 'path'],
        message: 'is the path of another listener, too',
      });
    }
    if (config.thresholds.ham >= config.thresholds.spam) {
      context.addIssue({
        code: 'custom',
        path: ['thresholds', 'ham'],
        message: 'must be below thresholds.spam',
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
