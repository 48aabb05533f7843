import { schema } from '../../src/config/schema.ts';
import { fromScratch } from '../eval/learn.ts';
import type { Peer } from './peer.ts';

/** The pipeline of this checkout in this process, as `npm run eval` runs it: the default configuration, no starter table. */
export const providence: Peer = {
  name: 'providence',
  needs: {},
  measure: async ({ train, test, signal }) => {
    const opinions = await fromScratch(schema.parse({}), { train, test });
    signal.throwIfAborted();
    return opinions;
  },
};
