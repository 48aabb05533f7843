import { open } from 'lmdb';
import { deriveDaemonKeys } from '../src/store/crypto.ts';
import { BINARY, openDatabases } from '../src/store/lmdb/databases.ts';
import { settleSchema } from '../src/store/lmdb/schema.ts';
import { QUIET, SECRET } from './store-fixture.ts';

/**
 * Migrates the store in a directory, and kills itself at the end of the n-th transaction, before it is written; beyond the last
 * one it ends by itself. Arguments: directory, n.
 */
function main(dir: string, last: number): void {
  const root = open<Buffer, Buffer>({ path: dir, noSubdir: false, maxDbs: 32, ...BINARY });
  const databases = openDatabases(root);
  const transactionSync = root.transactionSync.bind(root);
  let transactions = 0;
  root.transactionSync = (act) =>
    transactionSync(() => {
      const result = act();
      transactions += 1;
      if (transactions === last) process.kill(process.pid, 'SIGKILL');
      return result;
    });
  settleSchema(databases, { dir, fingerprint: deriveDaemonKeys(SECRET).fingerprint, log: QUIET });
}

main(process.argv[2]!, Number(process.argv[3]));
