import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { writeMails } from './mail.ts';
import type { Opinion, Peer } from './peer.ts';
import { run } from './program.ts';

/** bogofilter(1): words, combined by Robinson and Fisher. All by default; `-C` leaves the machine's configuration out. */
export const bogofilter: Peer = {
  name: 'bogofilter',
  needs: { bogofilter: 'bogofilter' },
  measure: async ({ train, test, dir, signal }) => {
    const database = join(dir, 'database');
    mkdirSync(database);
    // `-b`: paths on standard input. An exit code of 0 to 2 is a verdict.
    const call = (flag: string, input: readonly string[]) =>
      run('bogofilter', { args: ['-C', '-d', database, '-b', flag], input, exitCodes: [0, 1, 2], signal });
    for (const label of ['spam', 'ham'] as const) {
      const mails = writeMails(
        join(dir, label),
        train.filter((message) => message.label === label),
      );
      await call(label === 'spam' ? '-s' : '-n', mails);
    }
    // `-TT`: 16 digits.
    const lines = await call('-TT', writeMails(join(dir, 'test'), test));
    return lines.map(opinionOf);
  },
};

/** Its defaults: spam from here on, ham up to there. */
const SPAM_CUTOFF = 0.99;
const HAM_CUTOFF = 0.45;

/** Of a line `PATH SCORE`. */
function opinionOf(line: string): Opinion {
  const total = Number(line.slice(line.lastIndexOf(' ') + 1));
  return { total, verdict: total >= SPAM_CUTOFF ? 'spam' : total <= HAM_CUTOFF ? 'ham' : 'unsure' };
}
