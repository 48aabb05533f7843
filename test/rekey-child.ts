import { openStore } from '../src/store/lmdb/store.ts';
import { storeOptions } from './store-fixture.ts';

/** A process of its own that changes a user's key when it is told to; made to be killed. Started by `fork` with the directory. */
async function main(dir: string): Promise<void> {
  const store = await openStore(storeOptions(dir));
  process.on('message', ({ bareJID, after }: { bareJID: string; after: string }) => {
    void store.rekey({ bareJID, before: undefined, after: Buffer.from(after, 'base64') });
  });
  process.send?.('ready');
}

await main(process.argv[2]!);
