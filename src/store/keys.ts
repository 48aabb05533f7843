import type { SubjectKind } from '../model/subject.ts';
import type { LessonLabel } from './store.ts';

/**
 * Every key and value of the LMDB environment. Numbers in keys are big-endian, so that LMDB's order is theirs; numbers in
 * values are little-endian. `id` is a keyed id of 16 bytes; `seq` numbers lessons from 1; `f64` are milliseconds since 1970 or
 * seqs. Whatever changes here, or how an id or a feature's hash is made, counts SCHEMA up: add a migration (`lmdb/migrations.ts`)
 * and a store of the schema before (`test/fixtures/stores`). What only comes to it does not: a database, a name, a byte that was zero.
 *
 * ```
 * meta        name (ASCII)                  schema      u32; the highest bit is set amid a migration
 *                                           secret      fingerprint of the daemon's secret, 16 bytes
 *                                           checkpoint  see `lmdb/checkpoint-record.ts`
 *                                           traces      bytes of all blocks, f64
 *                                           last-traces pairs of 32: first words of the pair's id u32 u32, of its last trace
 *                                                       at f64, block u32 u32, place u16, spam u16, check u32
 *                                           probe       last try after a failed commit, f64
 *                                           active      see `active-users.ts`
 * lessons     seq u64                       lesson record, see below
 * lesson_ids  lesson id 16                  seq u64 of the live lesson, as in the key of `lessons`
 * reporters   user id 16                    reporter record, see below
 * server      segment u32                   segment record, see below
 * users       user id 16                    user record, see below
 * traces      block u64                     block, see `lmdb/trace-block.ts`
 * reported    label u8 (0 ham, 1 spam), number u64   see `lmdb/reported-record.ts`
 * facts       kind u8, subject id 16        f64 when all of it is past, then msgpack; of a user also the keys before
 *                                           (`lmdb/past-keys.ts`)
 * expiry      hour u32, key of `facts` 17   empty
 *
 * lesson record
 *   0 kind u8 (3 learn, 2 undo)    1 label u8 (0 ham, 1 spam)   2 tokeniser version u16   4 weight u32 (1/256 lesson)
 *   8 at f64                      16 lesson id 16
 *  32 reporter tag u16 (0 operator)  34 zeros
 *  40 user id 16 (zeros: none)    56 undo: seq f64 of the learn record; learn: fields up to the end, each its number u16,
 *     its bytes u16, and these: see `lmdb/lesson-fields.ts`
 *
 * reporter record
 *   0 day u32 (since 1970) of the last lesson   4 weight u32 taught on that day   8 spam f64, 16 ham f64 in force (1/256 lesson)
 *  24 the last eight lessons, the newest first: seq f64 each
 *
 * segment record (4,096 slots; empty ones are left out)
 *   0 seq f64 of the last lesson in it   8 rows u32   12 zero u32
 *  16 rows of 28: sid u32 u32, spam u32, ham u32 (1/256 lesson), then who reported it: n u32, sum u32, squares u32
 *
 * user record
 *   0 salt 16   16 check value 8   24 created f64   32 seq f64 of the last lesson in it   40 spam f64, 48 ham f64 (1/256)
 *  56 tokens u32   60 buckets u32 that ids belong to; those they run over into come after them
 *  64 buckets of 64: 8 × u32 bits 0–31 of uid; then 8 × u32: spam u15 (lessons), zero bit, ham u15, bit 31 of the last one: the
 *     ids go on in the next bucket. Ids in order through all buckets; places that are not used are zero
 * ```
 */
export const SCHEMA = 3;

export const KIND_BYTES = {
  text: 1,
  jid: 2,
  domain: 3,
  ip: 4,
  network: 5,
  user: 6,
  pair: 7,
} as const satisfies Record<SubjectKind, number>;

export const HOUR_MS = 3_600_000;
const FACT_KEY_BYTES = 17;

export function metaKey(
  name: 'schema' | 'secret' | 'checkpoint' | 'traces' | 'last-traces' | 'probe' | 'active',
): Buffer {
  return Buffer.from(name, 'ascii');
}

/** Key of a lesson or of a block of traces. */
export function numberKey(number: number): Buffer {
  const key = Buffer.allocUnsafe(8);
  key.writeUInt32BE(Math.floor(number / 2 ** 32), 0);
  key.writeUInt32BE(number >>> 0, 4);
  return key;
}

export function readNumberKey(key: Uint8Array): number {
  const view = new DataView(key.buffer, key.byteOffset, key.byteLength);
  return view.getUint32(0) * 2 ** 32 + view.getUint32(4);
}

/** Key of a reported text. */
export function reportedKey(label: LessonLabel, number: number): Buffer {
  return Buffer.concat([Buffer.of(label === 'spam' ? 1 : 0), numberKey(number)]);
}

export function readReportedNumber(key: Uint8Array): number {
  return readNumberKey(key.subarray(1));
}

/** Key by a keyed id of 32 hex digits. */
export function idKey(id: string): Buffer {
  return Buffer.from(id, 'hex');
}

export function segmentKey(segment: number): Buffer {
  const key = Buffer.allocUnsafe(4);
  key.writeUInt32BE(segment, 0);
  return key;
}

export function factKey(kind: SubjectKind, id: string): Buffer {
  const key = Buffer.allocUnsafe(FACT_KEY_BYTES);
  key[0] = KIND_BYTES[kind];
  key.write(id, 1, 'hex');
  return key;
}

/** Key of the note that a fact record is past at the end of this hour. */
export function expiryKey(expiresAt: number, record: Buffer): Buffer {
  const key = Buffer.allocUnsafe(4 + FACT_KEY_BYTES);
  key.writeUInt32BE(Math.min(Math.floor(expiresAt / HOUR_MS), 0xffffffff), 0);
  key.set(record, 4);
  return key;
}

export function readExpiryKey(key: Uint8Array): { readonly hour: number; readonly record: Buffer } {
  const bytes = Buffer.from(key);
  return { hour: bytes.readUInt32BE(0), record: bytes.subarray(4) };
}
