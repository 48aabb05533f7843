import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { writeMails } from './mail.ts';
import type { Opinion, Peer } from './peer.ts';
import { run } from './program.ts';

/**
 * spamprobe(1): words and pairs, after Graham. `-Hnone` leaves the head out, whose words crowd those of a short text out of the few
 * that count.
 */
export const spamprobe: Peer = {
  name: 'spamprobe',
  needs: { spamprobe: 'spamprobe' },
  measure: async ({ train, test, dir, signal }) => {
    const database = join(dir, 'database');
    mkdirSync(database);
    const call = async (command: string, paths: readonly string[]) => {
      const lines: string[] = [];
      for (let start = 0; start < paths.length; start += PATHS_MAX) {
        const args = ['-Hnone', '-d', database, command, ...paths.slice(start, start + PATHS_MAX)];
        lines.push(...(await run('spamprobe', { args, signal })));
      }
      return lines;
    };
    for (const label of ['spam', 'ham'] as const) {
      const mails = writeMails(
        join(dir, label),
        train.filter((message) => message.label === label),
      );
      await call(label === 'spam' ? 'spam' : 'good', mails);
    }
    const lines = await call('score', writeMails(join(dir, 'test'), test));
    return lines.map(opinionOf);
  },
};

/** Paths of one call: an argument list has a bound. */
const PATHS_MAX = 500;

/** Of a line `SPAM SCORE DIGEST` or `GOOD SCORE DIGEST`; seven decimals is what it has. */
function opinionOf(line: string): Opinion {
  const [word, score] = line.split(' ');
  return { total: Number(score), verdict: word === 'SPAM' ? 'spam' : 'ham' };
}
