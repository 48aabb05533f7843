import { z } from 'zod';
import { oneOf, RESTART, table, whole } from './keys.ts';

const event = (prose: string) => z.boolean().default(true).describe(prose);

/** Where a user's ham comes from without anybody saying "this is ham". */
export const learnTable = table(
  {
    replied: event('A user answers a stranger: what the stranger wrote last is ham to this user.'),
    rostered: event('A user adds a stranger to the roster: likewise.'),
    released: event('A user takes a message out of the junk: likewise, whatever the verdict was.'),
    sender_days: whole(
      365,
      [1, 3_650],
      'A sender of whom a user has said or shown something teaches no more by what the user does, for so long.',
    ),
    pairs_max: whole(
      65_536,
      [1_024, 262_144],
      'Pairs of user and stranger whose last trace is known, so that the server need not name it; 32 bytes each.',
    ).meta(RESTART),
    contacts: oneOf(
      'off',
      ['off', 'sample'],
      'Talk with contacts; `sample`: the server may send a few messages of it, which are learnt as ham, but nothing that is encrypted.',
    ),
    contact_samples_per_day: whole(5, [1, 1_000], 'Such messages of one user in a day (UTC).'),
    contact_lessons_max: whole(
      50,
      [1, 10_000],
      'Lessons of ham at which a user has enough: no more such messages are wanted.',
    ),
  },
  'Ham that is learnt from what users do, told by OBSERVE.',
);
