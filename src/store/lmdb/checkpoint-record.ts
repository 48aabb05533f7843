import { metaKey } from '../keys.ts';
import type { Environment } from './environment.ts';

/**
 * What the tables on disk hold, written in the same transaction as they are.
 *
 * ```
 *  0 segments of the server's table, f64         8 all lessons up to this are in every segment, f64
 * 16 … in every user's table, f64               24 up to this, no forgotten lesson is left on disk, f64
 * 32 last lesson in the totals, f64             40 spam f64   48 ham f64 (1/256 lesson)
 * ```
 */
export interface CheckpointRecord {
  readonly segments: number;
  readonly serverFloor: number;
  readonly usersFloor: number;
  readonly scrubbed: number;
  readonly totalsSeq: number;
  readonly spamTotal: number;
  readonly hamTotal: number;
}

const FIELDS = [
  'segments',
  'serverFloor',
  'usersFloor',
  'scrubbed',
  'totalsSeq',
  'spamTotal',
  'hamTotal',
] as const satisfies readonly (keyof CheckpointRecord)[];

export function readCheckpoint({ meta }: Environment): CheckpointRecord | undefined {
  const value = meta.get(metaKey('checkpoint'));
  if (value === undefined) return undefined;
  const entries = FIELDS.map((field, i) => [field, value.readDoubleLE(8 * i)] as const);
  return Object.fromEntries(entries) as unknown as CheckpointRecord;
}

export function encodeCheckpoint(record: CheckpointRecord): Buffer {
  const value = Buffer.allocUnsafeSlow(8 * FIELDS.length);
  for (const [i, field] of FIELDS.entries()) value.writeDoubleLE(record[field], 8 * i);
  return value;
}
