import { readdirSync, readFileSync } from 'node:fs';
import { createHistogram } from 'node:perf_hooks';

/** CPU time that a process has used, all its living threads, in nanoseconds. Linux only. */
export function cpuNanoseconds(pid: number): number {
  let sum = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    sum += Number.parseInt(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1'), 10);
  }
  return sum;
}

/** Memory that is the process's own, in MB of 10^6 bytes: anonymous and shared, without pages of files. */
export function rssAnonMb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  const kilobytes = [/^RssAnon:\s+(\d+)/m, /^RssShmem:\s+(\d+)/m].map((line) =>
    Number(line.exec(status)?.[1]),
  );
  return kilobytes.reduce((sum, value) => sum + value, 0) * 1024e-6;
}

export interface Percentiles {
  readonly p50_us: number;
  readonly p95_us: number;
  readonly p99_us: number;
}

/** Percentiles of latencies given in nanoseconds. */
export function percentiles(latencies: Float64Array): Percentiles {
  const histogram = createHistogram();
  for (const latency of latencies) histogram.record(Math.max(1, Math.round(latency)));
  const at = (percent: number): number => histogram.percentile(percent) / 1000;
  return { p50_us: at(50), p95_us: at(95), p99_us: at(99) };
}

/** The middle value; of an even number the lower of the two in the middle, so that it is one that was measured. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[(sorted.length - 1) >> 1] ?? Number.NaN;
}
