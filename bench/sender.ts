import { writeSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';

/** Thread of `load.ts`: writes each request at its time and sleeps until the next; posts how many were late after the warm-up. */
interface SenderWork {
  readonly fd: number;
  readonly bytes: Uint8Array;
  readonly offsets: Float64Array;
  readonly dueAt: Float64Array;
  readonly warmup: number;
  readonly lateNs: number;
}

const { fd, bytes, offsets, dueAt, warmup, lateNs } = workerData as SenderWork;
const never = new Int32Array(new SharedArrayBuffer(4));
let late = 0;
for (const [i, due] of dueAt.entries()) {
  const wait = due - now();
  if (wait > 0) sleep(wait / 1e6);
  if (i >= warmup && now() - due > lateNs) late++;
  writeAll(offsets[i]!, offsets[i + 1]!);
}
parentPort?.postMessage(late);

/** The socket does not block: when it is full, the server is behind, and what follows is late. */
function writeAll(from: number, to: number): void {
  let position = from;
  while (position < to) {
    try {
      position += writeSync(fd, bytes, position, to - position);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      sleep(0.1);
    }
  }
}

function sleep(milliseconds: number): void {
  Atomics.wait(never, 0, 0, milliseconds);
}

function now(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e9 + nanoseconds;
}
