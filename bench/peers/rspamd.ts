import { mailOf } from './mail.ts';
import type { Opinion, Peer } from './peer.ts';
import { type RspamdServer, startRspamd } from './rspamd-server.ts';

/** The Bayes classifier of rspamd: sparse sequences of words (OSB), with its counts in Redis. */
export const rspamd: Peer = {
  name: 'rspamd',
  needs: { rspamd: 'rspamd', 'redis-server': 'redis-server' },
  measure: async ({ train, test, dir, signal }) => {
    const server = await startRspamd(dir, signal);
    try {
      for (const { label, text } of train) await server.learn(label, mailOf(twice(text)));
      const opinions: Opinion[] = [];
      for (const { text } of test) opinions.push(await judge(server, text));
      return opinions;
    } finally {
      await server.stop();
    }
  },
};

/** It reads sequences of five words and makes few or none of a short text: said twice, a text has enough of them. */
function twice(text: string): string {
  return `${text}\n${text}`;
}

/** Its points, too, are for all rules together: the verdict is the symbol, or none, which stands for a probability near ½. */
async function judge(server: RspamdServer, text: string): Promise<Opinion> {
  const { BAYES_SPAM: spam, BAYES_HAM: ham } = await server.symbols(mailOf(twice(text)));
  if (spam !== undefined) return { total: spam.score, verdict: 'spam' };
  return ham !== undefined ? { total: ham.score, verdict: 'ham' } : { total: 0, verdict: 'unsure' };
}
