import { openStore } from '../src/store/lmdb/store.ts';
import { storeOptions } from './store-fixture.ts';
import { type Deed, doInStore } from './store-model.ts';

/**
 * A process of its own that does what it is sent to a store, and says what is answered; made to be killed. Started by
 * `fork` with the directory as its argument.
 */
async function main(dir: string): Promise<void> {
  // The shortest checkpoints, so that tables are half written whenever the end comes.
  const store = await openStore(storeOptions(dir, { checkpointSeconds: 0.3 }));
  process.on('message', (deeds: Deed[]) => {
    for (const [i, deed] of deeds.entries())
      void doInStore(store, deed).then((outcome) => process.send?.({ i, outcome }));
  });
  process.send?.('ready');
}

await main(process.argv[2]!);
