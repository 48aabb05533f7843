import { z } from 'zod';
import type { UNITS } from '../model/unit.ts';
import { number, oneOf, RESTART, table, whole } from './keys.ts';

const group = (capSpam: number, capHam: number, prose: string) =>
  table(
    {
      cap_spam: number(capSpam, [0, 100], 'Most points that the group may add; approached, never reached.'),
      cap_ham: number(capHam, [0, 100], 'Most points that the group may take away.'),
    },
    prose,
  );

/** Caps of the groups, from the outermost in. */
export const groupsTable = table(
  {
    bayes: group(9, 4, 'Text: `bayes.*` and `linear.*`.'),
    reported: table(
      {
        cap_spam: number(
          30,
          [0, 100],
          'Most points that the group may add: so many that they hold against all that other groups take away.',
        ),
      },
      'Text that was reported before: `bayes.reported`.',
    ),
    karma: group(7, 3, 'Reputation: `karma.*`.'),
    karma_sender: group(60, 20, 'Inside `karma`: what the sending JID does.'),
    auth: group(2, 2, 'Technical quality of the sending server: `auth.*`.'),
    auth_tls: group(4, 4, 'Inside `auth`: how the stream was secured.'),
    pow: group(
      0,
      2,
      'Proof of work. Its units come with a later release; its cap is already held against the threshold.',
    ),
  },
  'Caps of the groups: points are summed within a group, bounded, and summed over the groups.',
);

const weight = (fallback: number) =>
  number(fallback, [0, 1_000], 'Points of this unit at a score of 1; 0 switches it off.');

export const bayesTable = table(
  {
    server: table(
      {
        weight: weight(60),
        tokens_max: whole(
          1_000_000,
          [4_096, 50_000_000],
          'Tokens that the server-wide table can hold, about 40 bytes each.',
        ).meta(RESTART),
        lessons_min: whole(
          20,
          [1, 100_000],
          'Lessons of each class before the table has an opinion; the starter table fills up what is missing.',
        ),
        tokens_min: whole(2, [1, 64], 'Known tokens that a text needs for an opinion.'),
        scope: oneOf(
          'daemon',
          ['virtualhost', 'daemon'],
          "Whether each virtual host of the users gets a table of its own above that of all. A host's table begins with the lessons after that.",
        ),
        hosts_max: whole(64, [1, 4_096], 'Virtual hosts with a table of their own.'),
        reporter_lessons_per_day: whole(
          10,
          [0, 100_000],
          'Lessons that the table takes of one user in a day; what is beyond goes into their own alone.',
        ),
        reporter_lessons_whole: whole(
          4,
          [1, 1_000_000],
          'So many lessons of one user and class count whole; with twice as many in the table, the next one counts half.',
        ),
        reporter_lessons_max: whole(
          100,
          [0, 1_000_000],
          'Lessons of one user and class that the table may hold.',
        ),
      },
      'The server-wide token table.',
    ),
    starter: table(
      {
        strength: number(
          1,
          [0, 1],
          'What the log-odds of the starter table are multiplied by; 0 does without it.',
        ).meta(RESTART),
        file: z
          .string()
          .max(4_096)
          .default('')
          .describe('Path of a starter table; empty: the one that comes with this release.')
          .meta(RESTART),
      },
      'The shipped table of token statistics, which judges until this daemon has lessons of its own.',
    ),
    user: table(
      {
        weight: weight(60),
        tokens_max: whole(5_000, [100, 100_000], 'Tokens of one user, about 12 bytes each.').meta(RESTART),
        lessons_max: whole(
          4_000,
          [10, 100_000],
          'Lessons of one user that are kept; beyond it the oldest are undone. With more than 5,000 REKEY is refused.',
        ),
        unused_days: whole(
          365,
          [0, 36_500],
          'A user without lessons who was first seen longer ago is forgotten, key and all; 0: never.',
        ),
        cache_bytes_max: whole(64 * 2 ** 20, [2 ** 20, 2 ** 36], "Memory for users' tables in use.").meta(
          RESTART,
        ),
        lessons_min: whole(
          3,
          [1, 10_000],
          'Lessons of each class by this user before their table has an opinion.',
        ),
      },
      "The recipient's own token table.",
    ),
    reported: table(
      {
        weight: weight(60),
        days: whole(30, [1, 365], 'How long copies of a reported text are spam.'),
        reporters_min: whole(
          0,
          [0, 10],
          'Distinct reporters by whom a text is spam for other users, less those who call it ham; 0: by the users of the last 30 days, one below 20, two below 500, else three.',
        ),
        texts_max: whole(
          10_000,
          [16, 1_000_000],
          'Reported texts remembered, and as many that users called ham, about 600 bytes each; the oldest go first.',
        ).meta(RESTART),
      },
      'Copies of what the recipient, or enough others, have reported as spam.',
    ),
  },
  'The statistical text filters.',
);

export const linearTable = table(
  {
    server: table(
      {
        weight: weight(120),
        lessons_min: whole(20, [2, 100_000], 'Lessons of each class that a fit needs for an opinion.'),
        lessons_max: whole(
          20_000,
          [100, 200_000],
          'Lessons that a fit takes, the newest of each class; about 1 KiB of memory each while it runs.',
        ),
        fit_seconds: whole(60, [1, 86_400], 'Least time between two fits, while lessons change.'),
      },
      'A logistic regression beside the server-wide token table, fitted to the lessons.',
    ),
  },
  'The discriminative text filter. It reports half of what it changes of `bayes.server`: give it twice the weight of that.',
);

export const karmaTable = table(
  {
    jid_rate: table(
      {
        weight: weight(40),
        stanzas_burst: whole(60, [1, 100_000], 'Stanzas that an unknown sender may send at once.'),
        stanzas_per_minute: number(20, [0.01, 100_000], 'Stanzas a minute that are forgiven.'),
        recipients_burst: whole(
          10,
          [1, 10_000],
          'Distinct recipients that an unknown sender may write to at once.',
        ),
        recipients_per_hour: number(10, [0.01, 100_000], 'Distinct recipients an hour that are forgiven.'),
        half_score_ratio: number(
          4,
          [0.1, 100],
          'How many allowances beyond the first one give half of the weight.',
        ),
        senders_max: whole(
          262_144,
          [1_024, 16_777_216],
          'Senders watched at once, 40 bytes each; rounded up to a power of two.',
        ).meta(RESTART),
      },
      'How fast one JID writes, and to how many.',
    ),
  },
  'Reputation.',
);

export const streamTable = table(
  {
    stream: table(
      { weight: weight(2) },
      'How the stream of the sending server was secured and authenticated.',
    ),
  },
  'Technical quality of the sending server.',
);

/** Seconds that an opinion of each unit may be believed. Zero where keeping costs more than judging: docs/decisions/0003. */
const TTL_SECONDS: Readonly<Record<(typeof UNITS)[number], number>> = {
  'bayes.server': 3_600,
  'bayes.user': 0,
  'linear.server': 0,
  'karma.jid_rate': 0,
  'auth.stream': 0,
  'bayes.reported': 0,
};

const ttl = (unit: (typeof UNITS)[number]) =>
  table(
    {
      ttl_seconds: whole(
        TTL_SECONDS[unit],
        [0, 31_536_000],
        'Seconds that an opinion is kept; 0: judged anew each time.',
      ),
    },
    `Cache of \`${unit}\`.`,
  );

export const cacheTable = table(
  {
    records_max: whole(
      20_000,
      [100, 10_000_000],
      'Fact records held in memory; the rest stay in the store.',
    ).meta(RESTART),
    texts_bytes_max: whole(
      16 * 2 ** 20,
      [2 ** 20, 2 ** 36],
      'Memory for the features of texts seen lately.',
    ).meta(RESTART),
    bayes: table(
      { server: ttl('bayes.server'), user: ttl('bayes.user'), reported: ttl('bayes.reported') },
      'Cache of the text filters.',
    ),
    linear: table({ server: ttl('linear.server') }, 'Cache of the discriminative text filter.'),
    karma: table({ jid_rate: ttl('karma.jid_rate') }, 'Cache of the karma units.'),
    auth: table({ stream: ttl('auth.stream') }, 'Cache of the authentication units.'),
  },
  'The granular cache: what each unit said, and for how long.',
);
