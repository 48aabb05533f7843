import { lockDirectory } from '../src/store/lmdb/process-lock.ts';

/** A process of its own that takes the lock of the directory in its argument, says so, and holds it until it is killed. */
try {
  await lockDirectory(process.argv[2]!);
  process.stdout.write('taken\n');
  setInterval(() => undefined, 60_000);
} catch (error) {
  process.stdout.write(`${(error as Error).message}\n`);
}
