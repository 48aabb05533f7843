import { SCRIPTS } from '../../text/scripts.ts';
import { metaKey } from '../keys.ts';
import type { Environment } from './environment.ts';

/**
 * What the tables on disk hold, written in the same transaction as they are.
 *
 * ```
 *  0 segments of the server's table, f64         8 all lessons up to this are in every segment, f64
 * 16 … in every user's table, f64               24 up to this, no forgotten lesson is left on disk, f64
 * 32 last lesson in the totals, f64
 * 40 for each script lessons of spam that hold it, f64 each (1/256 lesson), then those of ham
 *    to the end: the same of each virtual host, behind its id, 16
 * ```
 */
export interface CheckpointRecord {
  readonly segments: number;
  readonly serverFloor: number;
  readonly usersFloor: number;
  readonly scrubbed: number;
  readonly totalsSeq: number;
  readonly spamByScript: Float64Array;
  readonly hamByScript: Float64Array;
  /** As `HostTotals.encode` returns it. */
  readonly hosts: Buffer;
}

const FIELDS = [
  'segments',
  'serverFloor',
  'usersFloor',
  'scrubbed',
  'totalsSeq',
] as const satisfies readonly (keyof CheckpointRecord)[];

const SPAM_AT = 8 * FIELDS.length;
const HAM_AT = SPAM_AT + 8 * SCRIPTS;
const BYTES = HAM_AT + 8 * SCRIPTS;
export const NO_HOSTS = Buffer.alloc(0);

export function readCheckpoint({ meta }: Environment): CheckpointRecord | undefined {
  const value = meta.get(metaKey('checkpoint'));
  if (value === undefined) return undefined;
  const entries = FIELDS.map((field, i) => [field, value.readDoubleLE(8 * i)] as const);
  const fields = Object.fromEntries(entries) as unknown as Omit<
    CheckpointRecord,
    'spamByScript' | 'hamByScript' | 'hosts'
  >;
  return {
    ...fields,
    spamByScript: readTotals(value, SPAM_AT),
    hamByScript: readTotals(value, HAM_AT),
    hosts: Buffer.from(value.subarray(BYTES)),
  };
}

export function encodeCheckpoint(record: CheckpointRecord): Buffer {
  const value = Buffer.allocUnsafeSlow(BYTES + record.hosts.length);
  value.set(record.hosts, BYTES);
  for (const [i, field] of FIELDS.entries()) value.writeDoubleLE(record[field], 8 * i);
  for (let script = 0; script < SCRIPTS; script++) {
    value.writeDoubleLE(record.spamByScript[script]!, SPAM_AT + 8 * script);
    value.writeDoubleLE(record.hamByScript[script]!, HAM_AT + 8 * script);
  }
  return value;
}

function readTotals(value: Buffer, at: number): Float64Array {
  return Float64Array.from({ length: SCRIPTS }, (_, script) => value.readDoubleLE(at + 8 * script));
}

/** A checkpoint of schema 2, which told no scripts apart, in today's form: its lessons count for all of them. */
export function withScripts(value: Buffer): Buffer {
  if (value.length >= BYTES) return value;
  const before = (at: number) => new Float64Array(SCRIPTS).fill(value.readDoubleLE(at));
  const entries = FIELDS.map((field, i) => [field, value.readDoubleLE(8 * i)] as const);
  const fields = Object.fromEntries(entries) as unknown as CheckpointRecord;
  return encodeCheckpoint({
    ...fields,
    spamByScript: before(SPAM_AT),
    hamByScript: before(SPAM_AT + 8),
    hosts: NO_HOSTS,
  });
}
