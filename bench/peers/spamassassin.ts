import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { writeMails } from './mail.ts';
import type { Opinion, Peer } from './peer.ts';
import { run } from './program.ts';

/** The build lies in `dist`, Perl does not. */
const SCRIPT = join(import.meta.dirname, '../../../bench/peers/spamassassin.pl');

/** The Bayes plugin of SpamAssassin, without any rule beside it. */
export const spamassassin: Peer = {
  name: 'spamassassin',
  needs: { spamassassin: 'spamassassin' },
  measure: async ({ train, test, dir, signal }) => {
    const database = join(dir, 'database');
    mkdirSync(database);
    const lessons = writeMails(join(dir, 'train'), train);
    const mails = writeMails(join(dir, 'test'), test);
    const lines = await run('perl', {
      args: [SCRIPT, database],
      input: [
        ...lessons.map((path, index) => `${train[index]!.label} ${path}`),
        ...mails.map((path) => `judge ${path}`),
      ],
      // Tokens of one strength are taken in the order of a hash.
      env: { PERL_HASH_SEED: '0', PERL_PERTURB_KEYS: '0', HOME: dir },
      signal,
    });
    return lines.map(opinionOf);
  },
};

/**
 * Its points are for all rules together; Bayes alone never reaches five. So its verdict is the side of its rules: `BAYES_60` and
 * above speak for spam, `BAYES_40` and below for ham, `BAYES_50` for neither.
 */
const SPAM_ABOVE = 0.6;
const HAM_UP_TO = 0.4;
const NO_OPINION = 0.5;

function opinionOf(line: string): Opinion {
  const total = line === 'none' ? NO_OPINION : Number(line);
  return { total, verdict: total > SPAM_ABOVE ? 'spam' : total <= HAM_UP_TO ? 'ham' : 'unsure' };
}
