import { TOKENISER_VERSION } from '../../text/features.ts';
import { idWord } from '../id-words.ts';
import { ID_BYTES } from '../keyed-ids.ts';
import type { HostShare, LessonInput, LessonLabel } from '../store.ts';
import { NO_TOKENS } from '../token-set.ts';
import { encodeHostShare } from './host-share.ts';
import { fieldBytes, type LessonFields, NO_FIELDS, readFields, writeFields } from './lesson-fields.ts';
import type { LessonSeal } from './lesson-seal.ts';
import { compactTokens, scriptsMask, TOKEN_BYTES } from './token-ids.ts';

/** One lesson's weight in the tables, in units of 1/256 lesson. */
export const LESSON_WEIGHT = 256;
/** An operator's lesson counts as two reporters with tags 1 and 2, which no user has. */
export const OPERATOR_TAG = 0;
const USER_TAG_MIN = 3;

const HEAD_BYTES = 56;
/** 1 is what schema 2 wrote, without fields. */
const LEARN = 3;
const UNDO = 2;
const ALL_SCRIPTS = 0xffff;
const NO_USER = '0'.repeat(2 * ID_BYTES);

/** What a lesson did to the tables; an undo subtracts the same. */
export interface Learnt extends LessonFields {
  readonly label: LessonLabel;
  /** In the server's table; to its user a lesson is always worth a whole one. */
  readonly weight: number;
  readonly at: number;
  /** 32 hex digits. */
  readonly id: string;
  readonly reporterTag: number;
  /** Who taught it, 32 hex digits, '' for nobody. Where there are `uids`, it is in their own table. */
  readonly userId: string;
  /** Scripts of its tokens, a bit each; one that was taught before they were told apart counts for all. */
  readonly scripts: number;
}

export type LogRecord =
  | { readonly kind: 'learn'; readonly learnt: Learnt }
  | { readonly kind: 'undo'; readonly learnSeq: number };

/** What the server's table takes of a lesson. */
export interface Granted {
  readonly weight: number;
  /** What that of a host takes, too; weights in units of 1/256 lesson. */
  readonly host: HostShare | undefined;
}

export function learntFrom(lesson: LessonInput, granted: Granted, seal: LessonSeal): Learnt {
  const user = lesson.user?.keyState === 'ok' ? lesson.user : undefined;
  return {
    label: lesson.label,
    weight: granted.weight,
    at: lesson.at,
    id: lesson.id,
    reporterTag: lesson.reporterId === undefined ? OPERATOR_TAG : reporterTag(lesson.reporterId),
    userId: lesson.reporterId ?? user?.id ?? '',
    scripts: scriptsMask(lesson.sids),
    linear: seal.seal(lesson),
    withheld: lesson.withheld ?? NO_TOKENS,
    host: granted.host === undefined ? NO_TOKENS : encodeHostShare(granted.host),
    sids: compactTokens(lesson.sids),
    uids: user === undefined ? Buffer.alloc(0) : compactTokens(lesson.uids),
  };
}

/** 3 … 65535, from a keyed id of 32 hex digits: tells two reporters apart without naming either. */
function reporterTag(reporterId: string): number {
  return USER_TAG_MIN + (idWord(reporterId, 0) % (0x10000 - USER_TAG_MIN));
}

export function encodeLearn(learnt: Learnt): Buffer {
  // Not from Buffer's shared pool: LMDB reads it from another thread, and a pooled slice would keep the whole pool alive.
  const record = Buffer.allocUnsafeSlow(HEAD_BYTES + fieldBytes(learnt));
  writeHead(record, LEARN, learnt);
  writeFields(record, HEAD_BYTES, learnt);
  return record;
}

/** The record that takes back the lesson of `learnSeq`; its tokens stay in that one. */
export function encodeUndo(learnt: Learnt, learnSeq: number): Buffer {
  const record = Buffer.allocUnsafeSlow(HEAD_BYTES + 8);
  writeHead(record, UNDO, learnt);
  record.writeDoubleLE(learnSeq, HEAD_BYTES);
  return record;
}

function writeHead(record: Buffer, kind: number, learnt: Learnt): void {
  record[0] = kind;
  record[1] = learnt.label === 'spam' ? 1 : 0;
  record.writeUInt16LE(TOKENISER_VERSION, 2);
  record.writeUInt32LE(learnt.weight, 4);
  record.writeDoubleLE(learnt.at, 8);
  record.write(learnt.id, 16, 'hex');
  record.writeUInt16LE(learnt.reporterTag, 32);
  record.writeUInt16LE(learnt.scripts, 34);
  record.fill(0, 36, 40);
  record.write(learnt.userId === '' ? NO_USER : learnt.userId, 40, 'hex');
}

/** What every record begins with: the id of its lesson, as a key of `lesson_ids`, and the tag of who taught it. */
export function headOf(record: Buffer): { readonly id: Buffer; readonly reporterTag: number } {
  return { id: Buffer.from(record.subarray(16, 32)), reporterTag: record.readUInt16LE(32) };
}

/** Whose table a record's lesson is in as well; 32 hex digits. */
export function userOf(record: Buffer): string {
  return record.toString('hex', 40, 56);
}

/** The record of the same lesson under another key of the user's. @param uidsOf of sids, both 8 bytes a token. */
export function withUids(record: Buffer, uidsOf: (sids: Buffer) => Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(record.length);
  copy.set(record);
  const { sids, uids } = readFields(copy, HEAD_BYTES);
  uids.set(uidsOf(sids).subarray(0, uids.length));
  return copy;
}

export function labelOf(record: Buffer): LessonLabel {
  return record[1] === 1 ? 'spam' : 'ham';
}

/** @param record is not copied; it must not change. */
export function decodeRecord(record: Buffer): LogRecord {
  if (record[0] === UNDO) return { kind: 'undo', learnSeq: record.readDoubleLE(HEAD_BYTES) };
  const userId = userOf(record);
  const learnt: Learnt = {
    label: labelOf(record),
    weight: record.readUInt32LE(4),
    at: record.readDoubleLE(8),
    id: record.toString('hex', 16, 32),
    reporterTag: record.readUInt16LE(32),
    userId: userId === NO_USER ? '' : userId,
    scripts: record.readUInt16LE(34) || ALL_SCRIPTS,
    ...readFields(record, HEAD_BYTES),
  };
  return { kind: 'learn', learnt };
}

/** A lesson as schema 2 wrote it, in today's form; undefined for any other record. */
export function withFields(record: Buffer): Buffer | undefined {
  if (record[0] !== 1) return undefined;
  const uidsAt = HEAD_BYTES + record.readUInt16LE(34) * TOKEN_BYTES;
  const uidsEnd = uidsAt + record.readUInt16LE(36) * TOKEN_BYTES;
  const fields = {
    ...NO_FIELDS,
    sids: record.subarray(HEAD_BYTES, uidsAt),
    uids: record.subarray(uidsAt, uidsEnd),
  };
  const renewed = Buffer.alloc(HEAD_BYTES + fieldBytes(fields));
  record.copy(renewed, 0, 0, HEAD_BYTES);
  renewed[0] = LEARN;
  renewed.fill(0, 34, 40);
  writeFields(renewed, HEAD_BYTES, fields);
  return renewed;
}
